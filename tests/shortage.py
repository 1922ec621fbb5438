"""A real shortage of memory: a program that takes and frees it, and clients that go on asking meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import psutil

from server import TOKEN, Server

GB = 1_000_000_000
_HOG = """
import sys
held = []
for line in sys.stdin:
    wanted = int(line)
    while sum(map(len, held)) > wanted:
        held.pop()
    while sum(map(len, held)) < wanted:
        held.append(b"1" * min(1 << 24, wanted - sum(map(len, held))))
    print(wanted, flush=True)
"""


class Hog:
    """Another program on the machine, which holds as much memory as it is told to."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._held = 0.0

    def leave(self, gigabytes: float) -> None:
        """Takes or frees as much as makes so much available."""
        self.hold(max(0.0, self._held + available_gb() - gigabytes))

    def hold(self, gigabytes: float) -> None:
        self._held = gigabytes
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{int(gigabytes * GB)}\n")
        self._process.stdin.flush()
        self._process.stdout.readline()


@contextmanager
def hog() -> Iterator[Hog]:
    command = [sys.executable, "-c", _HOG]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Hog(process)
        process.kill()


def lines_below(available: float, warn: float, reject: float, emergency: float) -> dict[str, float]:
    """Settings that draw the lines so many GB below what is available now: the machine itself stays safe."""
    drawn = {"warn": warn, "reject": reject, "emergency": emergency}
    return {f"memory__{name}_gb": round(available - below, 3) for name, below in drawn.items()}


def available_gb() -> float:
    return float(psutil.virtual_memory().available / GB)


def steady_gb() -> float:
    """What is available, once all that was just written is on the disk: until then it does not count."""
    os.sync()
    return available_gb()


@dataclass
class Outcome:
    """What became of all requests, and the most that the worker and the server ever held, in bytes."""

    answers: Counter[str] = field(default_factory=Counter)
    unclean: list[str] = field(default_factory=list)
    worker_peak: int = 0
    server_peak: int = 0


def crowd(server: Server, clients: int, requests: int, body: dict[str, Any]) -> Outcome:
    """So many clients at once, until all requests are done. An answer is full, or a 503 with a time, or unclean."""
    outcome, done = Outcome(), threading.Event()
    watching = threading.Thread(target=_watch, args=(server, outcome, done))
    watching.start()
    with ThreadPoolExecutor(clients) as pool:
        for answer in pool.map(lambda number: _ask(server, body, number), range(requests)):
            outcome.answers[answer.partition(":")[0]] += 1
            if answer.startswith("unclean"):
                outcome.unclean.append(answer)
    done.set()
    watching.join()
    return outcome


def own_bytes(process: psutil.Process) -> int:
    memory = process.memory_info()
    return int(memory.rss - memory.shared)


def _ask(server: Server, body: dict[str, Any], number: int) -> str:
    words = f"Client {number}. {body['messages'][0]['content']}"
    asked = {**body, "messages": [{"role": "user", "content": words}]}
    headers = {"x-api-key": TOKEN}
    answer = httpx2.post(server.url + "/v1/messages", json=asked, headers=headers, timeout=300, trust_env=False)
    if answer.status_code == httpx2.codes.OK:
        content = answer.json()
        full = content["stop_reason"] in ("end_turn", "max_tokens") and content["usage"]["output_tokens"]
        return "full" if full else f"unclean: {content}"
    waits = answer.headers.get("retry-after", "")
    clean = answer.status_code == httpx2.codes.SERVICE_UNAVAILABLE and waits.isdigit() and 1 <= int(waits) <= 55
    return "refused" if clean else f"unclean: {answer.status_code} {waits!r} {answer.text}"


def _watch(server: Server, outcome: Outcome, done: threading.Event) -> None:
    parent = psutil.Process(server.process.pid)
    while not done.wait(0.05):
        outcome.server_peak = max(outcome.server_peak, own_bytes(parent))
        for worker in parent.children():
            try:
                outcome.worker_peak = max(outcome.worker_peak, own_bytes(worker))
            except psutil.NoSuchProcess:
                continue


class Waves(threading.Thread):
    """Memory that comes and goes beside the server: of each level so much is left available, for so many seconds."""

    def __init__(self, program: Hog, levels: list[float], seconds: float) -> None:
        super().__init__(daemon=True)
        self._program = program
        self._levels = levels
        self._seconds = seconds
        self._stopped = threading.Event()

    def run(self) -> None:
        while True:
            for level in self._levels:
                self._program.leave(level)
                if self._stopped.wait(self._seconds):
                    self._program.hold(0)
                    return

    def stop(self) -> None:
        self._stopped.set()
        self.join()


def settled(process: psutil.Process, seconds: float = 3.0) -> int:
    """What a process holds once it has come to rest: the least within some seconds."""
    deadline, least = time.monotonic() + seconds, own_bytes(process)
    while time.monotonic() < deadline:
        # A process gives memory back when it likes, and tells nobody.
        least = min(least, own_bytes(process))
        time.sleep(0.1)
    return least
