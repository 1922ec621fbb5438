"""What a worker is asked to do without while memory is short, and since when prompts have been held."""

from __future__ import annotations

from pensieve.ipc.frames import Restrain
from pensieve.memory.governor import restraint
from pensieve.memory.state import MemoryState

PATIENCE_SECONDS = 30.0
"""How long prompts and those who wait for a place are held while memory is short."""


class Restraints:
    """`least`: bytes of prefixes that may be kept while there is only a warning."""

    def __init__(self, least: int) -> None:
        self.holding = False
        self._least = least
        self._since = 0.0

    def frame(self, state: MemoryState, kept: int, now: float, *, writing: bool) -> Restrain:
        """For a worker that keeps so many bytes, in which jobs are `writing` or not; `now` in seconds."""
        keep, hold = restraint(state, kept, self._least, writing)
        if hold and not self.holding:
            self._since = now
        self.holding = hold
        return Restrain(keep, hold)

    def held_too_long(self, now: float) -> bool:
        return self.holding and now - self._since > PATIENCE_SECONDS
