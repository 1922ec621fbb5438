"""Is there memory for a model? Asked before each worker, and while it is put away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import msgspec

from pensieve.core.clock import awake
from pensieve.core.errors import Refused
from pensieve.memory.state import ABOVE_SAMPLES, GB, Snapshot
from pensieve.supervisor.admission import put_away
from pensieve.supervisor.calm import Calm
from pensieve.supervisor.guard import MemoryGuard

log = logging.getLogger(__name__)

LOOK_SECONDS, LOOKS = 0.25, 3 * ABOVE_SAMPLES // 2
"""What a dead worker held takes a moment to come back, and to count."""


class Room:
    """For `needed` bytes. `beside`: bytes that count as available and that other models will take."""

    def __init__(self, guard: MemoryGuard, calm: Calm, beside: Callable[[], int], needed: int) -> None:
        self._guard, self._calm, self._beside, self._needed = guard, calm, beside, needed

    def memory(self) -> Snapshot:
        snapshot = self._guard.snapshot()
        return msgspec.structs.replace(snapshot, floor=snapshot.floor + self._beside())

    def is_there(self) -> bool:
        """Would the machine still take requests with the model loaded?"""
        memory = self.memory()
        return memory.accepting and (memory.room is None or memory.room >= self._needed)

    async def soon(self) -> bool:
        for _ in range(LOOKS):
            if self.is_there():
                return True
            await asyncio.sleep(LOOK_SECONDS)
        return self.is_there()

    async def lasting(self) -> None:
        """Waits until it has been there for as long as the last emergencies ask for."""
        since = awake()
        while awake() - since < self._calm.seconds:
            await asyncio.sleep(LOOK_SECONDS)
            if not self.is_there():
                since = awake()
        log.info("room_again available_gb=%.2f", (self.memory().available or 0) / GB)

    def refusal(self) -> Refused:
        """What clients are told until then."""
        return put_away(self.memory(), self._needed, self._calm.seconds)
