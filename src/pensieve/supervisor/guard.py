"""Looks at the machine's memory four times a second, whatever the engine does, and says when its state changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from pensieve.config.settings import Memory
from pensieve.memory.probe import Probe
from pensieve.memory.state import (
    GB,
    SAMPLES_PER_SECOND,
    MemoryState,
    Sample,
    Snapshot,
    advance,
    begin,
)
from pensieve.supervisor.plan import lines_of

log = logging.getLogger(__name__)

_CALM = (MemoryState.SAFE, MemoryState.UNKNOWN)


class MemoryGuard:
    """Raises SettingsError for lines in the wrong order."""

    def __init__(self, settings: Memory, probe: Probe) -> None:
        self._probe = probe
        sample = probe.read()
        self.lines = lines_of(settings, sample)
        self._standing = begin(sample, self.lines)
        self._log_state()

    @property
    def sample(self) -> Sample:
        return self._standing.sample

    def snapshot(self) -> Snapshot:
        """Of the last look, at most a quarter of a second old while `watch` runs."""
        return self._standing.snapshot(self.lines)

    def look(self) -> bool:
        """Takes a sample. True if the state has changed."""
        before = self._standing.state
        self._standing = advance(self._standing, self._probe.read(), self.lines)
        if self._standing.state is before:
            return False
        self._log_state(before)
        return True

    async def watch(self, looked: Callable[[bool], None]) -> None:
        """For ever. `looked` is called after each look, with whether the state has changed."""
        while True:
            await asyncio.sleep(1 / SAMPLES_PER_SECOND)
            looked(self.look())

    def _log_state(self, before: MemoryState | None = None) -> None:
        snapshot = self.snapshot()
        if before is None and snapshot.state is MemoryState.SAFE:
            return
        available = "unknown" if snapshot.available is None else f"{snapshot.available / GB:.2f}"
        level = logging.INFO if snapshot.state in _CALM else logging.WARNING
        was = f" was={before.value}" if before else ""
        log.log(level, "memory state=%s available_gb=%s%s", snapshot.state.value, available, was)
