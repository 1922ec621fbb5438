"""How many threads compute beside other processes: the rule under tables, the count in the real library."""

from __future__ import annotations

import ctypes
import logging
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pensieve.core.generation import Chunk, Job, Sampling
from pensieve.engines.base import EngineOptions
from pensieve.engines.llamacpp import pace
from pensieve.engines.llamacpp.context import Context, find_context
from pensieve.engines.llamacpp.cores import Cores, Usage
from pensieve.engines.llamacpp.engine import LlamaCppEngine
from pensieve.engines.llamacpp.pace import Pace, Pacer, start_pacer
from pensieve.engines.llamacpp.threads import allowed_cpus
from server import wait_for

LIMIT, PARALLEL = 3, 2


@pytest.mark.parametrize(
    ("limit", "free", "threads"),
    [
        # An idle machine: what serves the stream takes a fifth of a core.
        (2, [2.0, 1.8, 1.9], [2, 2, 2]),
        # A busy process comes: it shares a core with a thread, and then has one for itself; it goes.
        (2, [1.9, 1.4, 1.0, 1.0, 1.8, 1.9], [2, 1, 1, 1, 1, 2]),
        # What runs for a moment only brings no thread back between two of its turns.
        (2, [1.0, 1.9, 1.0, 1.9, 1.2, 1.9], [1, 1, 1, 1, 1, 1]),
        # Between the two limits the count stays what it was.
        (2, [1.7, 1.65, 1.3, 1.7, 1.7, 1.7], [2, 2, 1, 1, 1, 1]),
        # More that is busy than there are cores.
        (2, [1.0, 0.6, 0.0, -0.1], [1, 1, 1, 1]),
        # Eight cores: three processes come one by one, and two go.
        (8, [8.0, 7.5, 6.4, 5.6, 5.0, 5.0, 5.1, 6.9, 7.0], [8, 7, 6, 6, 5, 5, 5, 5, 7]),
        # As many as was calm for long enough, not as in the best moment.
        (8, [4.0, 6.0, 8.0, 8.0], [4, 4, 6, 8]),
        # The user wants fewer than there are: others may have the rest.
        (3, [8.0, 5.0, 3.0, 2.5], [3, 3, 3, 2]),
        (1, [8.0, 0.0], [1, 1]),
    ],
)
def test_as_many_threads_as_others_leave_cores(limit: int, free: list[float], threads: list[int]) -> None:
    rule = Pace(limit)
    assert [rule.next(cores) for cores in free] == threads


def machine(root: Path, busy: dict[int, int], *, quota: str = "", container: int = 0) -> Path:
    """A /proc/stat in which each of these CPUs was so many ticks busy, ten times as many idle, and interrupted."""
    lines = [f"cpu{cpu} {ticks - 5} 1 1 {ticks * 10} 70 1 1 1 0 0" for cpu, ticks in busy.items()]
    total = f"cpu  {sum(busy.values())} 0 0 0 0 0 0 0 0 0"
    for name, text in {
        "proc/stat": "\n".join([total, *lines, "intr 1 2 3", "ctxt 9", ""]),
        "sys/fs/cgroup/cpu.max": quota,
        "sys/fs/cgroup/cpu.stat": f"usage_usec {container}\nuser_usec 5\nsystem_usec 5\n",
    }.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


def test_what_others_use_is_read_from_the_cpus_that_may_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pensieve.engines.llamacpp.cores.allowed_cpus", lambda: {1, 12})
    second = os.sysconf("SC_CLK_TCK")
    cores = Cores(machine(tmp_path, {0: 7, 1: 50, 2: 9, 12: 60}))
    before = cores.usage()
    machine(tmp_path, {0: 7 + 9 * second, 1: 50 + second, 2: 900, 12: 60 + 2 * second})
    after = cores.usage()
    assert after.cpus - before.cpus == pytest.approx(3)
    assert (after.at > before.at, after.own > before.own, after.container) == (True, True, 0)


