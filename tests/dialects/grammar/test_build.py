"""Grammars: valid for every family and schema, and whatever is written under them is understood as a valid call."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from pensieve.core.chat import Choice, Tool
from pensieve.core.pieces import CallEnd, CallInput, CallStart, TextPiece, ThinkingPiece
from pensieve.dialects.families import FAMILIES, HERMES, KIMI, LLAMA_JSON, LLAMA_PYTHON, QWEN_CODER
from pensieve.dialects.forms import Family, HarmonyForm, NamedForm, ObjectForm, PythonForm, TaggedForm
from pensieve.dialects.grammar.build import ThoughtState, grammar_of, offered_tools
from pensieve.dialects.grammar.schemas import Accepted, accept, refused
from pensieve.dialects.read import make_reader
from schemas import REAL, SCHEMAS
from walker import Walker

CALLING = [family for family in FAMILIES if family.form is not None]
UNMARKED = [family for family in CALLING if not isinstance(family.form, HarmonyForm)]
THINKING = [family for family in UNMARKED if family.think]
AUTO, ANY, ONCE = Choice(), Choice("any"), Choice("any", parallel=False)
SAMPLE = (*list(REAL)[::5], "recursion", "pattern", "odd_enum", "bounds", "any_of", "nullable", "other_members", "deep")
BEYOND_ARGUMENTS = {
    "names_by_pattern",
    "more_members",
    "other_members",
    "one_of",
    "any_of_at_the_top",
    "required_or",
    "names_by_list",
    "at_least_one",
    "all_of",
}
"""Where families that write arguments one by one lose types, or bounds on all arguments together."""
CONTROL_OF = {
    "hermes": ("<think>", "</think>", "<tool_call>", "</tool_call>"),
    "gemma": ("<|tool_call>", "<tool_call|>", '<|"|>', "<|channel>", "<channel|>"),
    "kimi": ("<|tool_calls_section_begin|>", "<|tool_calls_section_end|>", "<|tool_call_begin|>", "<|tool_call_end|>"),
    "lfm2": ("<|tool_call_start|>", "<|tool_call_end|>"),
    "mistral": ("[TOOL_CALLS]", "[ARGS]", "[CALL_ID]"),
    "harmony": ("<|start|>", "<|channel|>", "<|message|>", "<|end|>", "<|call|>"),
    "deepseek_v31": ("<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>", "<｜tool▁call▁begin｜>", "<｜tool▁sep｜>"),  # noqa: RUF001 - its unusual bars
}
FORMAT = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}

by_family = pytest.mark.parametrize("family", CALLING, ids=lambda family: family.name)


def control_of(family: Family) -> dict[str, int]:
    """Some of the family's marks as the special tokens that the byte tokenizer has."""
    return {mark: 256 + number for number, mark in enumerate(CONTROL_OF.get(family.name, ()))}


def tools_of(*names: str) -> tuple[Tool, ...]:
    return tuple(Tool(f"tool_{name}", "", SCHEMAS[name]) for name in names)


def grammar(
    family: Family,
    tools: tuple[Tool, ...],
    choice: Choice = AUTO,
    thought: ThoughtState = "none",
    *,
    format: dict[str, Any] | None = None,
    later: bool = False,
    control: dict[str, int] | None = None,
) -> str:
    offered = [(tool, accept(tool.schema)) for tool in offered_tools(tools, choice)]
    wanted = accept(format, object_only=False) if format is not None else None
    return grammar_of(family, offered, choice, wanted, thought, control or {}, later)


def read(family: Family, tools: tuple[Tool, ...], text: str, thinking: bool = False) -> tuple[list[Any], str, str]:
    """The calls with their inputs, the text, and the thoughts. A call without an end is none."""
    reader = make_reader(family, tools, thinking=thinking)
    pieces = [*reader.feed(text), *reader.close()]
    calls: list[Any] = []
    name, written = "", ""
    for piece in pieces:
        match piece:
            case CallStart():
                name, written = piece.name, ""
            case CallInput():
                written += piece.json
            case CallEnd():
                calls.append((name, json.loads(written)))
    said = "".join(piece.text for piece in pieces if isinstance(piece, TextPiece))
    assert "[A tool call" not in said, text
    return calls, said, "".join(piece.text for piece in pieces if isinstance(piece, ThinkingPiece))


def check(tools: tuple[Tool, ...], calls: list[Any], family: Family) -> None:
    """Every call names a tool, its input is an object, and valid if the grammar could say all that the schema says."""
    by_name = {tool.name: tool.schema for tool in tools}
    exact = isinstance(family.form, ObjectForm | NamedForm | HarmonyForm)
    for name, given in calls:
        assert isinstance(given, dict)
        if not accept(by_name[name]).relaxed and (exact or name.removeprefix("tool_") not in BEYOND_ARGUMENTS):
            jsonschema.validate(given, by_name[name])


@pytest.fixture(scope="module")
def accepted() -> dict[str, Accepted]:
    return {name: accept(schema) for name, schema in SCHEMAS.items()}


