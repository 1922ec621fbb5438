"""The Hermes reader: calls and text out of an answer, the same however the answer is cut, and nothing lost."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from pensieve.core.pieces import CallEnd, CallInput, CallStart, Piece, TextPiece
from pensieve.dialects.hermes import CLOSE, OPEN, Hermes

READ = '{"name": "Read", "arguments": {"file_path": "a.txt", "limit": 3}}'
LIST = '{"name": "List", "arguments": {}}'
READ_INPUT = {"file_path": "a.txt", "limit": 3}


def wrapped(body: str) -> str:
    return f"{OPEN}\n{body}\n{CLOSE}"


def call(name: str, arguments: dict[str, object]) -> list[Piece]:
    return [CallStart(name), CallInput(json.dumps(arguments, ensure_ascii=False)), CallEnd()]


def text(text: str) -> list[Piece]:
    return [TextPiece(text)]


READ_CALL, LIST_CALL = call("Read", READ_INPUT), call("List", {})

TRANSCRIPTS: dict[str, tuple[str, list[Piece]]] = {
    "nothing": ("", []),
    "text": ("Hello,\n\nworld! ", text("Hello,\n\nworld! ")),
    "white space": (" \n\t ", text(" \n\t ")),
    "one call": (wrapped(READ), READ_CALL),
    "one call in one line": (f"{OPEN}{READ}{CLOSE}", READ_CALL),
    "white space around": (f"\n \n{wrapped(READ)}\n\n", READ_CALL),
    "two calls": (f"{wrapped(READ)}\n{wrapped(LIST)}", READ_CALL + LIST_CALL),
    "two calls without a gap": (wrapped(READ) + wrapped(LIST), READ_CALL + LIST_CALL),
    "text before": (f"I look.\n\n{wrapped(READ)}", text("I look.") + READ_CALL),
    "text between": (f"{wrapped(READ)}and\n{wrapped(LIST)}\n", READ_CALL + text("and") + LIST_CALL),
    "text behind": (f"{wrapped(READ)}done.", READ_CALL + text("done.")),
    "everything": (
        f"a\n\nb {wrapped(READ)}\n {wrapped(LIST)} c\n{wrapped(READ)}",
        text("a\n\nb") + READ_CALL + LIST_CALL + text(" c") + READ_CALL,
    ),
    "other letters": (
        "Grüße \U0001f600" + wrapped('{"name": "Wörld", "arguments": {"é": "\U0001f600"}}'),
        text("Grüße \U0001f600") + call("Wörld", {"é": "\U0001f600"}),
    ),
    "other order and spaces": (
        wrapped('\n  {\n "arguments" : {"file_path":"a.txt","limit":3},\n "name":"Read"}  \n'),
        READ_CALL,
    ),
    "parameters": (wrapped('{"name": "Read", "parameters": {"file_path": "a.txt", "limit": 3}}'), READ_CALL),
    "arguments as a string": (wrapped(json.dumps({"name": "Read", "arguments": json.dumps(READ_INPUT)})), READ_CALL),
    "no arguments": (wrapped('{"name": "List"}'), LIST_CALL),
    "a call with more fields": (wrapped('{"id": 7, "name": "List", "arguments": {}}'), LIST_CALL),
    "nearly a marker": ("<tool_ <tool_cal <tool_call <<tool_", text("<tool_ <tool_cal <tool_call <<tool_")),
    "a marker after its own beginning": (f"<tool_{wrapped(LIST)}", text("<tool_") + LIST_CALL),
    "another marker": (f"a <tool_box>x</tool_box>{CLOSE}", text(f"a <tool_box>x</tool_box>{CLOSE}")),
    "an angle bracket at the end": ("a < b <", text("a < b <")),
    "escaped letters": (wrapped('{"name": "List", "arguments": {"x": "\\u00e9\\n\\""}}'), call("List", {"x": 'é\n"'})),
    "markers of other things inside": (
        wrapped('{"name": "List", "arguments": {"x": "<b>}{</b>"}}'),
        call("List", {"x": "<b>}{</b>"}),
    ),
    "no close at the end": (f"Look: {OPEN}\n{READ}\n", text("Look:") + READ_CALL),
}

BROKEN = {
    "no JSON": "hello",
    "nothing inside": "",
    "broken JSON": '{"name": "Read", "arguments": {',
    "two objects": f"{READ}\n{READ}",
    "a list": f"[{READ}]",
    "no name": '{"arguments": {}}',
    "a name that is no string": '{"name": 5, "arguments": {}}',
    "arguments that are a list": '{"name": "Read", "arguments": [1]}',
    "arguments that are a string of no JSON": '{"name": "Read", "arguments": "a.txt"}',
    "arguments that are a string of a list": '{"name": "Read", "arguments": "[1]"}',
}

NASTY = {
    "not a number": '{"name": "f", "arguments": {"x": NaN}}',
    "infinity": '{"name": "f", "arguments": {"x": [-Infinity]}}',
    "a number too large": '{"name": "f", "arguments": {"x": 1e999}}',
    "infinity in a string of arguments": '{"name": "f", "arguments": "{\\"x\\": Infinity}"}',
    "half a surrogate pair": '{"name": "f", "arguments": {"x": "\\ud83d"}}',
    "half a surrogate pair as a key": '{"name": "f", "arguments": {"\\udc00": 1}}',
    "half a surrogate pair in the name": '{"name": "f\\ud83d", "arguments": {}}',
    "brackets without end": '{"name": "f", "arguments": {"x": ' + "[" * 100_000,
    "brackets without measure": '{"name": "f", "arguments": {"x": ' + "[" * 100_000 + "]" * 100_000 + "}}",
    "a number without end": '{"name": "f", "arguments": {"x": ' + "9" * 10_000 + "}}",
}


def joined(pieces: list[Piece]) -> list[Piece]:
    """Neighbouring texts, and neighbouring stretches of one call's input, as one."""
    whole: list[Piece] = []
    for piece in pieces:
        match (whole[-1] if whole else None), piece:
            case TextPiece(text=before), TextPiece(text=after):
                whole[-1] = TextPiece(before + after)
            case CallInput(json=before), CallInput(json=after):
                whole[-1] = CallInput(before + after)
            case _:
                whole.append(piece)
    return whole


