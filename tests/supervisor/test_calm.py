"""How long there must be room before the model is loaded again."""

from __future__ import annotations

from pensieve.supervisor.calm import FIRST_SECONDS, LONG_AGO, LONGEST_SECONDS, Calm


def test_each_emergency_soon_after_another_doubles_the_time() -> None:
    calm, found = Calm(), []
    for number in range(8):
        calm.emergency(now=number * (LONG_AGO - 1))
        found.append(calm.seconds)
    assert found == [2, 4, 8, 16, 32, 60, 60, 60]
    assert (FIRST_SECONDS, LONGEST_SECONDS, calm.emergencies) == (2, 60, 8)


def test_an_emergency_long_ago_does_not_count() -> None:
    calm = Calm()
    calm.emergency(now=1)
    calm.emergency(now=2)
    calm.emergency(now=2 + LONG_AGO)
    assert calm.seconds == FIRST_SECONDS
