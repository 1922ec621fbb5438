"""How readers stream: what goes out when, and at what cost."""

from __future__ import annotations

import json
import time

import pytest

from pensieve.core.pieces import CallEnd, CallInput, CallStart, Piece, TextPiece, ThinkingPiece
from pensieve.dialects.base import Behind
from pensieve.dialects.families import FAMILIES, GLM, HERMES, LLAMA_JSON
from pensieve.dialects.forms import Family
from pensieve.dialects.read import make_reader
from transcripts import TOOLS

NAMED = {family.name: family for family in FAMILIES}
LARGE = 300_000

WRITING: dict[str, tuple[str, str]] = {
    "hermes": ('<tool_call>\n{"name": "Read", "arguments": {"path": "', '"}}\n</tool_call>'),
    "qwen_coder": ("<tool_call>\n<function=Read>\n<parameter=path>\n", "\n</parameter>\n</function>\n</tool_call>"),
    "glm": ("<tool_call>Read\n<arg_key>path</arg_key>\n<arg_value>", "</arg_value>\n</tool_call>"),
    "minimax": (
        '<minimax:tool_call>\n<invoke name="Read">\n<parameter name="path">',
        "</parameter>\n</invoke>\n</minimax:tool_call>",
    ),
    "gemma": ('<|tool_call>call:Read{path:<|"|>', '<|"|>}<tool_call|>'),
    "mistral": ('[TOOL_CALLS]Read[ARGS]{"path": "', '"}'),
    "llama_json": ('{"name": "Read", "parameters": {"path": "', '"}}'),
    "llama_python": ("[Read(path='", "')]"),
    "kimi": (
        '<|tool_call_begin|>functions.Read:0<|tool_call_argument_begin|>{"path": "',
        '"}<|tool_call_end|>',
    ),
    "harmony": ('<|channel|>commentary to=functions.Read<|message|>{"path": "', '"}<|call|>'),
}


def read_all(family: Family, parts: list[str], *, thinking: bool = False) -> list[Piece]:
    reader = make_reader(family, TOOLS, thinking=thinking)
    return [*(piece for part in parts for piece in reader.feed(part)), *reader.close()]


def test_text_goes_out_as_it_comes() -> None:
    reader = make_reader(HERMES, TOOLS, thinking=False)
    assert [reader.feed(part) for part in ("a", "b ", "c")] == [[TextPiece("a")], [TextPiece("b")], [TextPiece(" c")]]


@pytest.mark.parametrize("held", ["<", "<tool_", "<tool_call", " \n<tool_", "</thin"])
def test_what_may_begin_a_mark_is_held_back_until_it_is_none(held: str) -> None:
    reader = make_reader(HERMES, TOOLS, thinking=False)
    stands = [reader.stands]
    told = [reader.feed("text" + held)]
    stands.append(reader.stands)
    told.append(reader.feed("?"))
    stands.append(reader.stands)
    assert [*told, reader.close()] == [[TextPiece("text")], [TextPiece(held + "?")], []]
    assert stands == [True, False, True]


@pytest.mark.parametrize("held", ["<", "<tool_call", " \n<tool_", "\n"])
def test_what_is_still_held_at_the_end_is_text(held: str) -> None:
    reader = make_reader(HERMES, TOOLS, thinking=False)
    assert reader.feed("text" + held) == [TextPiece("text")]
    assert reader.close() == [TextPiece(held)]
    assert reader.close() == []


def test_a_thought_goes_out_as_it_comes() -> None:
    reader = make_reader(HERMES, TOOLS, thinking=True)
    assert reader.feed("Hm") == [ThinkingPiece("Hm")]
    assert reader.feed(", \n") == [ThinkingPiece(",")]
    stands = [reader.stands]
    assert reader.feed("no.</think>\n\nHi") == [ThinkingPiece(" \nno."), TextPiece("Hi")]
    assert [*stands, reader.stands] == [False, True]


@pytest.mark.parametrize("family", WRITING)
def test_a_call_is_told_when_its_name_is_sure_and_its_input_as_it_is_written(family: str) -> None:
    before, after = WRITING[family]
    reader = make_reader(NAMED[family], TOOLS, thinking=False)
    start = [*reader.feed(before), *reader.feed("Just ")]
    assert start[0] == CallStart("Read")
    assert reader.feed("some words") == [CallInput("some words")]
    assert reader.feed(" and more") == [CallInput(" and more")]
    end = [*reader.feed(after), *reader.close()]
    inputs = [piece.json for piece in (*start, *end) if isinstance(piece, CallInput)]
    begun = len([piece for piece in start if isinstance(piece, CallInput)])
    written = "".join([*inputs[:begun], "some words and more", *inputs[begun:]])
    assert json.loads(written) == {"path": "Just some words and more"}
    assert end[-1] == CallEnd()


def test_values_that_may_be_no_text_wait_for_their_end() -> None:
    reader = make_reader(GLM, TOOLS, thinking=False)
    assert reader.feed("<tool_call>Read\n<arg_key>limit</arg_key><arg_value>1")[1:] == [CallInput('{"limit": ')]
    assert reader.feed("2</arg_value>") == [CallInput("12")]


@pytest.mark.parametrize("family", WRITING)
def test_a_large_input_costs_no_more_for_each_letter(family: str) -> None:
    """Twenty times the text may take forty times as long on a busy machine; rereading it would take four hundred."""
    before, after = WRITING[family]

    def cost(size: int) -> float:
        body = ("words and \\n < [ ' { " * (size // 20)).replace("'", "")
        parts = [before, *(body[start : start + 40] for start in range(0, len(body), 40)), after]
        begun = time.process_time()
        assert any(isinstance(piece, CallEnd) for piece in read_all(NAMED[family], parts))
        return time.process_time() - begun

    assert cost(LARGE) < 40 * max(cost(LARGE // 20), 0.01)


@pytest.mark.parametrize(
    "written",
    [
        "<tool_call>" * 5000,
        " \n" * 20_000,
        "<tool_" * 10_000,
        "<think>" * 5000,
        "```json\n" * 5000,
        '{"calls": [' * 3000,
        '{"function": ' * 3000,
        '{"name": "Read", "arguments": \'' + "'" * 5000,
        "[" * 5000,
        "Read(" * 5000,
        "{'a': " * 3000,
        '{"name": "Read", "arguments": {"path": "' + "a" * 100_000,
        '{"a' * 10_000,
        "<function=Read>" * 3000,
        "<tools>" * 5000,
    ],
)
def test_nonsense_costs_no_more_for_each_letter(written: str) -> None:
    begun = time.process_time()
    read_all(HERMES, [written[start : start + 10] for start in range(0, len(written), 10)])
    assert time.process_time() - begun < 3


def test_a_bare_call_is_looked_for_at_the_start_alone_so_who_takes_over_is_told_what_it_is_behind() -> None:
    reader = make_reader(LLAMA_JSON, TOOLS, thinking=False)
    assert reader.feed("Hi. So:") == [TextPiece("Hi. So:")]
    assert reader.stands and reader.behind == "text"
    call = '{"name": "Read", "parameters": {"file_path": "a"}}'
    for behind, calls in list[tuple[Behind, bool]]([("text", False), ("start", True)]):
        told = make_reader(LLAMA_JSON, TOOLS, thinking=False, behind=behind).feed(call)
        assert any(isinstance(piece, CallStart) for piece in told) is calls
