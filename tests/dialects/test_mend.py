"""What goes on as a call is one that a client can read; what does not is said."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, strategies as st

from pensieve.core.chat import Tool
from pensieve.core.pieces import CallEnd, CallInput, CallStart, Piece, TextPiece, ThinkingPiece
from pensieve.dialects.families import HERMES
from pensieve.dialects.mend import Mender, mend_input
from pensieve.dialects.read import make_reader
from transcripts import TOOLS

VALID = [
    "{}",
    '{"a": 1}',
    '{"a":[1,  2.50, "\\u00e9", null]}',
    '{"a": "}\\n{"}',
    '{"a": {"a": 1}}',
    '{"a": 1e3}',
    '{"a": ' + "9" * 308 + "}",
]

REPAIRED = {
    " {} \n": "{}",
    "null": "{}",
    '""': "{}",
    '{"a": "x\ny\t"}': '{"a": "x\\ny\\t"}',
    '{"a": [1, 2,], "b": ", }",}': '{"a": [1, 2], "b": ", }"}',
    '{"a": 1': '{"a": 1}',
    '{"a": {"b": 1},': '{"a": {"b": 1}}',
    '"{\\"a\\": 1}"': '{"a": 1}',
    '"{\\"a\\": 1,}"': '{"a": 1}',
    '{"a": 7 .5, "b": "7 .5"}': '{"a": 7.5, "b": "7 .5"}',
    '{"a": 1, "a": 2}': '{"a": 2}',
    '{"a": {"b": 1, "b": 2}}': '{"a": {"b": 2}}',
    '{"a": [1e999, -2.5E+400]}': '{"a": [1.7976931348623157e+308, -1.7976931348623157e+308]}',
    '{"a": ' + "9" * 10_000 + "}": '{"a": 1.7976931348623157e+308}',
}

BROKEN = [
    "hello",
    "[1]",
    "3",
    '"a.txt"',
    '"[1]"',
    '"\\"{}\\""',
    '{"a": NaN}',
    '{"a": [-Infinity]}',
    '"{\\"x\\": Infinity}"',
    '{"a": "\\ud83d"}',
    '{"a": "\ud83d"}',
    '{"\\udc00": 1}',
    '{"a": {"b": [1',
    '{"a": "x',
    '{"a": 1}}',
    '{"a": 1} {}',
    '{"a": ' + "[" * 100_000,
    '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}",
]


EAGER = (Tool("f", "", {}, eager=True),)


def told(mender: Mender, pieces: list[Piece]) -> list[Piece]:
    """Each Piece told alone, and the end."""
    return [*(out for piece in pieces for out in mender.tell([piece])), *mender.close()]


def written(json: str, name: str = "f", *, whole: bool = True) -> list[Piece]:
    return [CallStart(name), *(CallInput(letter) for letter in json), *([CallEnd()] if whole else [])]


@pytest.mark.parametrize("input", VALID)
def test_a_valid_input_goes_on_as_the_model_wrote_it(input: str) -> None:
    assert mend_input(input, natural=True) == mend_input(input, natural=False) == input
    assert told(Mender(()), written(input)) == [CallStart("f"), CallInput(input), CallEnd()]


@pytest.mark.parametrize("input", REPAIRED)
def test_what_can_mean_one_thing_only_is_repaired(input: str) -> None:
    assert mend_input(input, natural=True) == REPAIRED[input]
    assert told(Mender(()), written(input)) == [CallStart("f"), CallInput(REPAIRED[input]), CallEnd()]


@pytest.mark.parametrize("input", BROKEN, ids=range(len(BROKEN)))
def test_what_is_no_input_is_said_in_text(input: str) -> None:
    (piece,) = told(Mender(()), written(input))
    assert isinstance(piece, TextPiece)
    assert piece.text.startswith("[A tool call was not valid JSON: f ")
    assert len(piece.text) < 250
    piece.text.encode()


@pytest.mark.parametrize("input", ["", '{"a": 1', '{"a": "x', '{"a": {"b": 1}', "null"])
def test_a_call_that_was_cut_is_said_in_text(input: str) -> None:
    text = f"[A tool call was cut off: {f'f {input}'.strip()}]"
    assert told(Mender(()), written(input, whole=False)) == [TextPiece(text)]


def test_a_call_that_was_cut_behind_its_input_counts() -> None:
    assert told(Mender(()), written('{"a": 1}', whole=False)) == [
        *written("")[:1],
        CallInput('{"a": 1}'),
        CallEnd(),
    ]


@pytest.mark.parametrize("name", ["", " ", "f\ud83d"])
def test_a_name_that_nobody_can_say_is_no_call(name: str) -> None:
    for eager in (False, True):
        (piece,) = told(Mender((Tool(name, "", {}, eager=eager),)), written("{}", name))
        assert isinstance(piece, TextPiece)
        piece.text.encode()


def test_text_and_thoughts_go_on_at_once_and_calls_when_they_are_whole() -> None:
    mender = Mender(())
    settled = [mender.settled]
    assert mender.tell([ThinkingPiece("a"), TextPiece("b")]) == [ThinkingPiece("a"), TextPiece("b")]
    assert mender.tell([CallStart("f"), CallInput("{")]) == []
    settled.append(mender.settled)
    rest: list[Piece] = [CallInput("}"), CallEnd(), TextPiece("c")]
    assert mender.tell(rest) == [CallStart("f"), CallInput("{}"), CallEnd(), TextPiece("c")]
    assert [*settled, mender.settled] == [True, False, True]
    assert mender.close() == []


def test_an_eager_call_goes_on_as_it_is_written() -> None:
    mender = Mender(EAGER)
    assert mender.tell([CallStart("f")]) == []
    assert mender.tell([CallInput('{"a"')]) == [CallStart("f"), CallInput('{"a"')]
    assert mender.tell([CallInput(": 1}")]) == [CallInput(": 1}")]
    assert mender.tell([CallEnd()]) == [CallEnd()]
    assert told(mender, written("{}", "g")) == [CallStart("g"), CallInput("{}"), CallEnd()]


def test_an_eager_call_that_lacks_a_bracket_gets_it() -> None:
    pieces = told(Mender(EAGER), written('{"a": 1'))
    assert "".join(piece.json for piece in pieces if isinstance(piece, CallInput)) == '{"a": 1}'
    assert pieces[-1] == CallEnd()


@pytest.mark.parametrize("whole", [True, False])
def test_what_is_wrong_with_an_eager_call_is_said_behind_it(whole: bool) -> None:
    pieces = told(Mender(EAGER), written('{"a": "x', whole=whole))
    assert pieces[0] == CallStart("f")
    assert pieces[-2] == CallEnd()
    what = "not valid JSON" if whole else "cut off"
    assert pieces[-1] == TextPiece(f'[A tool call was {what}: f {{"a": "x]')


def test_an_eager_call_whose_input_is_a_string_waits_for_its_end() -> None:
    assert told(Mender(EAGER), written('"{\\"a\\": 1}"')) == [
        CallStart("f"),
        CallInput('{"a": 1}'),
        CallEnd(),
    ]


PARTS = st.sampled_from(
    ['{"a": ', "1", '"', "\\", "{", "}", "[", "]", ",", " ", "\n", "\ud800", '"b": 2', "NaN", "1e999"]
)


@given(parts=st.lists(PARTS, max_size=8), eager=st.booleans(), whole=st.booleans())
def test_whatever_is_written_calls_are_ended_and_held_ones_valid(parts: list[str], eager: bool, whole: bool) -> None:
    pieces = told(
        Mender(EAGER if eager else ()),
        [CallStart("f"), *map(CallInput, parts), *([CallEnd()] if whole else [])],
    )
    starts = [piece for piece in pieces if isinstance(piece, CallStart)]
    assert len(starts) == pieces.count(CallEnd())
    assert starts or isinstance(pieces[-1], TextPiece)
    inputs = "".join(piece.json for piece in pieces if isinstance(piece, CallInput))
    if starts and not isinstance(pieces[-1], TextPiece):
        assert isinstance(json.loads(inputs), dict)
        inputs.encode()


@pytest.mark.parametrize("end", [20, 40, 57])
def test_a_reader_and_a_mender_together_say_of_a_cut_call_what_it_was(end: int) -> None:
    answer = '<tool_call>\n{"name": "Read", "arguments": {"path": "a.txt", "limit": 3}}\n</tool_call>'[: end + 12]
    reader, mender = make_reader(HERMES, TOOLS, thinking=False), Mender(())
    (piece,) = [*mender.tell(reader.feed(answer)), *mender.tell(reader.close()), *mender.close()]
    assert isinstance(piece, TextPiece)
    assert piece.text.startswith("[A tool call was cut off: ")


def test_a_held_call_that_breaks_its_schema_is_fitted_to_it() -> None:
    schema = {"type": "object", "properties": {"limit": {"type": "integer"}}}
    for eager, input in ((False, '{"limit": 3}'), (True, '{"limit": "3"}')):
        pieces = told(Mender((Tool("f", "", schema, eager=eager),)), written('{"limit": "3"}'))
        assert "".join(piece.json for piece in pieces if isinstance(piece, CallInput)) == input
