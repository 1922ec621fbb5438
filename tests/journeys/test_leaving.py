"""Clients that leave, and a server that is told to: nothing goes on for nobody, nothing is left behind."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from server import Server, open_request, wait_for

pytestmark = pytest.mark.journey

FOREVER: dict[str, Any] = {
    "model": "claude-x",
    "max_tokens": 30_000,
    "temperature": 0,
    "messages": [{"role": "user", "content": "Tell me everything."}],
}


def idle(server: Server) -> bool:
    health = server.health()
    return (health["running"], health["waiting"]) == (0, 0)


@pytest.mark.parametrize("streaming", [True, False])
def test_a_client_that_leaves_frees_its_place(real_model: Path, serve: Callable[..., Server], streaming: bool) -> None:
    server = serve(real_model, engine__parallel=1)
    connection = open_request(server, FOREVER | {"stream": streaming})
    wait_for(lambda: server.health()["running"] == 1)
    connection.close()
    wait_for(lambda: idle(server), seconds=1)
    # The only slot of the engine is free as well: a small request is answered, long before 30,000 tokens are.
    assert server.post(FOREVER | {"max_tokens": 3}).json()["usage"]["output_tokens"] == 3
    assert "stop_reason=client_gone" in server.log


def test_a_client_that_leaves_in_the_prefill_frees_its_place(real_model: Path, serve: Callable[..., Server]) -> None:
    server = serve(real_model, engine__parallel=1, engine__context=131072)
    long = "A very long story. " * 20_000
    connection = open_request(server, FOREVER | {"stream": True, "messages": [{"role": "user", "content": long}]})
    wait_for(lambda: server.health()["running"] == 1)
    connection.close()
    answer = server.post(FOREVER | {"max_tokens": 3})
    assert answer.json()["usage"]["output_tokens"] == 3
    assert "first_token_ms=None" in next(line for line in server.log.splitlines() if "client_gone" in line)


def test_a_client_that_leaves_the_queue_is_forgotten(tiny_model: Path, serve: Callable[..., Server]) -> None:
    server = serve(tiny_model, engine__parallel=1)
    first = open_request(server, FOREVER | {"stream": True})
    wait_for(lambda: server.health()["running"] == 1)
    second = open_request(server, FOREVER | {"stream": True})
    wait_for(lambda: server.health()["waiting"] == 1)
    second.close()
    wait_for(lambda: server.health()["waiting"] == 0)
    first.close()
    wait_for(lambda: idle(server))


def test_sigterm_lets_a_running_answer_end(real_model: Path, serve: Callable[..., Server]) -> None:
    server = serve(real_model)
    worker = server.worker()
    answers: list[Any] = []
    asking = threading.Thread(target=lambda: answers.append(server.post(FOREVER | {"max_tokens": 1500}).json()))
    asking.start()
    wait_for(lambda: server.health()["running"] == 1)
    # As it comes when a terminal or a session is closed: to all of its processes.
    worker.terminate()
    server.process.send_signal(signal.SIGTERM)
    asking.join(60)
    assert answers[0]["usage"]["output_tokens"] == 1500
    assert "resumes=0" in server.log
    assert server.process.wait(30) == 0
    nothing_is_left(server, worker)


def test_a_server_that_is_killed_leaves_nothing_either(tiny_model: Path, serve: Callable[..., Server]) -> None:
    server = serve(tiny_model)
    worker = server.worker()
    server.process.kill()
    server.process.wait(30)
    wait_for(lambda: not worker.is_running() and not list(server.temp.iterdir()))


def test_sigterm_ends_an_endless_stream_in_words(real_model: Path, serve: Callable[..., Server]) -> None:
    server = serve(real_model, server__drain_seconds=0.5)
    worker = server.worker()
    connection = open_request(server, FOREVER | {"stream": True})
    connection.recv(1000)
    server.process.send_signal(signal.SIGTERM)
    received = b""
    with connection:
        while part := connection.recv(65536):
            received = (received + part)[-3000:]
    assert b"event: error" in received and b"overloaded_error" in received and b"stopping" in received
    assert server.process.wait(30) == 0
    nothing_is_left(server, worker)


def test_no_new_requests_while_it_drains(tiny_model: Path, serve: Callable[..., Server]) -> None:
    server = serve(tiny_model, server__drain_seconds=5)
    connection = open_request(server, FOREVER | {"stream": True})
    wait_for(lambda: server.health()["running"] == 1)
    server.process.send_signal(signal.SIGTERM)
    wait_for(lambda: refuses(server.port))
    connection.close()
    assert server.process.wait(30) == 0


def refuses(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


def nothing_is_left(server: Server, worker: psutil.Process) -> None:
    assert not worker.is_running()
    assert list(server.temp.iterdir()) == []
