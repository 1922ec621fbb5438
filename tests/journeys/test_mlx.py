"""What a server on MLX keeps between conversations, with a model whose state cannot be cut."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from make_mlx_model import HYBRID, make_random_model
from server import Server, start_server, wait_for

pytestmark = pytest.mark.journey

SYSTEM = "You are a patient assistant. " * 60


@pytest.fixture(scope="module")
def hybrid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    place = tmp_path_factory.mktemp("hybrid")
    server = start_server(make_random_model(HYBRID, place / "hybrid"), place / "server")
    yield server
    server.stop()


def usage(server: Server, system: str, words: str) -> dict[str, Any]:
    message = {"role": "user", "content": words}
    answer = server.post({"model": "claude-test", "max_tokens": 5, "system": system, "messages": [message]})
    assert answer.status_code == 200, answer.text
    used: dict[str, Any] = answer.json()["usage"]
    return used


def test_a_second_conversation_does_not_read_the_system_prompt_again(hybrid: Server) -> None:
    first = usage(hybrid, SYSTEM, "One?")
    assert first["cache_read_input_tokens"] == 0
    alone = usage(hybrid, "", "Two, and now something longer?")["input_tokens"]
    second = usage(hybrid, SYSTEM, "Two, and now something longer?")
    assert second["cache_read_input_tokens"] > 300
    assert second["input_tokens"] <= alone
    assert usage(hybrid, "Another. " + SYSTEM, "One?")["cache_read_input_tokens"] < 20


def test_it_tells_what_its_memory_holds(hybrid: Server) -> None:
    """By its last heartbeat: that may be a second old."""
    usage(hybrid, "", "Hello?")

    def idle() -> dict[str, Any]:
        memory: dict[str, Any] = hybrid.health()["engine_memory"] or {}
        return memory if memory.get("kept_kv") and not memory["running_kv"] else {}

    memory = wait_for(idle)
    assert memory["peak"] >= memory["active"] > memory["kept_kv"]
    assert memory["kv_per_token"] > 0 and memory["kv_per_job"] > 0
