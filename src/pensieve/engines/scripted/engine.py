"""An engine that replays a script: for trying clients, failures and the whole path without a model.

Its tokens are characters or a few bytes, so every text can be a prompt and every id is a text.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from pensieve.core.generation import Chunk, Finish, Job, Prefill
from pensieve.core.literal import pieces
from pensieve.core.vitals import EngineMemory
from pensieve.engines.base import Emit, EngineOptions
from pensieve.engines.scripted.script import Action, read_script

CRASH_CODE = 70
HOLD_SECONDS = 0.05
STEP = 512
"""Tokens of a prompt that are read at once."""
PIECE = 8 << 20
"""Bytes. So much is taken at a time, and touched."""


class ScriptedEngine:
    def __init__(self, options: EngineOptions) -> None:
        self._script = read_script(options.model)
        self.context = options.context
        self.longest_step = 0.0
        self._threads = ThreadPoolExecutor(options.parallel, thread_name_prefix="job")
        self._lock = threading.Lock()
        self._cancelled: dict[int, threading.Event] = {}
        self._alive = threading.Event()
        self._alive.set()
        self._reading = threading.Event()
        self._reading.set()
        self._taken: list[bytearray] = []

    def tokenize(self, text: str) -> tuple[int, ...]:
        return self._script.encode("".join(pieces(text)))

    def submit(self, job: Job, emit: Emit) -> None:
        cancelled = threading.Event()
        with self._lock:
            self._cancelled[job.id] = cancelled
        self._threads.submit(self._run, job, emit, cancelled)

    def cancel(self, job_id: int) -> None:
        with self._lock:
            cancelled = self._cancelled.get(job_id)
        if cancelled is not None:
            cancelled.set()

    def restrain(self, kept: int | None, hold: bool) -> None:
        if hold:
            self._reading.clear()
        else:
            self._reading.set()

    def beat(self) -> EngineMemory:
        self._alive.wait()
        return EngineMemory()

    def close(self) -> None:
        self._alive.set()
        with self._lock:
            running = list(self._cancelled.values())
        for cancelled in running:
            cancelled.set()
        self._threads.shutdown(wait=True)

    def _run(self, job: Job, emit: Emit, cancelled: threading.Event) -> None:
        finish = self._play(job, emit, cancelled)
        with self._lock:
            self._cancelled.pop(job.id, None)
        emit(Chunk(finish=finish))

    def _play(self, job: Job, emit: Emit, cancelled: threading.Event) -> Finish:
        prompt = len(job.prompt)
        emit(Chunk(prefill=Prefill(prompt, 0, 0)))
        while not self._reading.wait(HOLD_SECONDS):
            if cancelled.is_set():
                return Finish("cancelled")
        for read in range(0, prompt, STEP) if self._script.reads else ():
            emit(Chunk(prefill=Prefill(prompt, 0, read)))
            if cancelled.wait(min(STEP, prompt - read) / self._script.reads):
                return Finish("cancelled")
        emit(Chunk(prefill=Prefill(prompt, 0, prompt)))
        left = job.max_tokens
        for step in self._steps(job):
            if cancelled.is_set():
                return Finish("cancelled")
            if isinstance(step, Action):
                finish = self._act(step, cancelled)
                if finish is not None:
                    return finish
                continue
            ids = self.tokenize(step)[:left]
            left -= len(ids)
            if ids:
                emit(Chunk(text=self._script.decode(ids), ids=ids))
            if not left:
                return Finish("length")
        return Finish("cancelled" if cancelled.is_set() else "end")

    def _steps(self, job: Job) -> Iterator[str | Action]:
        """The reply from where the job stands. What has already brought one worker down is not played again."""
        reply = self._script.reply_to(self._script.decode(job.prompt))
        behind = sum(len(span.text) for span in job.generated)
        for step in reply.steps if reply else ():
            if isinstance(step, Action):
                if not behind and not (step.ends_the_worker and job.generated):
                    yield step
            elif len(step) <= behind:
                behind -= len(step)
            else:
                yield step[behind:]
                behind = 0

    def _act(self, action: Action, cancelled: threading.Event) -> Finish | None:
        if action.crash:
            os._exit(CRASH_CODE)
        if action.hang:
            self._alive.clear()
            self._alive.wait()
        while action.leak:
            self._taken.append(bytearray(os.urandom(1)) * PIECE)
        if action.fail:
            return Finish("failed", action.fail)
        return Finish("cancelled") if cancelled.wait(action.sleep) else None
