"""Whether, how much and how hard the model is to think."""

from __future__ import annotations

from typing import Any

import pytest

from pensieve.core.chat import Thinking
from talk import Message, assistant, meant, result, system, text, use, user

ASKED = [user("go")]
ANSWERED = [user("go"), assistant(use("1")), user(result("1"), text("and?"))]


def thinking(*messages: Message, **fields: Any) -> Thinking:
    return meant(*messages, **fields).chat.thinking


def enabled(budget: int) -> dict[str, Any]:
    return {"type": "enabled", "budget_tokens": budget}


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (None, Thinking()),
        ({"type": "disabled"}, Thinking()),
        ({"type": "adaptive"}, Thinking(True)),
        ({"type": "adaptive", "display": "omitted"}, Thinking(True)),
        (enabled(1024), Thinking(True, 1024)),
        (enabled(3), Thinking(True, 3)),
        (enabled(0), Thinking()),
        ({"type": "between_tools"}, Thinking()),
    ],
)
def test_every_way_to_think(config: Any, expected: Thinking) -> None:
    assert thinking(*ASKED, thinking=config) == expected


@pytest.mark.parametrize(("most", "budget"), [(5000, 4999), (10_000, 9999), (20_000, 10_000), (1, 0), (0, 0)])
def test_thoughts_leave_room_for_an_answer(most: int, budget: int) -> None:
    assert thinking(*ASKED, thinking=enabled(10_000), max_tokens=most) == Thinking(True, budget)


@pytest.mark.parametrize(
    ("messages", "on"),
    [
        (ASKED, False),
        (ANSWERED, True),
        ([*ANSWERED, system("the date")], True),
        ([*ANSWERED, assistant("a"), user("on")], False),
    ],
)
def test_between_tools_is_after_the_result_of_one(messages: list[Message], on: bool) -> None:
    assert thinking(*messages, thinking={"type": "between_tools"}) == Thinking(on)


@pytest.mark.parametrize(
    ("effort", "expected"),
    [("low", "low"), ("medium", "medium"), ("high", "high"), ("xhigh", "high"), ("max", "high"), (None, None)],
)
@pytest.mark.parametrize("config", [{"type": "adaptive"}, {"type": "disabled"}])
def test_every_effort_is_one_that_models_know(effort: Any, expected: Any, config: Any) -> None:
    on = config["type"] == "adaptive"
    assert thinking(*ASKED, thinking=config, output_config={"effort": effort}) == Thinking(on, None, expected)


@pytest.mark.parametrize("config", [{"type": "adaptive"}, enabled(2000)])
def test_an_answer_that_has_begun_is_past_its_thoughts(config: Any) -> None:
    assert thinking(*ASKED, assistant("Well"), thinking=config) == Thinking()
