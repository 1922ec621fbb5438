"""What a family's template shows as an assistant's turn, its reader understands: the two speak the same language."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from pensieve.core.chat import Chat, Text, Thinking, Tool, ToolCall, ToolResult, Turn
from pensieve.core.pieces import CallInput, CallStart, TextPiece
from pensieve.dialects.choose import choose_family
from pensieve.dialects.families import PROMPTED
from pensieve.dialects.forms import Family
from pensieve.dialects.read import make_reader
from pensieve.prompts.render import ChatTemplate
from templates import templates

SCHEMA = {
    "type": "object",
    "properties": {
        "text": {"type": "string"},
        "code": {"type": "string"},
        "count": {"type": "integer"},
        "share": {"type": "number"},
        "yes": {"type": "boolean"},
        "nothing": {"type": "null"},
        "list": {"type": "array", "items": {}},
        "deep": {"type": "object"},
    },
}
TOOLS = (Tool("write_it", "writes", SCHEMA), Tool("list_all", "lists", {"type": "object", "properties": {}}))
INPUT = {
    "text": 'he said "no",\nit\'s {so} [and] so: é 漢字 😀',
    "code": "if (a < b && c) {\n\treturn \"x\\n\";\n}",
    "count": 3,
    "share": -0.5,
    "yes": True,
    "list": [1, "two", {"three": None}],
    "deep": {"a": {"b": ["c", False]}},
}  # fmt: skip
WORDS = "I write it, then I look."
FULL = ToolCall("toolu_1", "write_it", INPUT)
EMPTY = ToolCall("toolu_2", "list_all", {})
END = "The end of all this."
"""Said in the next turn."""


@cache
def template(name: str) -> tuple[ChatTemplate, Family]:
    source = templates()[name]
    family = choose_family(source)
    marks = (family.think.open, family.think.close) if family.think else None
    loaded = ChatTemplate(source, "<s>", "</s>", marks, tools_in_words=family.name == PROMPTED.name)
    return loaded, PROMPTED if loaded.tools_in_words else family


def own_part(name: str, *calls: ToolCall, words: str = WORDS) -> str:
    """What the model would have written: from where it is asked to go on to where the results begin."""
    loaded, _ = template(name)
    asked = Turn("user", (Text("user 1"),))
    said = Turn("assistant", (Text(words), *calls))
    results = Turn("user", tuple(ToolResult(call.id, call.name, END) for call in calls))
    before = loaded.render(Chat("", (asked,), TOOLS, thinking=Thinking())).text
    after = loaded.render(Chat("", (asked, said, results), TOOLS, thinking=Thinking())).text
    start = len(before) if after.startswith(before) else after.index(words)
    return after[start : after.index(END)]


def understood(name: str, text: str) -> tuple[str, list[tuple[str, Any]]]:
    reader = make_reader(template(name)[1], TOOLS, thinking=False)
    pieces = [*reader.feed(text), *reader.close()]
    words = "".join(piece.text for piece in pieces if isinstance(piece, TextPiece))
    calls: list[tuple[str, str]] = []
    for piece in pieces:
        if isinstance(piece, CallStart):
            calls.append((piece.name, ""))
        elif isinstance(piece, CallInput):
            calls[-1] = (calls[-1][0], calls[-1][1] + piece.json)
    return words, [(name, json.loads(written)) for name, written in calls]


UNQUOTED = {"lfm2_2_5", "lfm2_2_5_v2"}
"""They put strings between quotes as they are, whatever quotes stand in them."""

BROKEN = {"qwen1.5-chat"}
"""It closes quotes that it has not opened."""

WORDS_APART = {"llama3_1", "llama3_2"}
"""Their calls have no mark, so they are all that a turn says: words before them are a turn of their own."""

ONE_CALL = {"llama3_1", "llama3_2", "gpt-oss", "gptoss"}
"""Their turns have one call."""

UNREAD = UNQUOTED | BROKEN


@pytest.mark.parametrize("name", sorted(set(templates()) - UNREAD))
def test_what_a_template_shows_its_reader_understands(name: str) -> None:
    expected = [(FULL.name, INPUT), (EMPTY.name, {})]
    for call, one in zip((FULL, EMPTY), expected, strict=True):
        said = "" if name in WORDS_APART else WORDS
        words, calls = understood(name, own_part(name, call, words=said))
        assert said in words and calls == [one]
    if name not in ONE_CALL:
        words, calls = understood(name, own_part(name, FULL, EMPTY))
        assert WORDS in words and calls == expected


@pytest.mark.parametrize("name", sorted(UNQUOTED))
def test_no_template_is_left_out_without_need(name: str) -> None:
    assert understood(name, own_part(name, FULL, EMPTY))[1] != [(FULL.name, INPUT), (EMPTY.name, {})]
