"""What memory costs and what was thought of it: `python benchmarks/memory.py MODEL.gguf ...`.

First the time of one look at the machine's memory and of one admission, and a crowd of clients in a shortage. Then, for
each model: what was planned and what its worker really holds, loaded and after long requests, and
the most that it held with one request and with four.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import timeit
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from pensieve.config.load import load_settings
from pensieve.core.vitals import EngineMemory
from pensieve.library.cards import read_card
from pensieve.memory.estimate import load_cost
from pensieve.memory.probe import Probe
from pensieve.supervisor.admission import Admission
from pensieve.supervisor.guard import MemoryGuard
from server import Server, start_server
from shortage import Waves, available_gb, crowd, hog, lines_below, settled

MB = 1_000_000
ROUNDS = 2000
CLIENTS, REQUESTS = 64, 200
QUESTION = {"model": "claude-x", "max_tokens": 30}
SHAPES = [(8192, 1), (8192, 4), (32768, 1), (32768, 4)]


def times() -> None:
    """Microseconds of what happens four times a second, and of what each request waits for."""
    probe = Probe()
    guard = MemoryGuard(load_settings({}).memory, probe)

    async def admissions() -> float:
        admission = Admission(4, 64, guard.snapshot, EngineMemory, lambda number: None)
        return timeit.timeit(lambda: admission.admit(1).release(), number=ROUNDS)

    looks = timeit.timeit(guard.look, number=ROUNDS)
    print(f"one look at the machine's memory: {looks / ROUNDS * 1e6:.0f} us")
    print(f"one admission: {asyncio.run(admissions()) / ROUNDS * 1e6:.1f} us")


def measure(model: Path, context: int, parallel: int) -> None:
    card, settings = read_card(str(model)), load_settings({})
    planned = load_cost(card, context, parallel, settings.engine.batch).total
    with tempfile.TemporaryDirectory() as place:
        server = start_server(
            model, Path(place) / "server", engine__context=context, engine__parallel=parallel, engine__cache_mb=0
        )
        try:
            _measure(server, model.stem, context, parallel, planned)
        finally:
            server.stop()


def _measure(server: Server, name: str, context: int, parallel: int, planned: int) -> None:
    worker = server.worker()
    loaded = held(worker)
    words = "word " * min(context // 8, 3000)
    body: dict[str, Any] = {"model": "claude-x", "max_tokens": 64, "messages": [{"role": "user", "content": words}]}
    one = crowd(server, 1, 2, body).worker_peak
    four = crowd(server, 4, 8, body).worker_peak
    settled(worker)
    filled = held(worker)
    print(
        f"{name}, {parallel} x {context:,}: planned {planned / MB:.0f} MB, loaded {loaded / MB:.0f}, "
        f"after requests {filled / MB:.0f} ({filled / planned:.2f} of the plan); "
        f"its own at most: 1 request {one / MB:.0f}, 4 requests {four / MB:.0f} ({four / one:.2f})"
    )


def shortage(model: Path) -> None:
    """Many clients with long prompts, while another program takes and frees memory beside the server."""
    lines = lines_below(available_gb(), warn=1.2, reject=1.8, emergency=3.0)
    body: dict[str, Any] = {**QUESTION, "messages": [{"role": "user", "content": "Read this. " * 1000}]}
    with tempfile.TemporaryDirectory() as place, hog() as program:
        server = start_server(
            model, Path(place) / "server", engine__context=8192, engine__cache_mb=0, engine__queue=12, **lines
        )
        try:
            crowd(server, 8, 24, body)
            worker = server.worker()
            before = settled(worker)
            warn, reject = lines["memory__warn_gb"], lines["memory__reject_gb"]
            waves = Waves(program, [warn + 1, warn - 0.3, reject - 0.3], seconds=2.5)
            waves.start()
            outcome = crowd(server, CLIENTS, REQUESTS, body)
            waves.stop()
            print(
                f"{CLIENTS} clients, {REQUESTS} requests in a shortage: {dict(outcome.answers)}; worker's own "
                f"{before / MB:.0f} MB before, {outcome.worker_peak / MB:.0f} at most, "
                f"{settled(worker) / MB:.0f} after; server at most {outcome.server_peak / MB:.0f} MB"
            )
        finally:
            server.stop()


def held(worker: psutil.Process) -> int:
    """All that it holds, the shown model file included."""
    return int(worker.memory_info().rss)


def main() -> None:
    times()
    shortage(Path(sys.argv[1]))
    for model in map(Path, sys.argv[1:]):
        for context, parallel in SHAPES:
            measure(model, context, parallel)


if __name__ == "__main__":
    main()
