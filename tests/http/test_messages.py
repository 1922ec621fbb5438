"""`/v1/messages` with the official SDK, its answers parsed strictly, against a script."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import pytest
from anthropic.types import Message, RawMessageStreamEvent
from pydantic import TypeAdapter

from server import TOKEN, Server

TOOL: Any = {"name": "Read", "description": "Read a file", "input_schema": {"type": "object"}}
EVENT: TypeAdapter[RawMessageStreamEvent] = TypeAdapter(RawMessageStreamEvent)


def request(content: Any = "hello", **more: Any) -> dict[str, Any]:
    return {"model": "claude-test", "max_tokens": 1000, "messages": [{"role": "user", "content": content}], **more}


def events(server: Server, body: dict[str, Any]) -> list[Any]:
    """The stream's events; each must be one of the SDK's types, to the letter."""
    text = server.post(body | {"stream": True}).text
    parsed = []
    for block in text.strip().split("\n\n"):
        name, data = block.split("\n")
        event = json.loads(data.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        if event["type"] not in ("ping", "error"):
            EVENT.validate_python(event, strict=True)
        parsed.append(event)
    return parsed


def test_the_order_of_events(server: Server) -> None:
    kinds = [event["type"] for event in events(server, request()) if event["type"] != "ping"]
    assert kinds[:2] == ["message_start", "content_block_start"]
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    assert set(kinds[2:-3]) == {"content_block_delta"}


def test_a_whole_answer_is_the_fold_of_the_stream(server: Server) -> None:
    answer = server.post(request()).json()
    Message.model_validate(answer, strict=True)
    text = "".join(
        event["delta"]["text"] for event in events(server, request()) if event["type"] == "content_block_delta"
    )
    assert answer["content"] == [{"type": "text", "text": text, "citations": None}]
    assert text == "Hello from the script."


def test_a_call_comes_back_as_a_block_between_dense_indices(server: Server) -> None:
    stream = events(server, request("call Read", tools=[TOOL]))
    starts = [(event["index"], event["content_block"]["type"]) for event in stream if "content_block" in event]
    assert starts == [(0, "text"), (1, "tool_use")]
    parts = [event["delta"]["partial_json"] for event in stream if "partial_json" in event.get("delta", {})]
    assert json.loads("".join(parts)) == {"path": "a"}
    assert stream[-2]["delta"]["stop_reason"] == "tool_use"


def test_a_tool_loop_with_the_sdk(server: Server) -> None:
    with server.sdk() as client:
        messages: list[Any] = [{"role": "user", "content": "call Read"}]
        first = client.messages.create(model="claude-test", max_tokens=99, messages=messages, tools=[TOOL])
        call = first.content[1]
        assert call.type == "tool_use" and call.input == {"path": "a"} and call.id.startswith("toolu_")
        messages.append({"role": "assistant", "content": first.content})
        result = {"type": "tool_result", "tool_use_id": call.id, "content": "hello"}
        messages.append({"role": "user", "content": [result]})
        second = client.messages.create(model="claude-test", max_tokens=99, messages=messages, tools=[TOOL])
    assert second.content[0].type == "text" and second.content[0].text == "The file says hello."
    assert second.stop_reason == "end_turn"


def test_max_tokens_cuts_and_says_so(server: Server) -> None:
    answer = server.post(request(max_tokens=5)).json()
    assert answer["content"][0]["text"] == "Hello"
    assert (answer["stop_reason"], answer["usage"]["output_tokens"]) == ("max_tokens", 5)


def test_no_tokens_at_all_fill_the_cache(server: Server) -> None:
    answer = server.post(request(max_tokens=0)).json()
    assert (answer["content"], answer["stop_reason"], answer["usage"]["output_tokens"]) == ([], "max_tokens", 0)


def test_a_stop_sequence_ends_the_answer(server: Server) -> None:
    answer = server.post(request("count to five", stop_sequences=["thr", "nothing"])).json()
    assert answer["content"][0]["text"] == "one two "
    assert (answer["stop_reason"], answer["stop_sequence"]) == ("stop_sequence", "thr")


def test_a_failure_in_the_stream_is_an_event_and_otherwise_a_status(server: Server) -> None:
    stream = events(server, request("fail now"))
    assert stream[-1]["type"] == "error" and stream[-1]["error"]["type"] == "overloaded_error"
    assert "no such luck" in stream[-1]["error"]["message"]
    answer = server.post(request("fail now"))
    assert answer.status_code == 503
    assert 1 <= int(answer.headers["retry-after"]) <= 55


def test_headers_and_a_ping_come_before_the_first_token(server: Server) -> None:
    body = json.dumps(request("sleep first", stream=True))
    with httpx2.stream(
        "POST", server.url + "/v1/messages", content=body, headers={"x-api-key": TOKEN}, trust_env=False
    ) as answer:
        assert answer.status_code == 200
        first = next(answer.iter_text())
    assert first.startswith(("event: ping", "event: message_start"))


@pytest.mark.parametrize(
    "message", [{"role": "user", "content": ""}, {"role": "user", "content": []}, {"role": "assistant", "content": "I"}]
)
def test_odd_but_legal_messages_are_answered(server: Server, message: Any) -> None:
    assert server.post(request() | {"messages": [message]}).status_code == 200


def test_sampling_is_accepted_from_the_sdk(server: Server) -> None:
    with server.sdk() as client:
        client.messages.create(
            model="claude-test",
            max_tokens=9,
            messages=[{"role": "user", "content": "hello"}],
            extra_body={"temperature": 0.5, "top_p": 0.9, "top_k": 40},
        )
        with pytest.raises(anthropic.BadRequestError, match="temperature"):
            client.messages.create(
                model="claude-test",
                max_tokens=9,
                messages=[{"role": "user", "content": "hello"}],
                extra_body={"temperature": 3},
            )


def test_a_model_that_repeats_itself_is_not_waited_for(tmp_path: Path, serve: Callable[..., Server]) -> None:
    script = tmp_path / "loop.json"
    endless = ["Well. ", *["and so on "] * 400, {"sleep": 600}]
    script.write_text(json.dumps({"replies": [{"when": "Enough", "steps": ["Yes."]}, {"steps": endless}]}))
    server = serve(script, engine__parallel=1)
    ask = {"model": "claude-x", "max_tokens": 30_000, "messages": [{"role": "user", "content": "Go on."}]}
    answer = server.post(ask).json()
    said, note = answer["content"][0]["text"].split("\n\n")
    assert answer["stop_reason"] == "end_turn" and "over and over" in note
    assert said.startswith("Well. and so on and so on ") and answer["usage"]["output_tokens"] < 4000
    # Its place is free.
    answer = server.post(ask | {"messages": [{"role": "user", "content": "Enough?"}]}).json()
    assert answer["content"][0]["text"] == "Yes."
