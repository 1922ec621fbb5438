"""What requests and the worker have to do without while memory is short."""

from __future__ import annotations

from collections.abc import Callable

from pensieve.core.clock import awake
from pensieve.core.vitals import EngineMemory
from pensieve.ipc.frames import Cancel, Down, Restrain
from pensieve.memory.governor import restraint
from pensieve.supervisor.admission import Admission
from pensieve.supervisor.room import Room
from pensieve.supervisor.work import Work

PATIENCE_SECONDS = 30.0
"""How long prompts and those who wait for a place are held while memory is short."""


class Restraints:
    """`least`: bytes of prefixes that may be kept while there is only a warning; `engine` tells how the engine stands,
    `send` reaches the worker, if there is one."""

    def __init__(
        self, least: int, room: Room, work: Work, engine: Callable[[], EngineMemory], send: Callable[[Down], bool]
    ) -> None:
        self._least, self._room, self._work, self._engine, self._send = least, room, work, engine, send
        self._holding = False
        self._held_since = self._refusing_since = 0.0

    def admission(self, parallel: int, queue: int) -> Admission:
        self._admission = Admission(parallel, queue, self._room.memory, self._engine, self._evict)
        return self._admission

    def looked(self, changed: bool) -> None:
        """After each look at the machine's memory."""
        memory, now = self._room.memory(), awake()
        if changed or (not memory.accepting and self._holding is not self._work.writing):
            self.restrain()
        if memory.accepting:
            self._refusing_since = now
        elif now - self._refusing_since > PATIENCE_SECONDS:
            self._admission.refuse_waiting(self._room.refusal())
        if self._holding and now - self._held_since > PATIENCE_SECONDS:
            # What is held might itself be what memory is short of.
            for job_id in self._work.end_reading(self._room.refusal()):
                self._send(Cancel(job_id))
        self._admission.reconsider()

    def restrain(self) -> None:
        """Tells the worker what the machine's state asks of it."""
        writing = self._work.writing
        keep, hold = restraint(self._room.memory().state, self._engine().kept_kv, self._least, writing)
        if hold and not self._holding:
            self._held_since = awake()
        self._holding = hold
        self._send(Restrain(keep, hold))

    def end_all(self) -> None:
        self._work.end(self._room.refusal())
        self._admission.refuse_waiting(self._room.refusal())

    def _evict(self, number: int) -> None:
        """Once: what is kept may grow again as before."""
        memory = self._engine()
        self._send(Restrain(max(0, memory.kept_kv - max(0, number - memory.spare)), False))
        self.restrain()
