"""A model is shown its earlier calls as it wrote them; which of them have just been answered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pensieve.core.chat import Chat, Choice, Part, Text, ToolCall, ToolResult, Turn
from pensieve.service.calls import CallStore
from pensieve.service.past_calls import PastCalls, find_written, just_answered

READ = '{"file_path": "a.py"}'
FENCED = f'\n\n```json\n{{\n  "name": "Read",\n  "arguments": {READ}\n}}\n```'


@pytest.fixture
def store(tmp_path: Path) -> CallStore:
    return CallStore(tmp_path / "calls.sqlite")


def turn(role: Any, *parts: Part) -> Turn:
    return Turn(role, parts)


def chat(store: CallStore, *behind: Part, id: str = "1", **more: Any) -> Chat:
    """The model says something, calls Read, and gets a result."""
    call = ToolCall(id, "Read", json.loads(READ), find_written(store, id))
    said = turn("assistant", Text("I look."), call)
    return Chat("", (turn("user", Text("go")), said, turn("user", ToolResult(id, "Read", "x = 1"), *behind)), **more)


def texts(shown: Chat) -> list[str]:
    assert not any(isinstance(part, ToolCall | ToolResult) for turn in shown.turns for part in turn.parts)
    return [turn.text for turn in shown.turns]


def test_a_call_in_another_form_is_shown_to_its_model_to_the_letter_and_its_result_in_words(store: CallStore) -> None:
    past = PastCalls(store, "m")
    past.keep("1", READ, FENCED)
    asked = chat(store, Text("So?"))
    assert texts(past.shown(asked)) == ["go", f"I look.{FENCED}", "Result of Read:\nx = 1\nSo?"]
    assert PastCalls(store, "another").shown(asked) == asked


def test_a_call_in_the_form_of_the_template_is_left_to_the_template(store: CallStore) -> None:
    past = PastCalls(store, "m")
    past.keep("1", READ, None)
    assert past.shown(chat(store)) == chat(store)


def test_behind_a_result_stands_what_was_asked_unless_the_user_says_something(store: CallStore) -> None:
    past = PastCalls(store, "m")
    past.keep("1", READ, FENCED)
    reminder = Text("<system-reminder>\nOf 5 files.\n</system-reminder>")
    shown = texts(past.shown(chat(store, reminder)))
    assert shown[-1] == f"Result of Read:\nx = 1\n{reminder.text}\n\nI asked: go"
    _, said, result = chat(store).turns
    asked = turn("user", Text(f"{reminder.text}\n{'x' * 1000}"))
    shown = texts(past.shown(Chat("", (asked, said, result))))
    assert shown[-1] == f"Result of Read:\nx = 1\n\nI asked: {'x' * 400}..."


@pytest.mark.parametrize(
    ("asked", "answers"),
    [
        ("Read a.py and tell me what it does", True),
        ("Wer hat das geschrieben?", True),
        ("Run the tests", False),
        ("Which tests fail? Fix them.", False),
    ],
)
def test_a_question_may_be_answered_from_the_result(store: CallStore, asked: str, answers: bool) -> None:
    past = PastCalls(store, "m")
    past.keep("1", READ, FENCED)
    _, *more = chat(store).turns
    shown = texts(past.shown(Chat("", (turn("user", Text(asked)), *more))))
    hint = "\nIf this answers it, answer in words." if answers else ""
    assert shown[-1] == f"Result of Read:\nx = 1\n\nI asked: {asked}{hint}"


def test_several_calls_that_were_written_in_one_stand_there_once(store: CallStore) -> None:
    past = PastCalls(store, "m")
    past.keep("1", READ, f"[{FENCED}, {FENCED}]")
    past.keep("2", READ, "")
    calls = [ToolCall(id, "Read", json.loads(READ), find_written(store, id)) for id in "12"]
    results = [ToolResult(id, "Read", f"result {id}") for id in "12"]
    shown = past.shown(Chat("", (turn("assistant", *calls), turn("user", *results))))
    assert texts(shown) == [f"[{FENCED}, {FENCED}]", "Result of Read:\nresult 1\n\nResult of Read:\nresult 2"]


def test_what_nobody_has_kept_is_shown_in_a_fence_to_a_model_that_calls_so(store: CallStore, tmp_path: Path) -> None:
    past = PastCalls(store, "m")
    unknown = chat(store, id="9")
    assert past.shown(unknown) == unknown
    past.keep("1", READ, FENCED)
    expected = ["go", f"I look.{FENCED[1:]}", "Result of Read:\nx = 1\n\nI asked: go"]
    assert texts(past.shown(unknown)) == expected
    store.close()
    again = CallStore(tmp_path / "calls.sqlite")
    assert texts(PastCalls(again, "m").shown(unknown)) == expected
    assert PastCalls(again, "another").shown(unknown) == unknown
    past = PastCalls(again, "m")
    past.keep("2", READ, None)
    assert past.shown(unknown) == unknown
    again.close()


def test_what_an_earlier_version_has_kept_is_not_known(store: CallStore) -> None:
    store.keep("1", READ)
    assert find_written(store, "1") is None


def test_calls_are_just_answered_until_somebody_says_something(store: CallStore) -> None:
    read = frozenset({("Read", READ)})
    assert just_answered(chat(store)) == read
    assert just_answered(chat(store, Text("<system-reminder>\nOf 5 files.\n</system-reminder>"))) == read
    assert not just_answered(chat(store, Text("Read it again.")))
    assert not just_answered(chat(store, choice=Choice("any")))
    assert not just_answered(chat(store, format={"type": "object"}))
    assert not just_answered(Chat("", (turn("user", Text("go")),)))
