"""How the machine's memory stands. Pure: a number in, a state out."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

GB = 1_000_000_000


class MemoryState(Enum):
    SAFE = "Safe"
    WARNING = "Warning"
    CRITICAL = "Critical"
    EMERGENCY = "Emergency"
    UNKNOWN = "Unknown"


class Thresholds(Struct, frozen=True):
    """Available memory, in GB, below which each state begins."""

    warn: float
    reject: float
    emergency: float


class Snapshot(Struct, frozen=True):
    """`available` is in bytes; None when it could not be read."""

    state: MemoryState
    available: int | None

    @property
    def accepting(self) -> bool:
        """A machine whose memory cannot be read goes on working."""
        return self.state not in (MemoryState.CRITICAL, MemoryState.EMERGENCY)


def judge(available: int | None, thresholds: Thresholds) -> Snapshot:
    if available is None:
        return Snapshot(MemoryState.UNKNOWN, None)
    gigabytes = available / GB
    if gigabytes < thresholds.emergency:
        return Snapshot(MemoryState.EMERGENCY, available)
    if gigabytes < thresholds.reject:
        return Snapshot(MemoryState.CRITICAL, available)
    if gigabytes < thresholds.warn:
        return Snapshot(MemoryState.WARNING, available)
    return Snapshot(MemoryState.SAFE, available)
