"""An answer that is silent for long, from a server whose looks come 250 times as often, to the official SDK."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import pytest
from anthropic import APIStatusError

from server import SOON, Server, start_program, wait_for

SILENCE: Any = {"sleep": 1}
CALL = '<tool_call>\n{"name": "Read", "arguments": {"path": "a"}}\n</tool_call>'
TOOLS: list[Any] = [{"name": "Read", "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}}}]
SCRIPT = {
    "replies": [
        {"when": "quick", "steps": ["Here."]},
        {"when": "late text", "steps": [SILENCE, "Good ", "evening."]},
        {"when": "late call", "steps": [SILENCE, CALL]},
        {"when": "held call", "steps": ["I will. ", SILENCE, CALL]},
        {"when": "late end", "steps": [SILENCE, {"fail": "no such luck"}]},
    ]
}


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    place = tmp_path_factory.mktemp("quick")
    story = place / "story.json"
    story.write_text(json.dumps(SCRIPT))
    server = start_program(SOON, story, place / "server", {"engine__parallel": 1})
    yield server
    server.stop()


RAW = ("message_start", "content_block_start", "content_block_delta", "content_block_stop")


def asked(prompt: str, **more: Any) -> dict[str, Any]:
    return {
        "model": "claude-x",
        "max_tokens": 500,
        "messages": [{"role": "user", "content": prompt}],
        "tools": TOOLS,
        **more,
    }


def told(server: Server, **request: Any) -> tuple[list[Any], Any]:
    """The API's events without pings, and the message that the SDK makes of them."""
    events: list[Any] = []
    with server.sdk() as client, client.messages.stream(**request) as stream:
        for event in stream:
            if event.type in RAW:
                events.append(event)
        return events, stream.get_final_message()


def is_empty(event: Any) -> bool:
    return event.type == "content_block_delta" and getattr(event.delta, "text", None) == ""


def shape(events: list[Any]) -> list[str]:
    """Such as `0 text` for a block that begins, `0 ""` for any empty deltas, `0 +` for others, `0 end`."""
    said = [f"{event.index} {_word(event)}" for event in events if event.type != "message_start"]
    return [word for word, _ in groupby(said)]


def _word(event: Any) -> str:
    if event.type == "content_block_delta":
        return '""' if is_empty(event) else "+"
    return "end" if event.type == "content_block_stop" else str(event.content_block.type)


def test_text_goes_on_in_the_block_that_was_opened_for_it(quick: Server) -> None:
    events, message = told(quick, **asked("late text"))
    assert events[0].type == "message_start"
    assert shape(events) == ["0 text", '0 ""', "0 +", "0 end"]
    assert [block.model_dump(exclude_none=True) for block in message.content] == [
        {"type": "text", "text": "Good evening."}
    ]


def test_a_call_closes_that_block_and_the_history_may_hold_it(quick: Server) -> None:
    events, message = told(quick, **asked("late call"))
    assert shape(events) == ["0 text", '0 ""', "0 end", "1 tool_use", "1 +", "1 end"]
    empty, call = message.content
    assert (empty.type, empty.text, call.type, call.input, message.stop_reason) == (
        *("text", "", "tool_use", {"path": "a"}),
        "tool_use",
    )
    # Sent back with the empty block or without, the model sees the same.
    result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "quick"}]}
    said = [block.model_dump(exclude_none=True) for block in message.content]
    first = asked("late call")
    counts = []
    for content in (said, said[1:]):
        messages = [*first["messages"], {"role": "assistant", "content": content}, result]
        body = {"model": "claude-x", "messages": messages, "tools": TOOLS}
        counts.append(quick.post(body, "/v1/messages/count_tokens").json()["input_tokens"])
        assert quick.post({**body, "max_tokens": 500}).status_code == 200
    assert counts[0] == counts[1]


def test_while_a_call_is_held_the_open_block_lives(quick: Server) -> None:
    events, message = told(quick, **asked("held call"))
    assert shape(events) == ["0 text", "0 +", '0 ""', "0 end", "1 tool_use", "1 +", "1 end"]
    assert [block.type for block in message.content] == ["text", "tool_use"]


def test_an_error_comes_through_behind_it(quick: Server) -> None:
    with quick.sdk() as client, pytest.raises(APIStatusError, match="no such luck"):
        seen = [event.type for event in client.messages.create(**asked("late end"), stream=True)]
        assert "content_block_delta" in seen


def test_who_waits_for_a_place_is_kept_too(quick: Server) -> None:
    """Before anybody knows what of the prompt is cached, the start tells all of it; the end, what it was."""
    tokens = quick.post(
        {"model": "claude-x", "messages": asked("quick")["messages"]}, "/v1/messages/count_tokens"
    ).json()
    with quick.sdk() as client:
        first = client.messages.create(**asked("late text"), stream=True)
        wait_for(lambda: quick.health()["running"] == 1)
        request = {**asked("quick"), "tools": []}
        events, _ = told(quick, **request)
        first.close()
    assert events[0].type == "message_start" and events[0].message.usage.input_tokens == tokens["input_tokens"]
    assert shape(events)[:2] == ["0 text", '0 ""'] and shape(events)[-2:] == ["0 +", "0 end"]


def test_an_answer_that_is_not_streamed_has_no_such_block(quick: Server) -> None:
    content = quick.post(asked("late call")).json()["content"]
    assert [block["type"] for block in content] == ["tool_use"]
