"""The child process: loads one model, then frames in and Chunks out until it is told to end.

The engine's own threads generate. One thread reads the socket, one asks the generating loop for a beat, one reports.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import logging
import os
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psutil

from pensieve.core.clock import awake
from pensieve.core.generation import Chunk
from pensieve.core.model import EngineName
from pensieve.engines.base import Emit, Engine, EngineFailure, EngineLost, EngineOptions
from pensieve.engines.load import load_engine
from pensieve.ipc.frames import (
    Cancel,
    Count,
    Counted,
    Down,
    Emit as EmitFrame,
    Exit,
    Failed,
    Ready,
    Restrain,
    Submit,
    Vitals,
)
from pensieve.worker.link import Link
from pensieve.worker.tally import Tally

log = logging.getLogger(__name__)

BEAT_SECONDS = 0.5
VITALS_SECONDS = 1.0
CLOSE_SECONDS = 2.0


def serve(socket_path: str, engine_name: EngineName, options: EngineOptions) -> None:
    link = Link(socket_path)
    reader = _Reader(link, options.directory)
    reader.start()
    started = time.monotonic()
    try:
        engine = load_engine(engine_name, options)
    except EngineFailure as failure:
        link.send(Failed(str(failure)))
        return
    gc.freeze()
    _Heart(engine, link, reader.tally).start()
    reader.engine = engine
    link.send(Ready(engine.context, options.parallel, time.monotonic() - started))
    reader.ended.wait()
    # Whatever the engine's library still wants to say, the process ends now.
    closing = threading.Thread(target=engine.close, daemon=True)
    closing.start()
    closing.join(CLOSE_SECONDS)
    os._exit(0)


class _Reader(threading.Thread):
    """Reads the socket and hands on; never waits for the engine."""

    def __init__(self, link: Link, directory: str) -> None:
        super().__init__(name="reader", daemon=True)
        self.engine: Engine | None = None
        self.ended = threading.Event()
        self.tally = Tally()
        self._link = link
        self._directory = directory
        self._told_to_end = False
        self._counting = ThreadPoolExecutor(1, thread_name_prefix="count")

    def run(self) -> None:
        try:
            for frame in self._link.frames():
                if isinstance(frame, Exit):
                    self._told_to_end = True
                    break
                self._dispatch(frame)
        except Exception:
            # A worker that no longer hears would look healthy for ever.
            log.exception("the socket cannot be read on")
            os._exit(1)
        if not self._told_to_end:
            # The server was killed, and leaves nobody to clean up.
            shutil.rmtree(self._directory, ignore_errors=True)
        if self.engine is None:
            os._exit(0)
        self.ended.set()

    def _dispatch(self, frame: Down) -> None:
        engine = self.engine
        if engine is None:
            log.error("a frame came before the model was ready")
            return
        match frame:
            case Submit(job=job):
                engine.submit(job, self._emitter(job.id))
            case Cancel(job=job_id):
                engine.cancel(job_id)
            case Restrain(kept=kept, hold=hold):
                engine.restrain(kept, hold)
                self._counting.submit(_give_back)
            case Count(query=query, text=text):
                self._counting.submit(self._count, engine, query, text)

    def _emitter(self, job_id: int) -> Emit:
        send, count = self._link.send, self.tally.count

        def emit(chunk: Chunk) -> None:
            send(EmitFrame(job_id, chunk))
            count(job_id, chunk)

        return emit

    def _count(self, engine: Engine, query: int, text: str) -> None:
        try:
            self._link.send(Counted(query, engine.tokenize(text)))
        except EngineLost:
            # The next worker is told the text again, and goes on with the jobs of this one.
            log.exception("the engine is lost")
            os._exit(1)
        except Exception as failure:
            # As for a job: who asked must get an answer.
            self._link.send(Counted(query, error=str(failure) or type(failure).__name__))


def _give_back() -> None:
    """What is free in the process's heap goes to the system, where the C library can do that."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


class _Heart:
    """Two threads: one waits for the generating loop's answer, the other reports how long ago that was."""

    def __init__(self, engine: Engine, link: Link, tally: Tally) -> None:
        self._engine = engine
        self._link = link
        self._tally = tally
        # So that the first report has it.
        self._memory = engine.beat()
        self._last_beat = awake()
        self._process = psutil.Process()

    def start(self) -> None:
        threading.Thread(target=self._beat, name="beat", daemon=True).start()
        threading.Thread(target=self._report, name="vitals", daemon=True).start()

    def _beat(self) -> None:
        while True:
            self._memory = self._engine.beat()
            self._last_beat = awake()
            time.sleep(BEAT_SECONDS)

    def _report(self) -> None:
        while True:
            age = awake() - self._last_beat
            rss, step = self._process.memory_info().rss, self._engine.longest_step
            self._link.send(Vitals(age, step, rss, *self._tally.taken(), self._memory))
            time.sleep(VITALS_SECONDS)
