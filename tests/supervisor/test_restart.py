"""After a worker's death: at once, after a while, or never again."""

from __future__ import annotations

from itertools import pairwise

import pytest

from pensieve.supervisor.restart import (
    ENOUGH_FOR_A_JOB,
    ENOUGH_FOR_A_WORKER,
    KILLED,
    LONGEST_DELAY,
    OWN_FAULT,
    GiveUp,
    Restart,
    after_death,
)


@pytest.mark.parametrize(
    ("barren_lives", "delay"), [(0, 0.0), (1, 0.05), (2, 0.1), (3, 0.2), (7, 3.2), (8, 5.0), (19, 5.0)]
)
def test_a_worker_that_died_is_replaced_later_each_time(barren_lives: int, delay: float) -> None:
    decision = after_death(barren_lives, blame=0)
    assert isinstance(decision, Restart)
    assert decision.delay == pytest.approx(delay)


@pytest.mark.parametrize("barren_lives", [0, 1, 5, 20])
@pytest.mark.parametrize(
    ("blame", "kind"),
    [(0, Restart), (19, Restart), (20, GiveUp), (21, GiveUp), (1000, GiveUp)],
)
def test_after_so_much_blame_there_is_no_point(barren_lives: int, blame: int, kind: type) -> None:
    assert type(after_death(barren_lives, blame)) is kind


@pytest.mark.parametrize(("each", "lives"), [(OWN_FAULT, 5), (KILLED, 20)])
def test_a_worker_may_crash_five_times_and_be_killed_twenty(each: int, lives: int) -> None:
    decisions = [after_death(life, life * each) for life in range(1, lives + 1)]
    assert [type(decision) for decision in decisions] == [Restart] * (lives - 1) + [GiveUp]


@pytest.mark.parametrize(("each", "deaths"), [(OWN_FAULT, 3), (KILLED, 12)])
def test_a_job_may_see_three_crashes_or_twelve_kills(each: int, deaths: int) -> None:
    assert (deaths - 1) * each < ENOUGH_FOR_A_JOB <= deaths * each
    assert ENOUGH_FOR_A_JOB < ENOUGH_FOR_A_WORKER, "a job that kills is found out before the model is"


def test_the_delays_grow_and_end() -> None:
    decisions = [after_death(life, blame=0) for life in range(ENOUGH_FOR_A_WORKER)]
    delays = [decision.delay for decision in decisions if isinstance(decision, Restart)]
    assert len(delays) == ENOUGH_FOR_A_WORKER
    assert all(before <= after for before, after in pairwise(delays))
    assert max(delays) == LONGEST_DELAY
