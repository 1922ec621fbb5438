"""Samples in, a state out: the lines between the states, and how long it takes to cross them."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from pensieve.memory.state import (
    ABOVE_SAMPLES,
    BELOW_SAMPLES,
    GB,
    MemoryState,
    Pressure,
    Sample,
    Snapshot,
    Standing,
    Thresholds,
    advance,
    begin,
    thresholds,
)

LINES = Thresholds(warn=2, reject=1, emergency=0.5)
SAFE, WARNING, CRITICAL = MemoryState.SAFE, MemoryState.WARNING, MemoryState.CRITICAL
EMERGENCY, UNKNOWN = MemoryState.EMERGENCY, MemoryState.UNKNOWN
ORDER = [EMERGENCY, CRITICAL, WARNING, SAFE]
INSTANTLY = 0.24
"""In GB: below half of the last line."""


def sample(number: int, gigabytes: float | None, pressure: Pressure = Pressure.NONE) -> Sample:
    available = None if gigabytes is None else round(gigabytes * GB)
    return Sample(number / 4, available, 8 * GB, pressure)


def states(*gigabytes: float | None, lines: Thresholds = LINES) -> list[MemoryState]:
    """After each sample."""
    standing = begin(sample(0, gigabytes[0]), lines)
    found = [standing.state]
    for number, value in enumerate(gigabytes[1:], 1):
        standing = advance(standing, sample(number, value), lines)
        found.append(standing.state)
    return found


@pytest.mark.parametrize(
    ("available", "state", "accepting"),
    [
        (0, EMERGENCY, False),
        (GB // 2 - 1, EMERGENCY, False),
        (GB // 2, CRITICAL, False),
        (GB // 2 + 1, CRITICAL, False),
        (750_000_000, CRITICAL, False),
        (GB - 1, CRITICAL, False),
        (GB, WARNING, True),
        (GB + 1, WARNING, True),
        (1_500_000_000, WARNING, True),
        (2 * GB - 1, WARNING, True),
        (2 * GB, SAFE, True),
        (2 * GB + 1, SAFE, True),
        (8 * GB, SAFE, True),
        (10**15, SAFE, True),
        (None, UNKNOWN, True),
    ],
)
def test_each_state_begins_below_its_line(available: int | None, state: MemoryState, accepting: bool) -> None:
    snapshot = begin(Sample(0, available, None), LINES).snapshot(LINES)
    assert snapshot == Snapshot(state, available, 0.0, GB)
    assert snapshot.accepting is accepting


@pytest.mark.parametrize(
    ("samples", "last"),
    [
        # For the worse: three samples in a row, two for the last line, one when there is no time.
        ([3, 1.9, 1.9], SAFE),
        ([3, 1.9, 1.9, 1.9], WARNING),
        ([3, 1.9, 1.9, 2.0, 1.9, 1.9], SAFE),
        ([3, 0.9, 0.9], SAFE),
        ([3, 0.9, 0.9, 0.9], CRITICAL),
        ([3, 1.9, 0.9, 0.9], WARNING),
        ([3, 0.4], SAFE),
        ([3, 0.4, 0.4], EMERGENCY),
        ([3, 0.4, 0.6, 0.4], CRITICAL),
        ([3, INSTANTLY], EMERGENCY),
        # For the better: eight in a row, a tenth above the line.
        ([1.9, *[2.3] * (ABOVE_SAMPLES - 1)], WARNING),
        ([1.9, *[2.3] * ABOVE_SAMPLES], SAFE),
        ([1.9, *[2.1] * 50], WARNING),
        ([1.9, *[2.3] * 7, 2.1, *[2.3] * 7], WARNING),
        ([0.9, *[1.05] * 50], CRITICAL),
        ([0.9, *[1.2] * ABOVE_SAMPLES], WARNING),
        ([0.4, *[0.54] * 50], EMERGENCY),
        ([0.4, *[0.6] * ABOVE_SAMPLES], CRITICAL),
        ([0.4, *[5.0] * (ABOVE_SAMPLES - 1)], EMERGENCY),
        ([0.4, *[5.0] * ABOVE_SAMPLES], SAFE),
        # What cannot be read: three in a row; a sample that can be read counts at once.
        ([1.5, None, None], WARNING),
        ([1.5, None, None, None], UNKNOWN),
        ([1.5, None, None, 1.5, None, None], WARNING),
        ([0.9, None, None, None, 5.0], SAFE),
        ([5.0, None, None, None, 0.4], EMERGENCY),
    ],
)
def test_a_state_lasts_until_enough_samples_say_otherwise(samples: list[float | None], last: MemoryState) -> None:
    assert states(*samples)[-1] is last


def test_around_a_line_the_state_does_not_flutter() -> None:
    found = states(3, *[1.95, 2.05] * 50)
    assert set(found) == {SAFE}
    found = states(3, *[1.95] * BELOW_SAMPLES, *[2.05, 1.95] * 50)
    assert set(found[BELOW_SAMPLES:]) == {WARNING}


@pytest.mark.parametrize(
    ("pressure", "state"), [(Pressure.NONE, SAFE), (Pressure.SOME, WARNING), (Pressure.HIGH, CRITICAL)]
)
def test_what_the_system_says_of_itself_counts_like_a_line(pressure: Pressure, state: MemoryState) -> None:
    standing = begin(sample(0, 5), LINES)
    for number in range(1, 1 + BELOW_SAMPLES):
        standing = advance(standing, sample(number, 5, pressure), LINES)
    assert standing.state is state
    assert begin(sample(0, 5, pressure), LINES).state is state
    for number in range(9, 9 + ABOVE_SAMPLES):
        standing = advance(standing, sample(number, 5), LINES)
    assert standing.state is SAFE


def test_above_a_high_line_little_more_is_enough() -> None:
    high = Thresholds(warn=64, reject=1, emergency=0.5)
    assert states(63, *[64.1] * ABOVE_SAMPLES, lines=high)[-1] is WARNING
    assert states(63, *[64.2] * ABOVE_SAMPLES, lines=high)[-1] is SAFE


def test_with_lines_at_0_every_known_amount_is_safe() -> None:
    assert states(0, 0, 0, 0, lines=Thresholds(0, 0, 0))[-1] is SAFE


def test_the_states_are_called_as_the_contract_says() -> None:
    assert {state.value for state in MemoryState} == {"Safe", "Warning", "Critical", "Emergency", "Unknown"}


def test_the_rate_is_how_fast_memory_gets_free() -> None:
    standing: Standing = begin(sample(0, 1), LINES)
    for number in range(1, 40):
        standing = advance(standing, sample(number, 1 + number / 4), LINES)
    assert standing.snapshot(LINES).rate == pytest.approx(GB, rel=0.01)


@pytest.mark.parametrize(
    ("total", "expected"),
    [
        (None, Thresholds(2, 1, 0.5)),
        (512 * GB, Thresholds(2, 1, 0.5)),
        (8 * GB, Thresholds(2, 1, 0.5)),
        (4 * GB, Thresholds(1, 0.5, 0.25)),
        (1 * GB, Thresholds(0.25, 0.125, 0.0625)),
    ],
)
def test_a_small_machine_has_lower_lines(total: int | None, expected: Thresholds) -> None:
    assert thresholds(None, None, None, total) == expected


def test_lines_that_the_user_drew_stand_on_every_machine() -> None:
    assert thresholds(3, 2, 0, GB) == Thresholds(3, 2, 0)


@given(less=st.integers(0, 3 * GB), more=st.integers(0, 3 * GB))
def test_more_memory_is_never_a_worse_state(less: int, more: int) -> None:
    less, more = sorted((less, more))
    found = [begin(Sample(0, available, None), LINES).state for available in (less, more)]
    assert ORDER.index(found[0]) <= ORDER.index(found[1])


@given(samples=st.lists(st.floats(0, 4), min_size=2, max_size=60))
def test_no_state_is_better_than_the_best_sample_or_worse_than_the_worst(samples: list[float]) -> None:
    found = states(*samples)
    best, worst = (begin(sample(0, limit(samples)), LINES).state for limit in (max, min))
    assert all(ORDER.index(worst) <= ORDER.index(state) <= ORDER.index(best) for state in found)
