"""After an emergency: how long must there be room before the model is loaded again?"""

from __future__ import annotations

FIRST_SECONDS, LONGEST_SECONDS = 2.0, 60.0
LONG_AGO = 300.0
"""Seconds after which an emergency no longer counts."""


class Calm:
    """`seconds` doubles with each emergency that follows another: a model that brings the next one about by being
    loaded must not do so all day."""

    def __init__(self) -> None:
        self.emergencies = 0
        self.seconds = FIRST_SECONDS
        self._last = 0.0

    def emergency(self, now: float) -> None:
        """`now` in seconds of `awake`."""
        again = self.emergencies and now - self._last < LONG_AGO
        self.seconds = min(LONGEST_SECONDS, 2 * self.seconds) if again else FIRST_SECONDS
        self.emergencies += 1
        self._last = now

    def left(self, now: float) -> float:
        """Seconds until a model that nobody but its users brings back may be loaded again."""
        return max(0.0, self._last + self.seconds - now) if self.emergencies else 0.0
