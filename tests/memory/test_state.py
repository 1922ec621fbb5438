"""A number of bytes in, a state out: the lines between the states, and what each state means for requests."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from pensieve.memory.probe import available_bytes
from pensieve.memory.state import GB, MemoryState, Snapshot, Thresholds, judge

THRESHOLDS = Thresholds(warn=2, reject=1, emergency=0.5)
ORDER = [MemoryState.EMERGENCY, MemoryState.CRITICAL, MemoryState.WARNING, MemoryState.SAFE]


@pytest.mark.parametrize(
    ("available", "state", "accepting"),
    [
        (0, MemoryState.EMERGENCY, False),
        (GB // 2 - 1, MemoryState.EMERGENCY, False),
        (GB // 2, MemoryState.CRITICAL, False),
        (GB - 1, MemoryState.CRITICAL, False),
        (GB, MemoryState.WARNING, True),
        (2 * GB - 1, MemoryState.WARNING, True),
        (2 * GB, MemoryState.SAFE, True),
        (10**15, MemoryState.SAFE, True),
        (None, MemoryState.UNKNOWN, True),
    ],
)
def test_each_state_begins_below_its_line(available: int | None, state: MemoryState, accepting: bool) -> None:
    snapshot = judge(available, THRESHOLDS)
    assert snapshot == Snapshot(state, available)
    assert snapshot.accepting is accepting


def test_with_lines_at_0_every_known_amount_is_safe() -> None:
    assert judge(0, Thresholds(0, 0, 0)).state is MemoryState.SAFE


def test_the_states_are_called_as_the_contract_says() -> None:
    assert {state.value for state in MemoryState} == {"Safe", "Warning", "Critical", "Emergency", "Unknown"}


@given(less=st.integers(0, 3 * GB), more=st.integers(0, 3 * GB))
def test_more_memory_is_never_a_worse_state(less: int, more: int) -> None:
    less, more = sorted((less, more))
    assert ORDER.index(judge(less, THRESHOLDS).state) <= ORDER.index(judge(more, THRESHOLDS).state)


def test_this_machine_tells_its_memory_or_that_it_cannot() -> None:
    available = available_bytes()
    assert available is None or 0 < available < 10**16
