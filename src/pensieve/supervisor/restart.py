"""After a death: again, and when? A pure decision."""

from __future__ import annotations

from msgspec import Struct

FIRST_DELAY = 0.05
LONGEST_DELAY = 5.0
BARREN_LIVES = 5
"""Workers in a row that died before they did anything useful: more would only heat the machine."""
BARREN_TRIES = 3
"""Workers in a row that a job may see die without a word for it: then the job is what kills them."""


class Restart(Struct, frozen=True, tag=True):
    """`delay` is in seconds."""

    delay: float


class GiveUp(Struct, frozen=True, tag=True):
    pass


def after_death(barren_lives: int) -> Restart | GiveUp:
    """`barren_lives` counts the workers, up to now and in a row, that died without having generated anything."""
    if barren_lives >= BARREN_LIVES:
        return GiveUp()
    if barren_lives == 0:
        return Restart(0.0)
    return Restart(min(LONGEST_DELAY, FIRST_DELAY * 4 ** (barren_lives - 1)))
