"""`kill -9` in the middle of an answer: it still arrives, whole and the same."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from anthropic import Anthropic

from server import Server, wait_for

pytestmark = pytest.mark.journey

KILLS = 10
ROUNDS = int(os.environ.get("TEST_CRASH_ROUNDS", "1"))
TOKENS = 1500


def ask(number: int, **sampling: float) -> dict[str, Any]:
    return {
        "model": "claude-x",
        "max_tokens": TOKENS,
        "messages": [{"role": "user", "content": f"Tell me story number {number}."}],
        "extra_body": sampling or {"temperature": 0},
    }


def streamed(client: Anthropic, request: dict[str, Any], disturb: Callable[[int], None]) -> tuple[str, Any]:
    """The text as it arrived, and the final message. `disturb` is called with the number of deltas so far."""
    with client.messages.stream(**request) as stream:
        pieces = []
        for piece in stream.text_stream:
            pieces.append(piece)
            disturb(len(pieces))
        return "".join(pieces), stream.get_final_message()


class Killer:
    """Kills the worker as often as asked, each time after some more of the answer has come."""

    def __init__(self, server: Server, kills: int) -> None:
        self.killed: list[int] = []
        self._server = server
        self._kills = kills
        self._next = 20

    def __call__(self, deltas: int) -> None:
        if len(self.killed) >= self._kills or deltas < self._next:
            return
        # A batch may hold many tokens, so the next death must wait for a worker that has resumed this answer.
        worker = self._server.worker()
        if worker.pid in self.killed:
            return
        worker.send_signal(signal.SIGKILL)
        self.killed.append(worker.pid)
        self._next = deltas + 5


@pytest.fixture
def server(tiny_model: Path, serve: Callable[..., Server]) -> Iterator[Server]:
    yield serve(tiny_model)


def test_ten_deaths_in_one_answer_change_nothing(real_model: Path, serve: Callable[..., Server]) -> None:
    server = serve(real_model)
    # On the CPU, MLX is slow, and so is its loading.
    kills, rounds = (KILLS, ROUNDS) if real_model.is_file() else (3, 1)
    with server.sdk() as client:
        for number in range(rounds):
            undisturbed, before = streamed(client, ask(number), lambda deltas: None)
            killer = Killer(server, kills)
            text, after = streamed(client, ask(number), killer)
            assert len(killer.killed) == kills
            assert text == undisturbed
            assert (after.usage.output_tokens, after.stop_reason) == (TOKENS, "max_tokens")
            assert after.usage.output_tokens == before.usage.output_tokens
    assert f"resumes={kills}" in server.log


def test_an_answer_with_chance_in_it_is_whole_too(server: Server) -> None:
    with server.sdk() as client:
        killer = Killer(server, 3)
        text, message = streamed(client, ask(99, temperature=1, top_k=40), killer)
    assert len(killer.killed) == 3
    assert text == message.content[0].text
    assert (message.usage.output_tokens, message.stop_reason) == (TOKENS, "max_tokens")


def test_a_worker_killed_at_rest_is_there_for_the_next_request(server: Server) -> None:
    with server.sdk() as client:
        worker = server.worker()
        worker.kill()
        answer = client.messages.create(**ask(0) | {"max_tokens": 5})
        assert answer.usage.output_tokens == 5
        assert server.worker().pid != worker.pid


def test_a_killed_server_takes_its_worker_with_it(server: Server) -> None:
    worker = server.worker()
    server.process.kill()
    wait_for(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE)


def test_a_model_whose_file_is_deleted_serves_on_until_its_worker_dies(
    tiny_model: Path, tmp_path: Path, serve: Callable[..., Server]
) -> None:
    model = tmp_path / "model.gguf"
    shutil.copy(tiny_model, model)
    server = serve(model)
    asked = {"model": "claude-x", "max_tokens": 4, "messages": [{"role": "user", "content": "Hello"}]}
    model.unlink()
    assert server.post(asked).status_code == 200
    server.worker().send_signal(signal.SIGKILL)
    # The first may reach the worker before its death is known.
    wait_for(lambda: server.post(asked).status_code == 503)
    assert "model.gguf is no longer there" in server.post(asked).json()["error"]["message"]
    assert server.stop() == 0


def test_a_worker_whose_socket_somebody_removed_is_replaced(server: Server) -> None:
    """As what cleans up temporary files does. The library closes an idle connection, and cannot be reached again."""
    worker = server.worker()
    asked = {"model": "claude-x", "max_tokens": 4, "messages": [{"role": "user", "content": "Hello"}]}
    assert server.post(asked).status_code == 200
    connections = len(worker.net_connections("unix"))
    for path in server.temp.rglob("*.sock"):
        path.unlink()
    wait_for(lambda: len(worker.net_connections("unix")) < connections)
    assert server.post(asked).status_code == 200
    assert server.worker().pid != worker.pid
