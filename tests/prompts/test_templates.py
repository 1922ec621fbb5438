"""Every family's own template takes every conversation that is legal, loses nothing of it, and keeps its prefix."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

import pytest

from pensieve.core.chat import Chat, Part, Role, Text, Thinking, Thought, Tool, ToolCall, ToolResult, Turn, Written
from pensieve.prompts.render import ChatTemplate, Rendered
from templates import templates

MARKS = (
    ("<think>", "</think>"),
    ("<seed:think>", "</seed:think>"),
    ("<mm:think>", "</mm:think>"),
    ("<|channel>thought", "<channel|>"),
)
SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}, "limit": {"type": "integer"}}}
TOOLS = (Tool("tool_read", "reads a file", SCHEMA), Tool("tool_write", "writes a file", {"type": "object"}))


@cache
def template(name: str) -> ChatTemplate:
    source = templates()[name]
    return ChatTemplate(source, "<s>", "</s>", next((marks for marks in MARKS if marks[0] in source), None))


def turn(role: Role, *parts: str | Part) -> Turn:
    return Turn(role, tuple(Text(part) if isinstance(part, str) else part for part in parts))


def user(*parts: str | Part) -> Turn:
    return turn("user", *parts)


def said(*parts: str | Part) -> Turn:
    return turn("assistant", *parts)


def call(number: int, **more: Any) -> ToolCall:
    return ToolCall(f"toolu_{number}", f"tool_{number}", {"path": f"input {number}", **more})


def result(number: int) -> ToolResult:
    return ToolResult(f"toolu_{number}", f"tool_{number}", f"result {number}")


def chat(*turns: Turn, system: str = "the system prompt", **fields: Any) -> Chat:
    return Chat(system, turns, TOOLS, **fields)


LATE = turn("system", "a late system turn")
DONE = user("user 1"), said("words 1", call(1)), user(result(1)), said("words 2")
AWKWARD: dict[str, Chat] = {
    "a word": chat(user("user 1")),
    "no system prompt": chat(user("user 1"), said("words 1"), user("user 2"), system=""),
    "words before a call": chat(*DONE, user("user 2")),
    "several calls": chat(user("user 1"), said("words 1", call(1), call(2), call(3)), user(*map(result, (1, 2, 3)))),
    "only a call": chat(user("user 1"), said(call(1)), user(result(1))),
    "only several calls": chat(user("user 1"), said(call(1), call(2)), user(result(1), result(2)), said("words 1")),
    "calls in a row": chat(user("user 1"), said(call(1)), user(result(1)), said("words 1", call(2)), user(result(2))),
    "the same call again": chat(user("user 1"), said(call(1)), user(result(1)), said(call(1)), user(result(1))),
    "words behind a result": chat(user("user 1"), said(call(1)), user(result(1), "user 2")),
    "words behind results": chat(
        user("user 1"), said("words 1", call(1), call(2)), user(result(1), result(2), "user 2"), said(call(3)),
        user(result(3), "user 3"), said("words 2"), user("user 4"),
    ),
    "an empty input": chat(user("user 1"), said(ToolCall("toolu_1", "tool_1", {})), user(result(1))),
    "an empty result": chat(user("user 1"), said(call(1)), user(ToolResult("toolu_1", "tool_1", "")), said("words 1")),
    "a rich input": chat(user("user 1"), said(call(1, limit=5, deep={"list": [1, None, "input 2"]})), user(result(1))),
    "what the model wrote": chat(
        user("user 1"), said(ToolCall("toolu_1", "tool_1", {"x": 1}, Written('{"path":"input 1"}'))), user(result(1))
    ),
    "a broken input": chat(
        user("user 1"), said(ToolCall("toolu_1", "tool_1", {}, Written('{"path":'))), user(result(1))
    ),
    "late system turns": chat(user("user 1"), LATE, said("words 1"), turn("system", "one more"), user("user 2")),
    "a late system turn at the end": chat(*DONE, user("user 2"), LATE),
    "a late system turn between a call and its result": chat(user("user 1"), said(call(1)), LATE, user(result(1))),
    "a system turn first": chat(LATE, user("user 1")),
    "the assistant first": chat(said("words 1"), user("user 1"), said("words 2"), user("user 2")),
    "calls first": chat(said(call(1)), user(result(1))),
    "neighbours of one role": chat(
        user("user 1"), user("user 2"), said("words 1"), said("words 2", call(1)), user(result(1))
    ),
    "nothing said": chat(user(), said(), user("user 1")),
    "thoughts": chat(
        user("user 1"), said(Thought("thought"), "words 1", call(1)), user(result(1)),
        said(Thought("thought"), "words 2"), user("user 2"), said(Thought("thought"), call(2)), user(result(2)),
    ),
    "only a thought": chat(user("user 1"), said(Thought("thought")), user("user 2")),
    "a begun answer": chat(user("user 1"), said("words 1"), prefill=True),
    "a begun answer after a call": chat(*DONE[:3], said("words 2"), prefill=True),
    "a begun answer that is empty": chat(user("user 1"), said(""), prefill=True),
    "nothing but a begun answer": chat(said("words 1"), prefill=True),
}  # fmt: skip


def stations(asked: Chat) -> list[tuple[str, ...]]:
    """What must be seen, in this order; within one station, in any. Calls and their results are one station."""
    found: list[tuple[str, ...]] = [(asked.system,)] if asked.system else []
    turns = list(asked.turns)
    if turns[0].role == "system":
        found.append((turns.pop(0).text,))
    late: list[str] = []
    for one in turns:
        words = [part.text for part in one.parts if isinstance(part, Text) and part.text]
        calls = [part for part in one.parts if isinstance(part, ToolCall)]
        results = [part.text for part in one.parts if isinstance(part, ToolResult) and part.text]
        if results:
            found[-1] += (*results, *late)
            late = []
        if one.role == "system" and found and any(word.startswith("tool_") for word in found[-1]):
            late = words
            continue
        found += [(word,) for word in words]
        if calls:
            found.append((*(one.name for one in calls), *(shown for one in calls for shown in inputs(one))))
    return found


def inputs(one: ToolCall) -> list[str]:
    if one.written is not None:
        return ["input 1"] if one.written.input.endswith("}") else []
    return [value for value in one.input.values() if isinstance(value, str)]


def rendered(name: str, asked: Chat) -> Rendered:
    return template(name).render(asked)


@pytest.mark.parametrize("name", templates())
def test_every_legal_conversation_is_taken_and_nothing_of_it_is_lost(name: str) -> None:
    for title, asked in AWKWARD.items():
        text = rendered(name, asked).text
        for one in asked.tools:
            assert one.name in text and one.description in text, title
        at = 0
        for station in stations(asked):
            places = [text.find(word, at) for word in station]
            assert -1 not in places, (title, station, text)
            at = max(places)
        if asked.prefill:
            assert text.endswith(asked.turns[-1].text), (title, text)


RICH_SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "any": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "nothing": {},
        "everything": True,
        "mixed": {"enum": [1, "b", None]},
        "two types": {"type": ["string", "null"], "default": None, "enum": ["a", None]},
        "reference": {"$ref": "#/$defs/other"},
        "list": {"type": "array"},
        "objects": {"type": "array", "items": {"type": "object", "properties": {"deep": {"type": "integer"}}}},
        "map": {"type": "object", "additionalProperties": {"type": "string"}},
        "constant": {"const": 3},
        "type": {"type": "number", "default": 1},
    },
    "required": ["any"],
    "$defs": {"other": {"type": "string"}},
}


@pytest.mark.parametrize("name", templates())
def test_every_schema_is_taken(name: str) -> None:
    anything = {"anyOf": [{"type": "object", "properties": {"a": {"type": "string"}}}, {"type": "object"}]}
    for schema in ({}, {"type": "object"}, anything, RICH_SCHEMA):
        asked = Chat("", (user("user 1"),), (Tool("tool_read", "", schema),))
        assert "tool_read" in rendered(name, asked).text


def grown(name: str, thinking: bool, step: Literal["call", "question"]) -> tuple[str, str]:
    """A prompt within a row of calls, and the one that follows: after one more call, or when the user asks again."""
    thought = (Thought("thought"),) if thinking else ()
    turns = (user("user 1"), said(*thought, "words 1", call(1)), user(result(1)))
    steps = {
        "call": (said(*thought, call(2)), user(result(2))),
        "question": (said(*thought, "words 2"), user("user 2")),
    }
    before = rendered(name, chat(*turns, thinking=Thinking(thinking)))
    return before.text, rendered(name, chat(*turns, *steps[step], thinking=Thinking(thinking))).text


def kept(before: str, after: str) -> bool:
    """Whether all that was said is still in its place. How an answer begins may differ: some templates write that only
    while it is awaited."""
    return after.startswith(before[: before.index("result 1") + len("result 1")])


@pytest.mark.parametrize("thinking", [False, True])
def test_one_more_call_keeps_all_that_is_cached(thinking: bool) -> None:
    assert [name for name in templates() if not kept(*grown(name, thinking, "call"))] == []


MOVE_TOOLS = {"mistral-instruct-v0.3", "mistral-large-instruct"}
"""They describe the tools in front of the user's last words."""

