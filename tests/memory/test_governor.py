"""May this job start? Every border between Grant, Wait and Refuse."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from pensieve.core.errors import LONGEST_RETRY_AFTER, Refused
from pensieve.memory.governor import SECONDS_PER_TURN, Decision, Grant, Load, Refuse, Wait, decide
from pensieve.memory.state import MemoryState, Snapshot

SAFE = Snapshot(MemoryState.SAFE, 8_000_000_000)
counts = st.integers(0, 1000)
loads = st.builds(Load, counts, counts, st.integers(1, 64), counts)


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
    assert type(decide(load, SAFE)) is kind


@pytest.mark.parametrize("state", [MemoryState.SAFE, MemoryState.WARNING, MemoryState.UNKNOWN])
def test_a_machine_that_is_not_short_of_memory_goes_on(state: MemoryState) -> None:
    assert decide(Load(0, 0, 1, 0), Snapshot(state, None)) == Grant()


@pytest.mark.parametrize("state", [MemoryState.CRITICAL, MemoryState.EMERGENCY])
@pytest.mark.parametrize("load", [Load(0, 0, 4, 64), Load(4, 64, 4, 64)])
def test_a_machine_short_of_memory_refuses_even_with_free_places(state: MemoryState, load: Load) -> None:
    decision = decide(load, Snapshot(state, 430_000_000))
    assert decision == Refuse("The machine is short of memory (0.43 GB available).", retry_after=10)


def test_a_refusal_tells_the_load_and_how_long_it_may_take() -> None:
    decision = decide(Load(running=4, waiting=8, parallel=4, queue=8), SAFE)
    assert decision == Refuse("4 requests are running and 8 are waiting.", 3 * SECONDS_PER_TURN)


@given(load=loads)
def test_no_more_run_and_no_more_wait_than_may(load: Load) -> None:
    match decide(load, SAFE):
        case Grant():
            assert load.running < load.parallel and load.waiting == 0
        case Wait():
            assert load.waiting < load.queue
        case Refuse(retry_after=seconds):
            assert load.waiting >= load.queue and (load.running >= load.parallel or load.waiting)
            assert seconds > 0


@given(load=loads)
def test_a_client_is_never_told_to_wait_so_long_that_it_gives_up(load: Load) -> None:
    decision = decide(load, SAFE)
    if isinstance(decision, Refuse):
        assert 1 <= Refused(decision.reason, retry_after=decision.retry_after).retry_after <= LONGEST_RETRY_AFTER <= 55


@pytest.mark.parametrize(("seconds", "whole"), [(0, 1), (0.4, 1), (2, 2), (2.6, 3), (55, 55), (56, 55), (1e9, 55)])
def test_a_refused_client_is_told_whole_seconds(seconds: float, whole: int) -> None:
    assert Refused("no", retry_after=seconds).retry_after == whole
