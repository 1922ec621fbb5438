"""After a death: again, and when? A pure decision."""

from __future__ import annotations

from msgspec import Struct

FIRST_DELAY = 0.05
LONGEST_DELAY = 5.0

OWN_FAULT, KILLED = 4, 1
"""What a death without a word since the last counts: a crash or a hang comes again, a kill from outside may not."""
ENOUGH_FOR_A_WORKER = 5 * OWN_FAULT
"""Then the model does not live here, and more tries would only heat the machine."""
ENOUGH_FOR_A_JOB = 3 * OWN_FAULT
"""Then the job is what kills the workers."""


class Restart(Struct, frozen=True, tag=True):
    """`delay` is in seconds."""

    delay: float


class GiveUp(Struct, frozen=True, tag=True):
    pass


def after_death(barren_lives: int, blame: int) -> Restart | GiveUp:
    """`barren_lives` counts the workers, up to now and in a row, that died without having generated anything; `blame`
    adds up what their deaths count."""
    if blame >= ENOUGH_FOR_A_WORKER:
        return GiveUp()
    if barren_lives == 0:
        return Restart(0.0)
    return Restart(min(LONGEST_DELAY, FIRST_DELAY * 2 ** (barren_lives - 1)))