def understood(parts: list[str]) -> list[Piece]:
    reader = Hermes().reader()
    return joined([piece for part in parts for piece in reader.feed(part)] + reader.close())


@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_a_transcript_is_understood_however_it_is_cut(name: str) -> None:
    transcript, pieces = TRANSCRIPTS[name]
    assert understood([transcript]) == pieces
    assert understood(list(transcript)) == pieces
    for position in range(len(transcript) + 1):
        assert understood([transcript[:position], transcript[position:]]) == pieces


fragments = st.sampled_from(
    [OPEN, CLOSE, READ, LIST, "<", "<tool_", "call>", "</tool", "{", '"', " ", "\n", "a", "<tool_call>\n", "é"]
)


@settings(deadline=None)
@given(answer=st.lists(fragments, max_size=10).map("".join), data=st.data())
def test_any_answer_is_understood_alike_however_it_is_cut(answer: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(answer)), max_size=8)))
    parts = [answer[start:end] for start, end in zip([0, *cuts], [*cuts, len(answer)], strict=True)]
    assert understood(parts) == understood([answer])


@settings(deadline=None)
@given(answer=st.text(alphabet="<tool_call>/ \nab{}", max_size=60).filter(lambda answer: OPEN not in answer))
def test_an_answer_without_a_call_is_its_text(answer: str) -> None:
    assert understood(list(answer)) == ([TextPiece(answer)] if answer else [])


@pytest.mark.parametrize("held", ["<", "<tool_", "<tool_call", " \n<tool_"])
def test_what_may_begin_a_marker_is_held_back_until_it_is_none(held: str) -> None:
    reader = Hermes().reader()
    assert reader.feed("text" + held) == [TextPiece("text")]
    assert joined(reader.feed("?")) == [TextPiece(held + "?")]
    assert reader.close() == []


@pytest.mark.parametrize("held", ["<", "<tool_call", " \n<tool_", "\n"])
def test_what_is_still_held_at_the_end_is_text(held: str) -> None:
    reader = Hermes().reader()
    assert reader.feed("text" + held) == [TextPiece("text")]
    assert joined(reader.close()) == [TextPiece(held)]
    assert reader.close() == []


def test_text_goes_out_as_it_comes() -> None:
    reader = Hermes().reader()
    assert [reader.feed(part) for part in ("a", "b ", "c")] == [[TextPiece("a")], [TextPiece("b")], [TextPiece(" c")]]


def test_a_call_is_out_as_soon_as_it_is_closed() -> None:
    reader = Hermes().reader()
    assert reader.feed(f"{OPEN}{READ}{CLOSE[:-1]}") == []
    assert reader.feed(CLOSE[-1]) == READ_CALL


@pytest.mark.parametrize("name", BROKEN)
def test_a_call_that_is_none_is_said_in_text_and_the_rest_goes_on(name: str) -> None:
    pieces = understood([f"Look: {wrapped(BROKEN[name])}\n{wrapped(LIST)}"])
    assert pieces[1:] == LIST_CALL
    assert isinstance(pieces[0], TextPiece)
    assert pieces[0].text.startswith("Look:[A tool call was not valid")
    assert BROKEN[name].strip() in pieces[0].text
    assert OPEN not in pieces[0].text and CLOSE not in pieces[0].text


@pytest.mark.parametrize("end", [1, 20, len(READ) - 1])
def test_a_call_that_was_cut_off_is_said_in_text(end: int) -> None:
    assert understood([f"{OPEN}\n{READ[:end]}"]) == text(f"[A tool call was cut off: {READ[:end].strip()}]")


def test_of_a_long_broken_call_the_beginning_is_shown() -> None:
    (piece,) = understood([OPEN + "x" * 1000 + CLOSE])
    assert isinstance(piece, TextPiece)
    assert "x" * 200 + "..." in piece.text and "x" * 201 not in piece.text


@pytest.mark.parametrize("length", [1, 6, len(CLOSE) - 1])
def test_a_call_that_is_whole_counts_though_its_end_marker_is_cut(length: int) -> None:
    assert understood([f"{OPEN}\n{READ}\n{CLOSE[:length]}"]) == READ_CALL


@pytest.mark.parametrize("marker", [OPEN, CLOSE])
def test_a_marker_in_a_string_of_the_input_is_only_text(marker: str) -> None:
    answer = wrapped(json.dumps({"name": "Write", "arguments": {"content": f"a {marker} b"}}))
    expected = call("Write", {"content": f"a {marker} b"})
    assert understood([answer]) == expected
    assert understood(list(answer)) == expected


@pytest.mark.parametrize("name", NASTY)
def test_a_call_that_is_given_on_is_json_that_a_client_can_read(name: str) -> None:
    pieces = understood([wrapped(NASTY[name])])
    for piece in pieces:
        msgspec.json.encode(piece)
        if isinstance(piece, CallInput):
            assert isinstance(msgspec.json.decode(piece.json), dict)
    if not any(isinstance(piece, CallStart) for piece in pieces):
        assert isinstance(pieces[0], TextPiece) and pieces[0].text.startswith("[A tool call was")


def test_the_markers_are_the_tokens_that_the_reader_must_see() -> None:
    assert Hermes().markers == (OPEN, CLOSE) == ("<tool_call>", "</tool_call>")