@pytest.mark.parametrize(
    ("quota", "after", "free"),
    [
        # Two CPUs for two seconds. This process had a core of one, others had half of one.
        ("", Usage(12, 2, 3, 0), 1.5),
        ("max 100000", Usage(12, 2, 3, 99), 1.5),
        # The machine has room, the container has not: another process in it had all of a core.
        ("200000 100000", Usage(12, 2, 2, 4), 1.0),
        ("150000 100000", Usage(12, 2, 2, 4), 1.0),
        # The other way round.
        ("200000 100000", Usage(12, 2, 4, 2), 1.0),
        # Nobody else does anything, and the clocks do not agree in the last digit.
        ("", Usage(12, 2.01, 2, 0), 2.005),
    ],
)
def test_free_is_what_no_other_process_used(
    quota: str, after: Usage, free: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pensieve.engines.llamacpp.cores.allowed_cpus", lambda: {0, 1})
    monkeypatch.setattr("pensieve.engines.llamacpp.threads.allowed_cpus", lambda: {0, 1})
    cores = Cores(machine(tmp_path, {0: 0, 1: 0}, quota=quota))
    assert cores.free(Usage(10, 0, 0, 0), after) == pytest.approx(free)


@pytest.fixture(scope="module")
def engine(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaCppEngine]:
    """Its count of threads does not follow the machine by itself."""
    loaded = load(tiny_model, tmp_path_factory.mktemp("engine"))
    if loaded._pacer is not None:
        loaded._pacer.close()
        loaded._pacer = None
    yield loaded
    loaded.close()


def load(model: Path, directory: Path, threads: int = LIMIT) -> LlamaCppEngine:
    return LlamaCppEngine(EngineOptions(str(model), 2048, PARALLEL, threads, 128, 0, str(directory)))


def library() -> tuple[ModuleType, ctypes.CDLL]:
    module = sys.modules["xllamacpp.xllamacpp"]
    assert module.__file__
    return module, ctypes.CDLL(module.__file__)


def context_of(engine: LlamaCppEngine) -> Context:
    return find_context(engine._server, library()[1], LIMIT, PARALLEL)


def answer(engine: LlamaCppEngine, job: Job, see: Callable[[Chunk], None] = lambda chunk: None) -> str:
    arrived: queue.SimpleQueue[Chunk] = queue.SimpleQueue()
    text = ""

    def emit(chunk: Chunk) -> None:
        # On the thread that the library calls back: before it is asked for the next step.
        see(chunk)
        arrived.put(chunk)

    engine.submit(job, emit)
    while (chunk := arrived.get(timeout=120)).finish is None:
        text += chunk.text
    assert chunk.finish.reason == "length"
    return text + chunk.text


linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the context is found on Linux only")


@linux
def test_the_count_changes_while_an_answer_is_written(engine: LlamaCppEngine) -> None:
    """The model has no near ties, which another order of sums would decide otherwise."""
    context = context_of(engine)
    prompt = engine.tokenize("<|im_start|>user\nTell me about the sea.<|im_end|>\n<|im_start|>assistant\nThe sea")
    plain = answer(engine, Job(1, prompt, Sampling(temperature=0.0), 100))
    told: list[tuple[int, int]] = []

    def see(chunk: Chunk) -> None:
        count = len(told) // 7 % LIMIT + 1
        context.threads = (count, count)
        told.append(context.threads)

    changed = answer(engine, Job(2, prompt, Sampling(temperature=0.0), 100), see)
    assert {(count, count) for count in range(1, LIMIT + 1)} == set(told)
    assert changed == plain
    context.threads = (LIMIT, LIMIT)


class Scripted(Cores):
    """So many cores are free, one number a sample, the last for ever; `seen` is set when it has taken effect."""

    def __init__(self, *free: float) -> None:
        self._left = list(free)
        self.seen = threading.Event()

    def usage(self) -> Usage:
        return Usage(0, 0, 0, 0)

    def free(self, before: Usage, after: Usage) -> float:
        if len(self._left) > 1:
            return self._left.pop(0)
        self.seen.set()
        return self._left[0]


@linux
def test_the_pacer_sets_it_until_it_is_closed(engine: LlamaCppEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "SAMPLE_SECONDS", 0.001)
    context = context_of(engine)
    for free, threads in (([3.0, 1.0, 1.0], 1), ([1.0, 2.1, 2.1, 2.1], 2), ([1.0, 3.0, 3.0, 3.0], 3)):
        cores = Scripted(*free)
        pacer = Pacer(context, LIMIT, cores)
        assert cores.seen.wait(60)
        pacer.close()
        assert context.threads == (threads, threads)


@pytest.fixture
def two_cores() -> Iterator[None]:
    """For what this test starts."""
    before = allowed_cpus()
    if not hasattr(os, "sched_setaffinity") or len(before) < 2:
        pytest.skip("two cores are needed")
    os.sched_setaffinity(0, sorted(before)[:2])
    yield
    os.sched_setaffinity(0, before)


@linux
def test_beside_busy_processes_there_are_fewer_threads(two_cores: None, tiny_model: Path, tmp_path: Path) -> None:
    """By the machine's own figures. That threads come back is for the table: others may be busy where this runs."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"], start_new_session=True) for _ in range(2)]
    try:
        engine = load(tiny_model, tmp_path, 2)
        pacer = engine._pacer
        assert pacer is not None
        wait_for(lambda: pacer._context.threads == (1, 1), 60)
        engine.close()
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def test_where_the_context_cannot_be_had_all_stays_as_it_is(
    engine: LlamaCppEngine, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = library()[0]
    refused: list[Any] = [
        (engine._server, module, LIMIT + 1, PARALLEL),
        (engine._server, module, LIMIT, PARALLEL + 1),
        (engine._server, sys.modules["_ctypes"], LIMIT, PARALLEL),
        (object(), module, LIMIT, PARALLEL),
        (Path("of another type"), module, LIMIT, PARALLEL),
    ]
    caplog.set_level(logging.DEBUG, logger=pace.__name__)
    for server, of, threads, parallel in refused:
        caplog.clear()
        assert start_pacer(server, of, threads, parallel) is None
        assert len(caplog.records) == 1
    caplog.clear()
    # One thread cannot become fewer.
    assert start_pacer(engine._server, module, 1, PARALLEL) is None and not caplog.records
    monkeypatch.setattr(Cores, "usage", lambda self: Path("/nowhere").read_text())
    assert start_pacer(engine._server, module, LIMIT, PARALLEL) is None and len(caplog.records) == 1
    prompt = engine.tokenize("Once upon a time")
    assert answer(engine, Job(3, prompt, Sampling(temperature=0.0), 5))
