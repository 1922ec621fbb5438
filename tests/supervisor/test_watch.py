"""Is a worker that has not died still alive? Every border."""

from __future__ import annotations

import pytest

from pensieve.config.load import load_settings
from pensieve.core.vitals import EngineMemory
from pensieve.ipc.frames import Vitals
from pensieve.memory.estimate import LoadCost
from pensieve.memory.fit import Fit
from pensieve.supervisor.watch import PATIENCE, Bounds, hang_reason

SILENCE, HANG = 15.0, 120.0


@pytest.mark.parametrize(
    ("silence", "beat_age", "longest_step", "reason"),
    [
        (0.0, 0.0, 0.0, None),
        (15.0, 0.0, 0.0, None),
        (15.1, 0.0, 0.0, "it gave no sign of life for 15 s"),
        (400.0, 0.0, 1000.0, "it gave no sign of life for 400 s"),
        (0.0, 120.0, 0.0, None),
        (0.0, 120.6, 0.0, "its generating loop has been stuck for 121 s"),
        (1.0, 119.0, 0.0, None),
        (1.0, 119.5, 0.0, "its generating loop has been stuck for 120 s"),
        (0.0, 120.5, 24.0, "its generating loop has been stuck for 120 s"),
        (0.0, 149.0, 30.0, None),  # a loop that is slow by nature gets more time
        (0.0, 150.0, 30.0, None),
        (1.0, 150.0, 30.0, "its generating loop has been stuck for 151 s"),
        (0.0, 2.0, 0.001, None),  # and a fast one not less
    ],
)
def test_a_worker_is_replaced_when_it_is_silent_or_stuck(
    silence: float, beat_age: float, longest_step: float, reason: str | None
) -> None:
    assert hang_reason(silence, Vitals(beat_age, longest_step, 1), SILENCE, HANG) == reason


@pytest.mark.parametrize(("silence", "reason"), [(0.0, None), (15.0, None), (16.0, "it gave no sign of life for 16 s")])
def test_before_its_first_vitals_only_silence_counts(silence: float, reason: str | None) -> None:
    assert hang_reason(silence, None, SILENCE, HANG) == reason


def test_patience_is_several_of_the_longest_steps() -> None:
    assert PATIENCE > 1
    assert hang_reason(0, Vitals(PATIENCE * 100, 100, 1), SILENCE, HANG) is None
    assert hang_reason(0, Vitals(PATIENCE * 100 + 1, 100, 1), SILENCE, HANG) is not None


def test_a_machine_that_may_be_slow_gets_more_time_with_every_hang() -> None:
    """No worker has lived to say how long its steps take."""
    cost = LoadCost(0, 0, 0)
    bounds, stuck = Bounds(Fit(4096, 1, cost, None), load_settings({})), Vitals(HANG + 1, 0.0, 1)
    first = bounds.reason(0, stuck, 0, EngineMemory())
    assert first is not None and "stuck" in first
    assert bounds.reason(0, stuck, 0, EngineMemory()) is None
    assert bounds.reason(0, Vitals(2 * HANG + 1, 0.0, 1), 0, EngineMemory()) is not None
    for number in range(5):
        assert bounds.reason(0, Vitals(4 * HANG + 1, 0.0, 1), 0, EngineMemory()) is not None, number
    bounds.lives()
    assert bounds.reason(0, stuck, 0, EngineMemory()) is not None
