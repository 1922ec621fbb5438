"""The machine runs short of memory, really: a program beside the server takes it. The server says so and lives.

The lines are drawn below what is available now, so that the machine itself is never in danger.
"""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from server import Server, wait_for
from shortage import GB, Waves, available_gb, crowd, hog, lines_below, settled

pytestmark = pytest.mark.journey

DEATHS = int(os.environ.get("TEST_DEATHS", "3"))
CLIENTS, REQUESTS = int(os.environ.get("TEST_CLIENTS", "24")), int(os.environ.get("TEST_REQUESTS", "72"))
QUESTION = {"model": "claude-x", "max_tokens": 30, "messages": [{"role": "user", "content": "Tell me something."}]}
WALL = 1_500_000_000
"""Bytes that the worker may have mapped for itself; beyond them the system gives it none."""


def status(server: Server) -> str:
    found: str = server.health()["memory"]["status"]
    return found


def test_each_line_is_crossed_in_order_and_the_server_comes_back(
    tiny_model: Path, serve: Callable[..., Server]
) -> None:
    lines = lines_below(available_gb(), warn=1.2, reject=2.0, emergency=2.8)
    server = serve(tiny_model, engine__cache_mb=16, engine__context=4096, **lines)
    worker = server.worker()
    assert status(server) == "Safe"
    with hog() as program:

        def leave_until(line: str, condition: Callable[[], bool]) -> None:
            # What else happens on the machine moves the level meanwhile.
            def crossed() -> bool:
                program.leave(lines[f"memory__{line}_gb"] - 0.3)
                return condition()

            wait_for(crossed)

        leave_until("warn", lambda: status(server) == "Warning")
        assert server.post(QUESTION).status_code == 200
        leave_until("reject", lambda: status(server) == "Critical")
        refused = server.post(QUESTION)
        assert (refused.status_code, refused.json()["error"]["type"]) == (503, "overloaded_error")
        assert 1 <= int(refused.headers["retry-after"]) <= 55
        assert worker.is_running(), "what runs goes on"
        leave_until("emergency", lambda: server.health()["status"] == "short_of_memory")
        wait_for(lambda: not worker.is_running())
        assert server.post(QUESTION).status_code == 503
    wait_for(lambda: server.health()["status"] == "ready")
    assert server.post(QUESTION).status_code == 200
    said = [line.split("state=")[1].split()[0] for line in server.log.splitlines() if " state=" in line]
    assert said[:3] == ["Warning", "Critical", "Emergency"] and said[-1] in ("Warning", "Safe")
    assert server.health()["emergencies"] == 1 and server.health()["refused"]["memory"] == 2


def test_a_crowd_in_a_shortage_gets_full_answers_or_clean_refusals(
    tiny_model: Path, serve: Callable[..., Server]
) -> None:
    lines = lines_below(available_gb(), warn=1.2, reject=1.8, emergency=3.0)
    # Of the crowd, a quarter has a place or may wait for one.
    server = serve(
        tiny_model, engine__cache_mb=0, engine__context=8192, engine__queue=max(1, CLIENTS // 4 - 4), **lines
    )
    worker = server.worker()
    resource.prlimit(worker.pid, resource.RLIMIT_DATA, (WALL, WALL))
    body: dict[str, Any] = {**QUESTION, "messages": [{"role": "user", "content": "Read this. " * 1000}]}
    crowd(server, 8, 24, body)
    idle = settled(worker)
    with hog() as program:
        drawn = [lines[f"memory__{line}_gb"] for line in ("warn", "reject")]
        waves = Waves(program, [drawn[0] + 1, drawn[0] - 0.3, drawn[1] - 0.3], seconds=2.5)
        waves.start()
        outcome = crowd(server, CLIENTS, REQUESTS, body)
        waves.stop()
    assert outcome.unclean == []
    assert sum(outcome.answers.values()) == REQUESTS and outcome.answers["full"] > 0
    assert server.worker().pid == worker.pid, "nobody killed it"
    assert outcome.worker_peak < WALL
    assert settled(worker) <= 1.05 * idle
    assert server.health()["running"] == server.health()["waiting"] == 0


def test_a_model_that_cannot_fit_is_refused_with_the_numbers(tiny_model: Path, serve: Callable[..., Server]) -> None:
    with pytest.raises(AssertionError, match=r"needs 0\.\d GB with 4,096 tokens, and 0\.0 GB can be had"):
        serve(tiny_model, memory__warn_gb=1_000_000)


def test_four_requests_share_one_model(tiny_model: Path, serve: Callable[..., Server]) -> None:
    server = serve(tiny_model, engine__cache_mb=0, engine__context=8192)
    body: dict[str, Any] = {**QUESTION, "messages": [{"role": "user", "content": "Read this. " * 1000}]}
    crowd(server, 1, 1, body)
    one, four = crowd(server, 1, 4, body).worker_peak, crowd(server, 4, 8, body).worker_peak
    assert len(psutil.Process(server.process.pid).children()) == 1
    assert four <= 1.1 * one


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGSTOP])
def test_a_worker_that_is_ended_or_stopped_again_and_again(
    end: signal.Signals, tiny_model: Path, serve: Callable[..., Server]
) -> None:
    server = serve(tiny_model, worker__silence_seconds=1.5)
    asked = {**QUESTION, "max_tokens": 1500, "temperature": 0}
    whole = server.post(asked).json()["content"][0]["text"]
    tries = 0
    with server.sdk() as client:
        # A client that reads late may send death to a worker that has ended its answer: that one does not count.
        while server.health()["resumes"] < DEATHS:
            tries += 1
            with client.messages.stream(
                model="claude-x",
                max_tokens=1500,
                messages=[{"role": "user", "content": "Tell me something."}],
                extra_body={"temperature": 0},
            ) as stream:
                pieces = []
                for piece in stream.text_stream:
                    pieces.append(piece)
                    if len(pieces) == 5:
                        server.worker().send_signal(end)
            assert "".join(pieces) == whole
            assert tries <= 2 * DEATHS
    health = server.health()
    assert health["resumes"] == DEATHS <= health["restarts"] <= tries


def test_a_worker_that_takes_ever_more_again_and_again(tmp_path: Path, serve: Callable[..., Server]) -> None:
    words = [f"word{number} " for number in range(50)]
    script = tmp_path / "leak.json"
    steps = [*words[:5], {"sleep": 0.1}, {"leak": True}, *words[5:]]
    script.write_bytes(msgspec.json.encode({"replies": [{"steps": steps}]}))
    server = serve(script, engine__cache_mb=0)
    for _ in range(DEATHS):
        answer = server.post({**QUESTION, "max_tokens": 5000})
        assert answer.json()["content"][0]["text"].strip() == "".join(words).strip()
    assert server.health()["restarts"] == server.health()["resumes"] == DEATHS
    assert psutil.virtual_memory().available > GB
