"""Clients that give up while their prompt is read and come again at once: nothing that was read is read again."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from make_mlx_model import make_mlx_model
from server import Server, open_request, wait_for

pytestmark = pytest.mark.journey

STORY = "".join(f"Line {number}: a story that takes its time to be read.\n" for number in range(140))
PROMPT: dict[str, Any] = {
    "model": "claude-x",
    "max_tokens": 5,
    "temperature": 0,
    "messages": [{"role": "user", "content": STORY}],
}
SETTINGS = {"engine__context": 8192, "engine__batch": 128}
LEAST = 0.95
A_LITTLE = 1.0
"""Seconds of the worker's work."""


@pytest.fixture(params=["llamacpp", "mlx"])
def slow_model(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """One that takes seconds to read the story."""
    if request.param == "mlx":
        return make_mlx_model("tiny", tmp_path / "tiny")
    smollm: Path = request.getfixturevalue("smollm")
    return smollm


def numbers(server: Server, line: str, key: str) -> list[int]:
    return [int(found) for found in re.findall(rf"\b{line} .*?\b{key}=(\d+)", server.log)]


def give_up(server: Server, *, streamed: bool) -> None:
    """A little after the engine has begun, or when the answer is there."""
    turns = len(numbers(server, "turn", "cached_tokens"))

    def has_ended() -> bool:
        return len(numbers(server, "turn", "cached_tokens")) > turns

    worker = server.worker()
    begun = worker.cpu_times().user
    connection = open_request(server, PROMPT | {"stream": streamed})
    if streamed:
        while b"message_start" not in connection.recv(65536):
            pass
    wait_for(lambda: has_ended() or worker.cpu_times().user > begun + A_LITTLE)
    connection.close()
    wait_for(has_ended)


def test_ten_impatient_attempts_cost_one_reading(slow_model: Path, serve: Callable[..., Server]) -> None:
    server = serve(slow_model, **SETTINGS)
    for attempt in range(10):
        give_up(server, streamed=attempt % 2 == 0)
    assert server.post(PROMPT).status_code == 200
    whole, read, looked_at, before = numbers(server, "turn", "prompt_tokens")[0], 0, 0, ""
    for line in server.log.splitlines():
        if found := re.search(r"read_on_ended .*read=(\d+)", line):
            read = max(read, int(found[1]))
        found = re.search(r"turn .*cached_tokens=(\d+)", line)
        # One that left before the engine had begun has found nothing yet.
        if found and not before.endswith("of=0"):
            assert int(found[1]) >= LEAST * min(read, whole - 1)
            looked_at += 0 < read < whole
        before = line
    assert whole > 2000 and looked_at >= 3


def test_an_unrelated_request_is_served_at_once_and_ends_it(slow_model: Path, serve: Callable[..., Server]) -> None:
    server = serve(slow_model, engine__parallel=2, **SETTINGS)
    give_up(server, streamed=True)
    other = PROMPT | {"messages": [{"role": "user", "content": "Hello."}]}
    assert server.post(other).json()["usage"]["cache_read_input_tokens"] < 50
    assert "why=request" in server.log
    (read,), whole = numbers(server, "read_on_ended", "read"), numbers(server, "turn", "prompt_tokens")[0]
    assert read < whole
    assert server.post(PROMPT).json()["usage"]["cache_read_input_tokens"] >= LEAST * read


def test_a_server_that_stops_does_not_wait_for_it(slow_model: Path, serve: Callable[..., Server]) -> None:
    server = serve(slow_model, server__drain_seconds=600, **SETTINGS)
    give_up(server, streamed=True)
    assert "read_on job=" in server.log
    assert server.stop() == 0
