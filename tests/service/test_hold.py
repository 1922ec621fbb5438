"""A call in a foreign form is held: the job begins anew from the call's name, or from its input, under a grammar.

One that has just been answered is not made again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

import msgspec
import pytest
from llguidance import LLMatcher, LLTokenizer

from pensieve.core.chat import Choice, Tool
from pensieve.core.generation import Chunk, Finish, Prefill
from pensieve.dialects.families import HERMES
from pensieve.dialects.grammar.cache import Grammars
from pensieve.service.answer import RESULT, Answer
from pensieve.service.narrate import Narrator
from pensieve.service.past_calls import CallKey
from pensieve.service.voice import Voice
from pensieve.supervisor.jobs import GoOn

READ = Tool("Read", "", {"type": "object", "properties": {"file_path": {"type": "string"}}})

INPUT = '{"file_path": "a.py"}'
GIT = '```json\n{\n  "name": "Git",\n  "arguments":'
BASH = Tool("Bash", "", {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]})


def new_answer(
    format: dict[str, Any] | None = None, *, held: bool = True, answered: Collection[CallKey] = ()
) -> Answer:
    voice = Voice(HERMES, (READ, BASH), Choice(), format, Grammars(HERMES, {}) if held else None)
    return Answer(Narrator("claude-x", lambda thought: thought), voice, answered=answered)


def fed(answer: Answer, *texts: str) -> list[Any]:
    told = [event for text in texts for event in answer.take([Chunk(text=text, ids=(1,))])]
    events: list[Any] = msgspec.to_builtins(told)
    return events


def wants_to_be_held(answer: Answer) -> bool:
    return answer.is_to_be_held and answer.wants_no_more


def repeats_a_call(answer: Answer) -> bool:
    return answer.repeats_a_call and answer.wants_no_more


def test_a_call_in_a_foreign_form_is_held_from_its_name_on() -> None:
    answer = new_answer()
    answer.take([Chunk(prefill=Prefill(1, 0, 1))])
    assert fed(answer, "I look.") and answer.settle()
    assert not fed(answer, "\n\n", GIT) and not wants_to_be_held(answer)
    assert not fed(answer, " {", '"x": 1}}') and wants_to_be_held(answer)
    go_on = asyncio.run(answer.hold())
    assert f"\n\n{GIT}"[: go_on.keep] == '\n\n```json\n{\n  "name": "'
    matcher = LLMatcher(LLTokenizer("byte"), go_on.grammar)
    written = 'Bash",\n  "arguments": {"command": "git status"}\n}\n```'
    assert matcher.try_consume_tokens(list(written.encode())) == len(written)
    assert not wants_to_be_held(answer)
    assert answer.usage.output_tokens == 3
    fed(answer, *written)
    events = msgspec.to_builtins(answer.take([Chunk(finish=Finish("end"))]))
    assert answer.stop_reason == "tool_use"
    assert [event["content_block"]["name"] for event in events if event["type"] == "content_block_start"] == ["Bash"]


def test_the_input_of_an_offered_tool_is_held_and_its_name_stays() -> None:
    answer = new_answer()
    begun = '{"name": "Bash", "arguments":'
    fed(answer, begun + ' {"cmd')
    assert wants_to_be_held(answer)
    assert asyncio.run(answer.hold()).keep == len(begun)
    fed(answer, ' {"command": "ls"}}')
    answer.take([Chunk(finish=Finish("end"))])
    assert answer.stop_reason == "tool_use"


def test_each_call_of_an_answer_is_held_once() -> None:
    answer = new_answer()
    fed(answer, '{"name": "Bash", "arguments": {')
    asyncio.run(answer.hold())
    fed(answer, ' {"command": "ls"}}\n')
    assert not wants_to_be_held(answer)
    fed(answer, '{"name": "Bash", "arguments": {')
    assert wants_to_be_held(answer)


def test_a_job_that_holds_a_call_begins_anew_where_it_was_held() -> None:
    answer = new_answer()
    fed(answer, GIT + " {")
    go_on = asyncio.run(answer.hold())
    fed(answer, 'Bash", "argu')
    assert answer.go_back() == GoOn(0, go_on.grammar)
    fed(answer, 'Bash", "arguments": {"command": "ls"}}')
    answer.take([Chunk(finish=Finish("end"))])
    assert answer.stop_reason == "tool_use"


def test_an_answer_that_is_to_be_json_is_none_of_calls() -> None:
    answer = new_answer({"type": "object"})
    written = '{"name": "Read", "arguments": {"file_path": "a"}}'
    events = fed(answer, written)
    assert not wants_to_be_held(answer)
    assert "".join(event["delta"]["text"] for event in events if event["type"] == "content_block_delta") == written


def test_the_call_that_has_just_been_answered_is_not_made_again() -> None:
    answer = new_answer(answered={("Read", INPUT)}, held=False)
    assert not fed(answer, f'```json\n{{"name": "Read", "arguments": {INPUT}}}\n```')
    assert not answer.take([Chunk(finish=Finish("end"))])
    assert repeats_a_call(answer)
    text, events = answer.begin_with_the_result()
    assert text == RESULT and not repeats_a_call(answer)
    events += answer.take([Chunk(text=" x is 1.", ids=(1,)), Chunk(finish=Finish("end"))])
    told: list[Any] = msgspec.to_builtins(events)
    assert "".join(e["delta"]["text"] for e in told if e["type"] == "content_block_delta") == f"{RESULT} x is 1."
    assert answer.stop_reason == "end_turn" and answer.usage.output_tokens == 1


@pytest.mark.parametrize(
    "written",
    [
        f'{{"name": "Read", "arguments": {INPUT.replace("a.py", "b.py")}}}',
        f'{{"name": "Bash", "arguments": {INPUT}}}',
        f'I look again.\n{{"name": "Read", "arguments": {INPUT}}}',
        f'<tool_call>\n{{"name": "Read", "arguments": {INPUT}}}\n</tool_call>',
    ],
    ids=["another input", "another tool", "behind words", "the family's own form"],
)
def test_other_calls_are_made(written: str) -> None:
    answer = new_answer(answered={("Read", INPUT)}, held=False)
    fed(answer, written)
    answer.take([Chunk(finish=Finish("end"))])
    assert not repeats_a_call(answer) and answer.stop_reason == "tool_use"
