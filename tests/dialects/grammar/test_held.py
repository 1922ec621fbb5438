"""A call in a foreign form is held to the offered tools: whatever a model writes then arrives, and none of it leaks."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from pensieve.core.chat import Choice, Tool
from pensieve.core.pieces import CallEnd, CallInput, CallStart, TextPiece
from pensieve.dialects.base import Head
from pensieve.dialects.families import FAMILIES, GEMMA, HERMES
from pensieve.dialects.forms import Family, HarmonyForm
from pensieve.dialects.grammar.cache import Grammars
from pensieve.dialects.grammar.schemas import accept
from pensieve.dialects.mend import Mender
from pensieve.dialects.read import make_reader
from schemas import REAL, SCHEMAS
from walker import Walker

HELD = [family for family in FAMILIES if family.form is not None and not isinstance(family.form, HarmonyForm)]
NAMES = (*list(REAL)[::5], "recursion", "pattern", "bounds", "nullable", "other_members", "deep")
TOOLS = tuple(Tool(f"tool_{name}", "", SCHEMAS[name]) for name in NAMES)
BEGUN = (
    '```json\n{\n  "name": "',
    '{"name": "',
    'I look.\n<tools>{"tool": "',
    '{"type": "function", "function": {"name": "',
)
SEEDS = range(14)
AUTO, ONCE = Choice(), Choice(parallel=False)

by_family = pytest.mark.parametrize("family", HELD, ids=lambda family: family.name)


def held(family: Family, tools: tuple[Tool, ...], name: str = "", key: str = "arguments", choice: Choice = AUTO) -> str:
    return Grammars(family, {}).held(tools, choice, Head(name, 0, key, 0), "none")


def calls_of(family: Family, tools: tuple[Tool, ...], written: str) -> tuple[list[tuple[str, Any]], str]:
    reader, mender = make_reader(family, tools, thinking=False), Mender(tools)
    pieces = mender.tell(reader.feed(written)) + mender.tell(reader.close()) + mender.close()
    calls: list[tuple[str, Any]] = []
    for start, middle, end in zip(pieces, pieces[1:], pieces[2:], strict=False):
        match start, middle, end:
            case CallStart(name=name), CallInput(json=text), CallEnd():
                calls.append((name, json.loads(text)))
    return calls, "".join(piece.text for piece in pieces if isinstance(piece, TextPiece))


@by_family
@pytest.mark.parametrize("begun", BEGUN)
def test_of_a_thousand_calls_none_leaks(family: Family, begun: str) -> None:
    """Twenty families, four beginnings, fourteen tools: 1,120 calls with names and inputs by chance."""
    walker = Walker(family, {})
    for seed in SEEDS:
        tool = TOOLS[seed % len(TOOLS)]
        grammar = held(family, (tool,), choice=ONCE)
        written = begun + walker.walk(grammar, seed)
        calls, text = calls_of(family, (tool,), written)
        assert [name for name, _ in calls] == [tool.name], written
        jsonschema.validate(calls[0][1], accept(tool.schema).unbounded().schema)
        assert "arguments" not in text and tool.name not in text, written


def test_the_name_is_one_of_those_offered_from_its_first_letter() -> None:
    walker, grammar = Walker(HERMES, {}), held(HERMES, TOOLS)
    assert not any(walker.goes_on(grammar, name) for name in ("Git", "x", '"', "tool_x"))
    assert all(walker.goes_on(grammar, f'{tool.name}", "arguments": {{') for tool in TOOLS)


def test_behind_the_name_the_input_fits_the_schema() -> None:
    members = {"path": {"type": "string"}, "limit": {"type": "integer"}}
    tool = Tool("Read", "", {"type": "object", "properties": members, "required": ["path"]})
    walker, grammar = Walker(HERMES, {}), held(HERMES, (tool,), "Read")
    assert walker.takes(grammar, ' {"path": "a"}}\n```')
    assert walker.takes(grammar, ' {"path": "a", "limit": 3}\n}\n```\n\nI wait.')
    assert not walker.goes_on(grammar, ' {"file')
    assert not walker.goes_on(grammar, " {}")


def test_behind_a_value_no_white_space_goes_on_and_on() -> None:
    """A model that has closed a string too early, and knows not how to go on, would write nothing else."""
    tool = Tool("Write", "", {"type": "object", "properties": {"content": {"type": "string"}}})
    assert not Walker(HERMES, {}).goes_on(held(HERMES, (tool,), "Write"), ' {"content": "[" ')


def test_a_bound_of_what_may_be_missing_does_not_turn_nothing_into_something() -> None:
    """A model writes `"limit": 0` and means none: held to a least of 1, it would write 1."""
    members = {"path": {"type": "string"}, "limit": {"type": "integer", "exclusiveMinimum": 0}}
    tool = Tool("Read", "", {"type": "object", "properties": members, "required": ["path"]})
    written = '{"name": "Read", "arguments": {"path": "a", "limit": 0}}'
    assert Walker(HERMES, {}).takes(held(HERMES, (tool,), "Read"), written.partition('arguments":')[2])
    assert calls_of(HERMES, (tool,), written) == ([("Read", {"path": "a"})], "")


def test_with_one_call_at_a_time_only_what_closes_it_follows() -> None:
    tool = Tool("List", "", {"type": "object", "properties": {}})
    walker, grammar = Walker(HERMES, {}), held(HERMES, (tool,), "List", choice=ONCE)
    assert walker.takes(grammar, " {}}\n```\n")
    assert not walker.goes_on(grammar, " {}}\n```\nand")


def test_behind_the_call_the_familys_own_marks_stay_its_own() -> None:
    tool = Tool("List", "", {"type": "object", "properties": {}})
    grammar = Grammars(GEMMA, {"<|tool_call>": 256}).held((tool,), AUTO, Head("List", 0, "arguments", 0), "none")
    walker = Walker(GEMMA, {"<|tool_call>": 256})
    assert walker.takes(grammar, " {}} <|tool_call>call:List{}<tool_call|>")
    assert not walker.goes_on(grammar, " {}} <|tool_call>call:x")


def test_models_that_are_held_by_other_means_are_not_held_so() -> None:
    harmony = next(family for family in FAMILIES if isinstance(family.form, HarmonyForm))
    assert not Grammars(harmony, {}).can_hold
    assert not Grammars(HERMES, {}, "gbnf").can_hold
    assert Grammars(HERMES, {}).can_hold
