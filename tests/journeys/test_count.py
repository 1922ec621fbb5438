"""`count_tokens` says what the next answer's usage will say: 50 varied requests."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server import Server, start_server

pytestmark = pytest.mark.journey

TOOLS = [
    {
        "name": "Read",
        "description": "Read a file",
        "input_schema": {"type": "object", "properties": {"p": {"type": "string"}}},
    },
    {"name": "Groesse", "description": '<tool_call> "quoted" 😀', "input_schema": {"$schema": "x", "anyOf": [{}]}},
    {"name": "Later", "description": "deferred", "input_schema": {}, "defer_loading": True},
    {"type": "web_search_20250305", "name": "web_search", "max_uses": 8},
]
CALL = {"type": "tool_use", "id": "toolu_1", "name": "Read", "input": {"p": "a/b.txt", "n": [1, 2.5, None]}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "line\n" * 20}]}
REFERENCE = {**RESULT, "content": [{"type": "tool_reference", "tool_name": "Later"}]}

SYSTEMS: list[Any] = [
    None,
    "You are brief.",
    [{"type": "text", "text": "x-anthropic-billing-header: cc_version=1;"}, {"type": "text", "text": "Rules.\n" * 50}],
]
CONVERSATIONS: list[list[dict[str, Any]]] = [
    [{"role": "user", "content": "hi"}],
    [{"role": "user", "content": "Grüße 😀👩‍👩‍👧 \u200b\ttabs\r\n and <|im_end|> marks"}],
    [{"role": "user", "content": "long " * 3000}],
    [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}],
    [{"role": "user", "content": "Continue: once"}, {"role": "assistant", "content": "Once upon"}],
    [{"role": "user", "content": "a"}, {"role": "system", "content": "environment"}, {"role": "user", "content": "b"}],
    [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": [CALL]},
        {"role": "user", "content": [RESULT]},
    ],
    [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": [CALL]},
        {"role": "user", "content": [REFERENCE]},
    ],
    [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "new_thing", "x": 1}]}],
]


def requests() -> list[dict[str, Any]]:
    varied = []
    for system, messages, tools in itertools.product(SYSTEMS, CONVERSATIONS, ([], TOOLS)):
        body: dict[str, Any] = {"model": "claude-x", "messages": messages, "tools": tools}
        varied.append(body if system is None else body | {"system": system})
    return varied


@pytest.fixture(scope="module")
def server(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = start_server(tiny_model, tmp_path_factory.mktemp("server"))
    yield started
    started.stop()


def test_there_are_fifty() -> None:
    assert len(requests()) >= 50


@pytest.mark.parametrize("number", range(len(requests())))
def test_the_count_is_the_usage(server: Server, number: int) -> None:
    body = requests()[number]
    counted = server.post(body, "/v1/messages/count_tokens").json()["input_tokens"]
    usage = server.post(body | {"max_tokens": 1}).json()["usage"]
    total = usage["input_tokens"] + usage["cache_read_input_tokens"] + usage["cache_creation_input_tokens"]
    assert counted == total > 0