DROP_EMPTY_THOUGHTS = {"qwen3_5_nothink", "qwen3_5_think"}
"""They write an empty thought into every answer since the user's last words."""

DROP_OLD_THOUGHTS = DROP_EMPTY_THOUGHTS | {
    "Baichuan-M2", "GLM-4.6", "Kimi-K2.5", "MiniMax-M2", "MiniMax-M2.5", "MiniMax-M2.7", "Qwen3-Instruct",
    "Qwen3-Next-Thinking", "Qwen3-Omni-Instruct", "Qwen3-Omni-Thinking", "Qwen3-VL-Thinking", "gemma4", "gemma4_v3",
    "gemma4_v4", "glm-4.5", "glm-4.5v", "glm4moe", "gptoss", "minicpm5-1b", "qwen3",
}  # fmt: skip
"""They leave out what was thought before the user's last words, and cannot be told not to."""


@pytest.mark.parametrize(
    ("thinking", "expected"), [(False, MOVE_TOOLS | DROP_EMPTY_THOUGHTS), (True, MOVE_TOOLS | DROP_OLD_THOUGHTS)]
)
def test_one_more_question_keeps_all_that_is_cached_but_where_templates_rewrite_the_past(
    thinking: bool, expected: set[str]
) -> None:
    assert {name for name in templates() if not kept(*grown(name, thinking, "question"))} == expected


