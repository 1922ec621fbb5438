"""The server and its worker stop together and go on later, as when a laptop sleeps: nothing is lost and nothing begins
anew."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from server import Server

pytestmark = pytest.mark.journey

LIMIT = 10.0
"""Seconds. A slow machine must not be taken for a worker that hangs."""
ASLEEP = 12.0


@contextmanager
def asleep(*processes: psutil.Process) -> Iterator[None]:
    try:
        for process in processes:
            process.send_signal(signal.SIGSTOP)
        yield
    finally:
        for process in processes:
            process.send_signal(signal.SIGCONT)


def test_an_answer_goes_on_after_a_sleep_with_the_same_worker(real_model: Path, serve: Callable[..., Server]) -> None:
    server = serve(real_model, worker__silence_seconds=LIMIT, worker__hang_seconds=LIMIT, model__idle_unload=LIMIT)
    worker = server.worker()
    # On the CPU, MLX is slow.
    tokens = 2000 if real_model.is_file() else 300
    with (
        server.sdk() as client,
        client.messages.stream(
            model="claude-x", max_tokens=tokens, messages=[{"role": "user", "content": "Tell me a story."}]
        ) as stream,
    ):
        for deltas, _ in enumerate(stream.text_stream):
            if deltas == 5:
                with asleep(psutil.Process(server.process.pid), worker):
                    time.sleep(ASLEEP)
        message = stream.get_final_message()
    assert message.usage.output_tokens == tokens
    assert server.health()["worker_pid"] == worker.pid
    assert "resumes=0" in server.log and "worker_" not in server.log.split("worker_ready")[1]