@by_family
def test_every_schema_makes_a_grammar_that_compiles(family: Family, accepted: dict[str, Accepted]) -> None:
    for name, schema in accepted.items():
        tool = Tool("tool", "", SCHEMAS[name])
        text = grammar_of(family, [(tool, schema)], AUTO, None, "none", control_of(family), later=False)
        assert text.startswith("%llguidance {}\n")
        assert not refused(text), name


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize("choice", [AUTO, ANY, ONCE, Choice("auto", parallel=False), Choice("tool", "tool_Read")])
@by_family
def test_every_choice_and_thought_makes_a_grammar_that_compiles(family: Family, choice: Choice, later: bool) -> None:
    tools = tools_of("Read", "Glob")
    cases: list[tuple[ThoughtState, dict[str, Any] | None, dict[str, int]]] = [
        ("none", None, {}),
        ("open", FORMAT, control_of(family)),
        ("free", None, control_of(family)),
        ("free", FORMAT, {}),
    ]
    for thought, format, control in cases:
        assert not refused(grammar(family, tools, choice, thought, format=format, later=later, control=control))


@by_family
def test_noise_is_valid_calls(family: Family) -> None:
    for seed, name in enumerate(SAMPLE[CALLING.index(family) % 2 :: 2]):
        tools = tools_of(name, "Glob")
        control = control_of(family) if seed % 2 else {}
        walker = Walker(family, control)
        text = walker.walk(grammar(family, tools, Choice("tool", tools[0].name), control=control), seed)
        calls, said, _ = read(family, tools, text)
        assert calls and {call for call, _ in calls} == {tools[0].name}, text
        assert not said.strip(), text
        check(tools, calls, family)


@pytest.mark.parametrize("name", SCHEMAS)
def test_noise_fits_every_schema(name: str) -> None:
    tools = tools_of(name)
    for family in (HERMES, QWEN_CODER, CALLING[len(name) % len(CALLING)]):
        text = Walker(family, {}).walk(grammar(family, tools, ONCE), len(name))
        calls, _, _ = read(family, tools, text)
        assert len(calls) == 1, text
        check(tools, calls, family)


@by_family
def test_a_call_after_text_is_bound_too(family: Family) -> None:
    if isinstance(family.form, HarmonyForm):
        return
    tools = tools_of("Bash", "get_time")
    for control in ({}, control_of(family)):
        walker = Walker(family, control)
        first = _open_mark(family)
        text = walker.walk(grammar(family, tools, control=control), 5, f"Let me see.{first}")
        calls, said, _ = read(family, tools, text)
        assert calls and said.startswith("Let me see."), text
        check(tools, calls, family)


def _open_mark(family: Family) -> str:
    match family.form:
        case ObjectForm() | PythonForm():
            return family.form.opens[0]
        case NamedForm():
            return family.form.section_open or family.form.open
        case TaggedForm():
            return family.form.open.strip()
    return "<|tool_call>call:"


@by_family
def test_text_without_a_call_is_free_but_holds_no_mark(family: Family) -> None:
    tools = tools_of("Read")
    for control in ({}, control_of(family)):
        walker = Walker(family, control)
        text = grammar(family, tools, control=control)
        if isinstance(family.form, HarmonyForm):
            assert walker.takes(text, "<|channel|>final<|message|>Hello, <b>you</b>!\n<|return|>")
            assert not walker.goes_on(text, "Hello")
            continue
        assert walker.takes(text, 'Hello, <b>you</b> {"name": 1} [it\'s](me)!\n')
        assert walker.takes(text, "")
        assert not walker.takes(text, f"Hello {_open_mark(family)}")
        assert not walker.goes_on(text, f"Hello {_open_mark(family)} and more")
        if isinstance(family.form, TaggedForm) and family.form.call_open:
            assert not walker.goes_on(text, f"Hello {family.form.call_open}")
    for seed in range(5):
        said = walker.walk(text, seed)
        calls, _, _ = read(family, tools, said)
        check(tools, calls, family)


@by_family
def test_one_call_and_no_more(family: Family) -> None:
    tools = tools_of("get_time", "Glob")
    walker = Walker(family, {})
    for seed in range(3):
        calls, said, _ = read(family, tools, walker.walk(grammar(family, tools, ONCE), seed))
        assert len(calls) == 1 and not said.strip()
        text = walker.walk(grammar(family, tools, Choice("auto", parallel=False)), seed)
        assert len(read(family, tools, text)[0]) <= 1
    end = grammar(family, tools, ONCE, later=True)
    assert walker.takes(end, "") and not walker.goes_on(end, "text")


@by_family
def test_several_calls_in_one_answer(family: Family) -> None:
    tools = tools_of("KillShell", "Glob")
    counts = {len(read(family, tools, Walker(family, {}).walk(grammar(family, tools, ANY), seed))[0])
              for seed in range(7)}  # fmt: skip
    assert max(counts) > 1 and min(counts) > 0