BEGIN_ANSWERS_DIFFERENTLY = {
    "Baichuan-M2", "DeepSeek-V3.2-Exp", "KAT-V1", "MiniMax-M2", "MiniMax-M2.5", "MiniMax-M2.7", "QwQ-32B",
    "Qwen3-Next-Thinking", "Qwen3-Omni-Instruct", "Qwen3-Omni-Thinking", "Qwen3-VL-Thinking", "baichuan-2-chat",
    "deepseek-v3", "deepseek_r1_distill", "deepseekv3", "minicpm5-1b", "qwen3", "seed-oss",
}  # fmt: skip
"""Without a thought, an awaited answer begins with marks of thinking that they leave out of it later."""


def test_without_thinking_the_whole_prompt_is_kept_where_answers_begin_as_they_are_shown_later() -> None:
    changed = {name for name in templates() if not (two := grown(name, False, "call"))[1].startswith(two[0])}
    assert changed == BEGIN_ANSWERS_DIFFERENTLY


OPENED_BY_THE_TEMPLATE = {
    "DeepSeek-V3.2", "DeepSeek-V3.2-Exp", "Deepseek-V3.1", "Kimi-K2.5", "MiniMax-M2", "Qwen3-Next-Thinking", "qwen3_6",
}  # fmt: skip


def test_it_is_known_where_a_thought_stands_open() -> None:
    asked, resting = chat(user("user 1"), thinking=Thinking(on=True)), chat(user("user 1"))
    for name in OPENED_BY_THE_TEMPLATE:
        assert rendered(name, asked).thought == "open", name
    for name in ("qwen3", "glm-4.5", "gemma4_v5", "seed-oss"):
        assert (rendered(name, asked).thought, rendered(name, resting).thought) == ("free", "none"), name
    for name in ("qwen2_5", "llama3_1", "gemma3", "mistral-large-instruct", "phi3"):
        assert (rendered(name, asked).thought, rendered(name, resting).thought) == ("none", "none"), name
    assert rendered("MiniMax-M2", resting).thought == "open"


@pytest.mark.parametrize(("effort", "word"), [("low", "low"), ("medium", "medium"), ("high", "high"), (None, "medium")])
def test_the_effort_is_told_in_the_words_of_the_family(effort: str | None, word: str) -> None:
    asked = chat(user("user 1"), thinking=Thinking(on=True, effort=effort))
    assert f"Reasoning: {word}\n" in rendered("gpt-oss", asked).text
    assert "Reasoning: low\n" in rendered("gpt-oss", chat(user("user 1"))).text
    assert rendered("qwen3_8", asked).text  # It knows no "high" and refuses words that it does not know.


def test_a_model_may_have_a_budget() -> None:
    asked = chat(user("user 1"), thinking=Thinking(on=True, budget=512))
    assert "within 512 tokens" in rendered("seed-oss", asked).text


TOOLS_IN_WORDS = {"phi3", "gemma3", "llama3", "qwen2_5_vl", "cohere2", "lfm2", "glm4-0414", "deepseek_r1_distill"}
TOOLS_OF_ITS_OWN = {
    "qwen2_5", "qwen3", "Qwen3-Coder", "glm-4.5", "GLM-4.7-Flash", "gemma4_v5", "mistral-large-instruct", "llama3_1",
    "Deepseek-V3.1", "deepseek-r1-0528", "Kimi-K2.5", "MiniMax-M2", "gpt-oss", "gptoss", "seed-oss", "nemotron_3_nano",
    "lfm2_v2", "qwen3_6", "llama3_2",
}  # fmt: skip


def test_only_templates_that_know_no_tools_get_them_in_words() -> None:
    assert {name for name in TOOLS_IN_WORDS if not template(name).tools_in_words} == set()
    assert {name for name in TOOLS_OF_ITS_OWN if template(name).tools_in_words} == set()


@pytest.mark.parametrize("name", ["qwen2_5", "qwen3", "Kimi-K2.5", "gpt-oss", "Deepseek-V3.1", "phi3"])
def test_calls_are_shown_as_the_model_wrote_them(name: str) -> None:
    written = Written('{"b":1,  "a":5.0}')
    asked = chat(user("user 1"), said(ToolCall("toolu_1", "tool_1", {"a": 5, "b": 1}, written)), user(result(1)))
    assert written.input in rendered(name, asked).text
