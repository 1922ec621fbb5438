"""From Chunks to the API's events: stop sequences, calls, counts and reasons."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pensieve.core.generation import Chunk, Finish, FinishReason, Prefill
from pensieve.dialects.base import Plain
from pensieve.dialects.hermes import Hermes
from pensieve.service.answer import Answer
from pensieve.wire.answer import Event

CALL = '<tool_call>\n{"name": "Read", "arguments": {"file_path": "a.txt"}}\n</tool_call>'


def answered(
    texts: list[str],
    finish: FinishReason = "end",
    stops: tuple[str, ...] = (),
    tools: bool = True,
    cut: bool = False,
) -> tuple[Answer, list[Any]]:
    answer = Answer("claude-x", (Hermes() if tools else Plain()).reader(), stops, cut)
    chunks = [Chunk(prefill=Prefill(10, 4, 4)), Chunk(prefill=Prefill(10, 4, 10))]
    chunks += [Chunk(text=text, ids=(1,)) for text in texts] + [Chunk(finish=Finish(finish))]
    events: list[Event] = []
    for chunk in chunks:
        events += answer.take([chunk])
    return answer, msgspec.to_builtins(events)


def text_in(events: list[Any]) -> str:
    return "".join(event["delta"].get("text", "") for event in events if event["type"] == "content_block_delta")


def test_the_start_tells_the_real_input() -> None:
    _, events = answered(["hi"])
    usage = events[0]["message"]["usage"]
    assert (usage["input_tokens"], usage["cache_read_input_tokens"], usage["output_tokens"]) == (6, 4, 0)
    assert [event["type"] for event in events].count("message_start") == 1


def test_the_end_counts_every_token_missing_ones_too() -> None:
    answer = Answer("claude-x", Plain().reader(), (), cut=False)
    answer.take([Chunk(prefill=Prefill(3, 0, 3)), Chunk(text="é", ids=(5,), missing=2)])
    answer.take([Chunk(ids=(2,), finish=Finish("end"))])
    assert answer.usage.output_tokens == 4


@pytest.mark.parametrize(
    ("finish", "cut", "texts", "reason"),
    [
        ("end", False, ["hi"], "end_turn"),
        ("end", False, [CALL], "tool_use"),
        ("length", False, ["hi"], "max_tokens"),
        ("length", True, ["hi"], "model_context_window_exceeded"),
        ("length", False, [CALL, "<tool_call>"], "max_tokens"),
    ],
)
def test_reasons(finish: FinishReason, cut: bool, texts: list[str], reason: str) -> None:
    answer, events = answered(texts, finish, cut=cut)
    assert answer.stop_reason == events[-2]["delta"]["stop_reason"] == reason


def test_a_stop_sequence_is_echoed_and_never_sent() -> None:
    answer, events = answered(["one S", "T", "OP two", " three"], stops=("STOP",))
    assert text_in(events) == "one "
    assert events[-2]["delta"] == {"stop_reason": "stop_sequence", "stop_sequence": "STOP"}
    assert answer.output_tokens == 3


def test_what_looked_like_a_stop_sequence_comes_out_at_the_end() -> None:
    _, events = answered(["one ST"], stops=("STOP",))
    assert text_in(events) == "one ST"


def test_without_tools_a_call_is_text() -> None:
    answer, events = answered([CALL], tools=False)
    assert text_in(events) == CALL
    assert answer.stop_reason == "end_turn"


def test_nothing_comes_after_the_end() -> None:
    answer, _ = answered(["a", "STOP"], stops=("STOP",))
    assert answer.take([Chunk(text="late", ids=(1,))]) == []
