"""May this job start? A pure decision over a snapshot; the supervisor does what it says."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from pensieve.memory.estimate import Need
from pensieve.memory.state import ABOVE_SAMPLES, GB, SAMPLES_PER_SECOND, MemoryState, Snapshot, left_above


class Load(Struct, frozen=True):
    """`running` of `parallel` places are taken and `waiting` of `queue`."""

    running: int
    waiting: int
    parallel: int
    queue: int


class Cause(Enum):
    """Why a request is refused."""

    MEMORY = "memory"
    TOO_LARGE = "too_large"
    QUEUE = "queue"


class Grant(Struct, frozen=True, tag=True):
    pass


class Evict(Struct, frozen=True, tag=True):
    """Grant, once so many bytes of what is kept for the future are given up."""

    bytes: int


class Wait(Struct, frozen=True, tag=True):
    pass


class Refuse(Struct, frozen=True, tag=True):
    """`retry_after` is in seconds."""

    cause: Cause
    reason: str
    retry_after: float


Decision = Grant | Evict | Wait | Refuse

SECONDS_PER_TURN = 5
"""A guess at how soon a place frees, for telling a client when to come back."""
SETTLE_SECONDS = 3.0
"""Memory that was just given back takes a moment to show: the engine tells of it once a second."""
UNKNOWN_WAIT = 10
"""Seconds, when memory is not getting free."""


def decide(load: Load, memory: Snapshot, need: Need) -> Decision:
    """Of a request that is not among those that wait.

    An estimate alone refuses only what for a while could not have run with nothing beside it and all caches gone:
    whatever else does not fit yet waits. What takes nothing more always fits.
    """
    if not memory.accepting:
        return Refuse(Cause.MEMORY, _short(memory), wait_for_memory(memory))
    if load.running >= load.parallel or load.waiting:
        return _queued(load)
    rooms = [room for room in (memory.room, need.device) if room is not None]
    if not rooms or not need.bytes:
        return Grant()
    missing = need.bytes + need.promised - min(rooms)
    if missing <= 0:
        return Grant()
    if missing <= need.evictable:
        return Evict(missing)
    if load.running or need.waited < SETTLE_SECONDS:
        return _queued(load)
    return Refuse(
        Cause.TOO_LARGE,
        f"This request takes {need.bytes / GB:.2f} GB, and {(min(rooms) + need.evictable) / GB:.2f} GB can be had.",
        wait_for_memory(memory),
    )


def restraint(state: MemoryState, kept: int, least: int, writing: bool) -> tuple[int | None, bool]:
    """How many bytes an engine that keeps `kept` for jobs to come may go on keeping (None: as planned), and whether
    prompts have to wait: half on a warning, nothing once no request is taken any more. A machine that lives with a
    warning may keep `least`: a conversation that is read anew each turn costs more than it frees.

    Prompts wait for answers that are being written, whose end gives memory back. Where none is, to wait gives nothing.
    """
    match state:
        case MemoryState.WARNING:
            return max(kept // 2, least), False
        case MemoryState.CRITICAL | MemoryState.EMERGENCY:
            return 0, writing
    return None, False


def wait_for_memory(memory: Snapshot) -> float:
    """Seconds until memory is where it should be, if it goes on as it does."""
    if memory.available is None or memory.rate <= 0:
        return UNKNOWN_WAIT
    missing = max(0.0, left_above(memory.floor) - memory.available)
    return missing / memory.rate + ABOVE_SAMPLES / SAMPLES_PER_SECOND


def _short(memory: Snapshot) -> str:
    return f"The machine is short of memory ({(memory.available or 0) / GB:.2f} GB available)."


def _queued(load: Load) -> Wait | Refuse:
    if load.waiting < load.queue:
        return Wait()
    turns_ahead = (load.waiting + load.running) / load.parallel
    reason = f"{load.running} requests are running and {load.waiting} are waiting."
    return Refuse(Cause.QUEUE, reason, turns_ahead * SECONDS_PER_TURN)
