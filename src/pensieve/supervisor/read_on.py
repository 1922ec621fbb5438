"""A prompt whose client has gone is read on for a while: the client will come again, and what is read is read once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from pensieve.core.generation import Chunk, Prefill
from pensieve.ipc.frames import Cancel, Down, Emit
from pensieve.memory.state import MemoryState
from pensieve.supervisor.admission import Admission
from pensieve.supervisor.jobs import JobStream
from pensieve.supervisor.room import Room
from pensieve.supervisor.work import Work

log = logging.getLogger(__name__)

NOTHING = Prefill(0, 0, 0)


class ReadOn:
    """For `seconds`, one job that is no part of the work any more: it holds no place, no worker's death gives it to the
    next, nothing waits for its end. It is there only while memory is safe and nobody else asks for anything; `alone`
    tells whether other models have nothing to do, `send` reaches the worker, if there is one.
    """

    def __init__(
        self, seconds: float, work: Work, room: Room, alone: Callable[[], bool], send: Callable[[Down], bool]
    ) -> None:
        self._seconds, self._work, self._room, self._alone, self._send = seconds, work, room, alone, send
        self._job: int | None = None
        self._read = NOTHING
        self._until = 0.0

    @property
    def active(self) -> bool:
        return self._job is not None

    def begin(self, stream: JobStream, admission: Admission) -> bool:
        """Of a job that is to be cancelled. False: it is not to be read on, and has to be."""
        others = len(self._work) > 1 or admission.running > 1 or admission.waiting
        if not self._seconds or stream.writes or others or not self._may():
            return False
        self._job, self._read = stream.job.id, stream.read or NOTHING
        self._until = asyncio.get_running_loop().time() + self._seconds
        self._work.drop(stream)
        log.info("read_on job=%d read=%d of=%d", self._job, self._read.done, self._read.total)
        return True

    def emitted(self, frame: Emit) -> None:
        if frame.job != self._job:
            return
        self._read = frame.chunk.prefill or self._read
        if _is_read(frame.chunk):
            self.end("done")

    def looked(self) -> None:
        """After each look at the machine's memory."""
        if asyncio.get_running_loop().time() > self._until:
            self.end("time")
        elif not self._may():
            self.end("shortage_or_others")

    def end(self, why: str) -> None:
        """Harmless when nothing is read on."""
        if self._job is not None:
            log.info("read_on_ended job=%d read=%d of=%d why=%s", self._job, self._read.done, self._read.total, why)
            self._send(Cancel(self._job))
            self._job = None

    def _may(self) -> bool:
        return self._room.memory().state is MemoryState.SAFE and self._alone()


def _is_read(chunk: Chunk) -> bool:
    """All of the prompt: what it would write now nobody reads."""
    return chunk.prefill is None or chunk.prefill.done >= chunk.prefill.total
