"""May this job start? A pure decision over a snapshot; the supervisor does what it says."""

from __future__ import annotations

from msgspec import Struct

from pensieve.memory.state import Snapshot


class Load(Struct, frozen=True):
    """`running` of `parallel` places are taken and `waiting` of `queue`."""

    running: int
    waiting: int
    parallel: int
    queue: int


class Grant(Struct, frozen=True, tag=True):
    pass


class Wait(Struct, frozen=True, tag=True):
    pass


class Refuse(Struct, frozen=True, tag=True):
    """`retry_after` is in seconds."""

    reason: str
    retry_after: float


Decision = Grant | Wait | Refuse

SECONDS_PER_TURN = 5
"""A guess at how soon a place frees, for telling a client when to come back."""


def decide(load: Load, memory: Snapshot) -> Decision:
    if not memory.accepting:
        available = (memory.available or 0) / 1e9
        return Refuse(f"The machine is short of memory ({available:.2f} GB available).", retry_after=10)
    if load.running < load.parallel and not load.waiting:
        return Grant()
    if load.waiting < load.queue:
        return Wait()
    turns_ahead = (load.waiting + load.running) / load.parallel
    return Refuse(
        f"{load.running} requests are running and {load.waiting} are waiting.", turns_ahead * SECONDS_PER_TURN
    )