@pytest.mark.parametrize("family", THINKING, ids=lambda family: family.name)
def test_thoughts(family: Family) -> None:
    assert family.think is not None
    tools = tools_of("get_time")
    think = family.think
    for control in ({}, control_of(family)):
        walker = Walker(family, control)
        opened = grammar(family, tools, thought="open", control=control)
        free = grammar(family, tools, thought="free", control=control)
        none = grammar(family, tools, control=control)
        assert walker.takes(opened, f"Hm, <i>.{think.close}\n\nYes.")
        assert not walker.takes(opened, "Hm.")
        assert walker.takes(free, f"{think.open}Hm.{think.close}\n\nYes.")
        assert walker.takes(free, "Yes.")
        assert not walker.goes_on(free, f"Yes.{think.open}")
        assert not walker.goes_on(none, think.open)
        for state in ("open", "free"):
            text = walker.walk(grammar(family, tools, ANY, state, control=control), 3)
            calls, said, _ = read(family, tools, text, thinking=state == "open")
            assert calls and not said.strip()


@by_family
def test_a_format_is_the_whole_answer(family: Family) -> None:
    answer = '{"title": "a \\"b\\""}'
    walker = Walker(family, {})
    harmony = isinstance(family.form, HarmonyForm)
    whole = f"<|channel|>final<|message|>{answer}<|return|>" if harmony else answer
    alone, beside = grammar(family, (), format=FORMAT), grammar(family, tools_of("get_time"), format=FORMAT)
    for text in (alone, beside):
        assert walker.takes(text, whole)
        assert not walker.goes_on(text, f"Here: {whole}")
        assert not walker.takes(text, whole.replace("title", "name"))
    if family.think:
        assert walker.takes(grammar(family, (), thought="open", format=FORMAT), f"Hm.{family.think.close}\n\n{answer}")


@by_family
def test_going_on_behind_a_call(family: Family) -> None:
    tools = tools_of("get_time")
    walker = Walker(family, {})
    auto, more = grammar(family, tools, later=True), grammar(family, tools, ANY, later=True)
    assert walker.takes(auto, "") and walker.takes(more, "")
    assert not walker.goes_on(more, "text")
    if not isinstance(family.form, HarmonyForm):
        assert walker.takes(auto, "and on it goes")
        text = walker.walk(auto, 1, "\n" + _open_mark(family))
        check(tools, read(family, tools, text)[0], family)


def test_behind_a_call_in_a_section() -> None:
    text = grammar(KIMI, tools_of("get_time"), later=True)
    call = "<|tool_call_begin|>functions.tool_get_time:1<|tool_call_argument_begin|>{}<|tool_call_end|>"
    assert Walker(KIMI, {}).takes(text, f"{call}<|tool_calls_section_end|>")
    assert not Walker(KIMI, {}).goes_on(text, call.replace("get_time", "other"))


def test_nothing_to_bind() -> None:
    assert grammar(HERMES, ()) == ""
    assert grammar(HERMES, tools_of("Read"), Choice("none")) == ""
    assert grammar(FAMILIES[2], tools_of("Read")) == "" and FAMILIES[2].form is None


def test_json_is_written_as_templates_write_it() -> None:
    walker, text = Walker(HERMES, {}), grammar(HERMES, tools_of("Grep"), ANY)
    given = '{"pattern": "é \\n", "-A": 2, "multiline": true}'
    call = f'<tool_call>\n{{"name": "tool_Grep", "arguments": {given}}}\n</tool_call>'
    assert walker.takes(text, call)
    assert not walker.takes(text, call.replace(", ", ","))
    assert not walker.takes(text, call.replace('"-A"', '"other"'))


def test_a_bare_call_counts_at_the_start_alone() -> None:
    tools = tools_of("Glob")
    for family, call in (
        (LLAMA_JSON, '{"name": "tool_Glob", "parameters": {"pattern": "*"}}'),
        (LLAMA_PYTHON, "[tool_Glob(pattern='*')]"),
    ):
        walker, text = Walker(family, {}), grammar(family, tools)
        assert walker.takes(text, call)
        assert walker.takes(text, f"Say {call.replace('pattern', 'x')}!")
        assert not walker.goes_on(text, call.replace("pattern", "x"))
        assert walker.takes(text, '{"answer": [1, 2]}') and walker.takes(text, "[1, 2] is a list")


def test_definitions_of_two_tools_do_not_clash() -> None:
    schemas = [{"type": "object", "properties": {"x": {"$ref": "#/$defs/T"}}, "$defs": {"T": {"type": kind}}}
               for kind in ("boolean", "null")]  # fmt: skip
    tools = tuple(Tool(f"t{number}", "", schema) for number, schema in enumerate(schemas))
    text = grammar(LLAMA_JSON, tools, ANY)
    assert Walker(LLAMA_JSON, {}).takes(text, '{"name": "t0", "parameters": {"x": true}}')
    assert not Walker(LLAMA_JSON, {}).takes(text, '{"name": "t1", "parameters": {"x": true}}')
