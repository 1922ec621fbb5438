"""May this job start? Every border between Grant, Evict, Wait and Refuse."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from pensieve.core.errors import LONGEST_RETRY_AFTER, Refused
from pensieve.memory.estimate import Need
from pensieve.memory.governor import (
    SECONDS_PER_TURN,
    SETTLE_SECONDS,
    UNKNOWN_WAIT,
    Cause,
    Decision,
    Evict,
    Grant,
    Load,
    Refuse,
    Wait,
    decide,
    restraint,
    wait_for_memory,
)
from pensieve.memory.state import GB, MemoryState, Snapshot

SAFE = Snapshot(MemoryState.SAFE, 8 * GB, 0.0, GB)
FREE = Load(running=0, waiting=0, parallel=4, queue=2)
BUSY = Load(running=1, waiting=0, parallel=4, queue=2)
FULL = Load(running=1, waiting=2, parallel=4, queue=2)
counts = st.integers(0, 1000)
sizes = st.integers(0, 2**40)
loads = st.builds(Load, counts, counts, st.integers(1, 64), counts)
needs = st.builds(Need, sizes, sizes, sizes, st.floats(0, 10))
memories = st.builds(
    Snapshot, st.sampled_from(MemoryState), st.none() | sizes, st.floats(-1e12, 1e12), st.integers(0, 2**34)
)


@pytest.mark.parametrize(
    ("load", "kind"),
    [
        (Load(running=0, waiting=0, parallel=1, queue=0), Grant),
        (Load(running=3, waiting=0, parallel=4, queue=0), Grant),
        (Load(running=4, waiting=0, parallel=4, queue=1), Wait),
        (Load(running=4, waiting=63, parallel=4, queue=64), Wait),
        (Load(running=3, waiting=1, parallel=4, queue=64), Wait),  # nobody overtakes
        (Load(running=4, waiting=64, parallel=4, queue=64), Refuse),
        (Load(running=4, waiting=65, parallel=4, queue=64), Refuse),
        (Load(running=1, waiting=0, parallel=1, queue=0), Refuse),
    ],
)
def test_a_job_starts_waits_or_is_refused(load: Load, kind: type[Decision]) -> None:
    assert type(decide(load, SAFE, Need())) is kind


@pytest.mark.parametrize(
    ("load", "need", "decision"),
    [
        # 7 GB may be taken before requests are refused.
        (FREE, Need(7 * GB), Grant()),
        (FREE, Need(7 * GB + 1, evictable=GB), Evict(1)),
        (FREE, Need(8 * GB, evictable=GB), Evict(GB)),
        (FREE, Need(3 * GB, device=3 * GB), Grant()),
        (BUSY, Need(3 * GB, device=2 * GB), Wait()),
        (FREE, Need(3 * GB, device=2 * GB, evictable=GB), Evict(GB)),
        (BUSY, Need(3 * GB, promised=4 * GB), Grant()),
        (BUSY, Need(3 * GB, promised=5 * GB), Wait()),
        (BUSY, Need(3 * GB, promised=5 * GB, evictable=GB), Evict(GB)),
        (BUSY, Need(100 * GB), Wait()),
        (BUSY, Need(100 * GB, waited=100), Wait()),
        (FREE, Need(100 * GB, waited=SETTLE_SECONDS / 2), Wait()),
        (FREE, Need(0, promised=100 * GB), Grant()),
        (FULL, Need(1), Refuse(Cause.QUEUE, "1 requests are running and 2 are waiting.", 3 / 4 * SECONDS_PER_TURN)),
    ],
)
def test_what_does_not_fit_yet_waits_and_what_is_kept_makes_room(load: Load, need: Need, decision: Decision) -> None:
    assert decide(load, SAFE, need) == decision


def test_what_can_never_fit_is_refused_with_the_numbers() -> None:
    decision = decide(FREE, SAFE, Need(9 * GB, evictable=GB, waited=SETTLE_SECONDS))
    assert decision == Refuse(Cause.TOO_LARGE, "This request takes 9.00 GB, and 8.00 GB can be had.", UNKNOWN_WAIT)


@pytest.mark.parametrize("state", [MemoryState.SAFE, MemoryState.WARNING, MemoryState.UNKNOWN])
def test_a_machine_that_is_not_short_of_memory_goes_on(state: MemoryState) -> None:
    assert decide(Load(0, 0, 1, 0), Snapshot(state, None), Need(10**15)) == Grant()


@pytest.mark.parametrize("state", [MemoryState.CRITICAL, MemoryState.EMERGENCY])
@pytest.mark.parametrize("load", [Load(0, 0, 4, 64), Load(4, 64, 4, 64)])
def test_a_machine_short_of_memory_refuses_even_with_free_places(state: MemoryState, load: Load) -> None:
    decision = decide(load, Snapshot(state, 430_000_000), Need())
    expected = "The machine is short of memory (0.43 GB available)."
    assert decision == Refuse(Cause.MEMORY, expected, UNKNOWN_WAIT)


@pytest.mark.parametrize(
    ("available", "rate", "seconds"),
    [
        (0.6, 0.0, UNKNOWN_WAIT),
        (0.6, -0.1, UNKNOWN_WAIT),
        (None, 1.0, UNKNOWN_WAIT),
        (0.6, 0.1, 5 + 2),  # up to 1.1 GB, and two seconds of samples that say so
        (0.6, 0.5, 1 + 2),
        (3.0, 0.5, 2),
    ],
)
def test_a_client_is_told_how_long_memory_needs_to_get_free(
    available: float | None, rate: float, seconds: float
) -> None:
    amount = None if available is None else round(available * GB)
    assert wait_for_memory(Snapshot(MemoryState.CRITICAL, amount, rate * GB, GB)) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (MemoryState.SAFE, (None, False)),
        (MemoryState.UNKNOWN, (None, False)),
        (MemoryState.WARNING, (50, False)),
        (MemoryState.CRITICAL, (0, True)),
        (MemoryState.EMERGENCY, (0, True)),
    ],
)
def test_caches_go_first_and_prompts_wait_before_anything_is_ended(
    state: MemoryState, expected: tuple[int | None, bool]
) -> None:
    assert restraint(state, 100, 20, writing=True) == expected


def test_a_machine_that_lives_with_a_warning_keeps_something() -> None:
    assert restraint(MemoryState.WARNING, 10, 20, writing=True) == (20, False)


def test_prompts_do_not_wait_for_nothing() -> None:
    assert restraint(MemoryState.CRITICAL, 100, 20, writing=False) == (0, False)


@given(load=loads, memory=memories, need=needs)
def test_what_holds_for_every_request(load: Load, memory: Snapshot, need: Need) -> None:
    decision = decide(load, memory, need)
    match decision:
        case Grant() | Evict():
            assert memory.accepting and load.running < load.parallel and load.waiting == 0
            given_up = decision.bytes if isinstance(decision, Evict) else 0
            assert given_up <= need.evictable
            fits = memory.room is None or need.bytes + need.promised <= memory.room + given_up
            assert fits or not need.bytes
        case Wait():
            assert memory.accepting and load.waiting < load.queue
            assert load.running or load.waiting or need.waited < SETTLE_SECONDS, "who waits, waits for somebody"
        case Refuse(cause=Cause.TOO_LARGE):
            assert memory.room is not None and not load.running and need.waited >= SETTLE_SECONDS
            assert need.bytes + need.promised > memory.room + need.evictable
        case Refuse(cause=Cause.MEMORY):
            assert not memory.accepting
        case Refuse(cause=Cause.QUEUE):
            assert load.waiting >= load.queue
    if isinstance(decision, Refuse):
        assert decision.retry_after >= 0
        assert 1 <= Refused(decision.reason, retry_after=decision.retry_after).retry_after <= LONGEST_RETRY_AFTER <= 55


@pytest.mark.parametrize(("seconds", "whole"), [(0, 1), (0.4, 1), (2, 2), (2.6, 3), (55, 55), (56, 55), (1e9, 55)])
def test_a_refused_client_is_told_whole_seconds(seconds: float, whole: int) -> None:
    assert Refused("no", retry_after=seconds).retry_after == whole
