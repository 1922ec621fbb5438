"""Whatever arrives: the right answer or a closed connection, one line in the log, and the server serves on."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from server import TOKEN, Server, wait_for

GOOD: dict[str, Any] = {"model": "claude-x", "max_tokens": 10, "messages": [{"role": "user", "content": "hello"}]}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_x", "content": "hm"}


def changed(**fields: Any) -> bytes:
    return json.dumps({**GOOD, **fields}).encode()


def nested(depth: int) -> dict[str, Any]:
    document: dict[str, Any] = {"type": "text", "text": "deep"}
    for _ in range(depth):
        document = {"type": "document", "source": {"type": "content", "content": [document]}}
    return document


BAD = {
    "not JSON": (b"{", "body: not valid JSON"),
    "not an object": (b"[]", "body: expected object, got array"),
    "not UTF-8": (b'{"model": "\xff"}', "body: not valid UTF-8"),
    "empty": (b"", "body: not valid JSON"),
    "no messages": (json.dumps({"model": "claude-x", "max_tokens": 1}).encode(), "messages: field required"),
    "empty messages": (changed(messages=[]), "messages: expected array of length >= 1"),
    "unknown role": (changed(messages=[{"role": "robot", "content": ""}]), "messages.0.role: invalid enum value"),
    "content of a wrong type": (changed(messages=[{"role": "user", "content": 5}]), "messages.0.content: expected"),
    "text of a wrong type": (
        changed(messages=[{"role": "user", "content": [{"type": "text", "text": 1}]}]),
        "messages.0.content.0.text: expected str, got int",
    ),
    "a result without its call": (changed(messages=[{"role": "user", "content": [RESULT]}]), "messages.0.content.0"),
    "no max_tokens": (json.dumps({k: v for k, v in GOOD.items() if k != "max_tokens"}).encode(), "max_tokens: field"),
    "negative max_tokens": (changed(max_tokens=-1), "max_tokens: expected int >= 0"),
    "an image": (changed(messages=[{"role": "user", "content": [{"type": "image", "source": {}}]}]), "cannot see"),
    "an answer in a form that has begun": (
        changed(
            messages=[*GOOD["messages"], {"role": "assistant", "content": "{"}],
            output_config={"format": {"type": "json_schema", "schema": {"type": "object"}}},
        ),
        "output_config.format: the answer cannot begin",
    ),
    "documents in documents": (changed(messages=[{"role": "user", "content": [nested(200)]}]), "messages: nested too"),
    "a tool twice": (changed(tools=[{"name": "a", "input_schema": {}}] * 2), "tools.1.name"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_wrong_body_names_the_field(server: Server, case: str) -> None:
    body, message = BAD[case]
    answer = server.post(body)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"]) == (400, "invalid_request_error")
    assert message in error["message"]
    request_id = answer.headers["request-id"]
    assert sum(request_id in line for line in server.log.splitlines()) == 1
    assert server.post(GOOD).status_code == 200


IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}}


def test_a_picture_is_refused_and_ends_no_conversation(server: Server) -> None:
    """As Claude Code goes on: with what is said next in the same message, or after an answer."""
    shown = [{"type": "text", "text": "what is this?"}, IMAGE]
    for _ in range(2):
        refused = server.post(changed(messages=[{"role": "user", "content": shown}]))
        assert (refused.status_code, "cannot see" in refused.text) == (400, True)
    gone_on = {"role": "user", "content": [*shown, {"type": "text", "text": "never mind"}]}
    later = [gone_on, {"role": "assistant", "content": "Right."}, {"role": "user", "content": "hello"}]
    assert server.post(changed(messages=[gone_on])).status_code == 200
    assert server.post(changed(messages=later)).status_code == 200


@pytest.mark.parametrize("number", [b"1e400", b"-1e400", b"9" * 5000])
def test_a_number_out_of_range_in_an_old_call_ends_no_conversation(server: Server, number: bytes) -> None:
    call = {"type": "tool_use", "id": "toolu_x", "name": "f", "input": {"a": 7777}}
    messages = [*GOOD["messages"], {"role": "assistant", "content": [call]}, {"role": "user", "content": [RESULT]}]
    body = changed(messages=messages).replace(b"7777", number)
    assert server.post(body).status_code == 200
    assert server.post(body, "/v1/messages/count_tokens").status_code == 200


@pytest.mark.parametrize("number", [2**31, 2**64])
def test_more_tokens_than_an_engine_can_count_are_as_many_as_there_are(server: Server, number: int) -> None:
    thinking = {"type": "enabled", "budget_tokens": number}
    assert server.post(changed(max_tokens=number, top_k=number, thinking=thinking)).status_code == 200


def test_an_old_call_that_is_nested_too_deeply_is_the_clients_fault(
    tiny_model: Path, serve: Callable[..., Server]
) -> None:
    """At each depth another station of the path is the first that it is too deep for."""
    server = serve(tiny_model)
    for depth in range(200, 1000, 50):
        call = {"type": "tool_use", "id": "toolu_x", "name": "f", "input": {"a": json.loads("[" * depth + "]" * depth)}}
        messages = [*GOOD["messages"], {"role": "assistant", "content": [call]}, {"role": "user", "content": [RESULT]}]
        for last in ({"role": "user", "content": "and"}, {"role": "assistant", "content": "Well"}):
            body = changed(messages=[*messages, last])
            answer, count = server.post(body), server.post(body, "/v1/messages/count_tokens")
            assert (answer.status_code, count.status_code) in ((200, 200), (400, 400)), (depth, answer.text, count.text)
            assert depth < 900 or "nested too deeply" in answer.json()["error"]["message"]


def test_a_long_word_of_the_client_is_not_repeated_at_length(server: Server) -> None:
    before = len(server.log)
    for length in (3000, 1_000_000):
        long = "x" * length
        answer = server.post(changed(model=long))
        assert answer.status_code == 404 and "There are: story" in answer.json()["error"]["message"]
        result = RESULT | {"tool_use_id": long}
        choice = {"type": "tool", "name": long}
        named = [{"name": "a", "input_schema": {}}]
        for body in (
            changed(messages=[{"role": "user", "content": [result]}]),
            changed(messages=[{"role": long, "content": "x"}]),
            changed(tools=named, tool_choice=choice),
            changed(tools=named, tool_choice={"type": long}),
            changed(tools=[{"name": long, "input_schema": {}}]),
            changed(thinking={"type": long}),
            changed(output_config={"effort": long}),
        ):
            sent = server.post(body)
            assert len(sent.content) < 400, sent.content
        assert len(answer.content) < 400
    for path in ("/v1/models/", "/"):
        answer = httpx2.get(server.url + path + "x" * 3000, headers={"x-api-key": TOKEN}, trust_env=False)
        assert answer.status_code == 404 and len(answer.content) < 400
    answer = httpx2.request("X" * 300, server.url + "/health", trust_env=False)
    assert answer.status_code in (400, 405) and len(answer.content) < 400
    tools = [{"type": "z\nforged", "name": "z"}]
    assert server.post(changed(tools=tools)).status_code == 200
    assert len(server.log) < before + 30_000 and "\nforged" not in server.log


SCHEMAS = {
    "a bound of many digits": {"type": "object", "properties": {"n": {"type": "integer", "maximum": 10**400}}},
    "a deep constant": {"type": "object", "properties": {"n": {"const": json.loads("[" * 450 + "]" * 450)}}},
}


@pytest.mark.parametrize("case", SCHEMAS)
def test_a_schema_that_nobody_can_mean_is_relaxed(server: Server, case: str) -> None:
    tools = [{"name": "odd", "input_schema": SCHEMAS[case]}]
    assert server.post(changed(tools=tools)).status_code == 200


def test_an_unknown_model_is_404(server: Server) -> None:
    answer = server.post(changed(model="gpt-4"))
    assert (answer.status_code, answer.json()["error"]["type"]) == (404, "not_found_error")
    assert "story" in answer.json()["error"]["message"]


def test_a_prompt_longer_than_the_window_has_the_words_that_make_the_client_compact(server: Server) -> None:
    answer = server.post(changed(messages=[{"role": "user", "content": "x" * 1_000_100}], stream=True))
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("prompt is too long: 1000")
    assert answer.json()["error"]["message"].endswith(" tokens > 999999 maximum")


def test_a_body_over_the_limit_is_413_whether_declared_or_not(script: Path, serve: Callable[..., Server]) -> None:
    server = serve(script, server__body_limit_mb=1)
    declared = (
        f"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nx-api-key: {TOKEN}\r\nContent-Length: 209715200\r\n\r\n"
    )
    assert b"413" in exchange(server, declared.encode())
    chunked = (
        f"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nx-api-key: {TOKEN}\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    answer = exchange(server, chunked.encode() + chunk * 17)
    assert b"413" in answer and b"request_too_large" in answer
    assert server.post(GOOD).status_code == 200


def test_200_megabytes_do_not_fill_the_server(server: Server) -> None:
    answer = server.post(b"x" * 200 * 1024 * 1024)
    assert (answer.status_code, answer.json()["error"]["type"]) == (413, "request_too_large")
    assert server.post(GOOD).status_code == 200


def test_half_a_request_and_then_silence(script: Path, serve: Callable[..., Server]) -> None:
    server = serve(script, server__idle_seconds=0.5)
    head = f"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nx-api-key: {TOKEN}\r\nContent-Length: 100\r\n\r\n"
    assert b"408" in exchange(server, head.encode() + b'{"model":')
    assert exchange(server, b"POST /v1/mess") == b""
    assert exchange(server, b"") == b""
    hello = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert exchange(server, hello + b"GET /heal").count(b"HTTP/1.1") == 1
    assert server.post(GOOD).status_code == 200


@pytest.mark.parametrize(
    "junk", [b"\x00" * 100, b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 50]
)
def test_what_is_not_http_is_refused(server: Server, junk: bytes) -> None:
    assert exchange(server, junk + b"\r\n\r\n").startswith(b"HTTP/1.1 400")
    assert server.post(GOOD).status_code == 200


def test_a_thousand_idle_connections_keep_nobody_out(script: Path, serve: Callable[..., Server]) -> None:
    server = serve(script, server__idle_seconds=3)
    with contextlib.ExitStack() as stack:
        idle = [stack.enter_context(socket.create_connection(("127.0.0.1", server.port))) for _ in range(1000)]
        assert server.post(GOOD).status_code == 200
        for connection in idle:
            connection.settimeout(30)
            assert connection.recv(1) == b""
    assert server.post(GOOD).status_code == 200


def test_more_than_run_wait_and_more_than_wait_are_refused(script: Path, serve: Callable[..., Server]) -> None:
    server = serve(script, engine__parallel=1, engine__queue=1)
    body = changed(messages=[{"role": "user", "content": "never end"}], stream=True)
    open_ones = [opened(server, body) for _ in range(2)]
    wait_for(lambda: (server.health()["running"], server.health()["waiting"]) == (1, 1))
    answer = server.post(GOOD)
    assert (answer.status_code, answer.json()["error"]["type"]) == (503, "overloaded_error")
    assert 1 <= int(answer.headers["retry-after"]) <= 55
    for connection in open_ones:
        connection.close()
    wait_for(lambda: (server.health()["running"], server.health()["waiting"]) == (0, 0))
    assert server.post(GOOD).status_code == 200


def test_short_memory_refuses_with_a_time(script: Path, serve: Callable[..., Server]) -> None:
    server = serve(script, memory__warn_gb=1_000_000, memory__reject_gb=1_000_000)
    answer = server.post(GOOD)
    assert (answer.status_code, answer.json()["error"]["type"]) == (503, "overloaded_error")
    assert 1 <= int(answer.headers["retry-after"]) <= 55
    memory = server.health()["memory"]
    assert (memory["status"], memory["accepting_requests"]) == ("Critical", False)


def opened(server: Server, body: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port))
    head = f"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nx-api-key: {TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body)
    assert connection.recv(12) == b"HTTP/1.1 200"
    return connection


def exchange(server: Server, data: bytes) -> bytes:
    """Sends bytes and reads until the server closes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        received = b""
        with contextlib.suppress(ConnectionError):
            connection.sendall(data)
        with contextlib.suppress(ConnectionError):
            while part := connection.recv(65536):
                received += part
                if b'"request_id"' in received:
                    break
        return received
