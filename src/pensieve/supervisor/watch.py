"""Is a worker that has not died still alive, and does it keep within bounds?"""

from __future__ import annotations

from pensieve.config.settings import Settings
from pensieve.core.vitals import EngineMemory
from pensieve.ipc.frames import Vitals
from pensieve.memory.fit import Fit
from pensieve.supervisor.plan import growth_limit

MOST_HANGS = 2
"""So often in a row the next worker gets twice the time."""
PATIENCE = 5.0
"""How many times its longest step so far a loop may take before it counts as stuck."""


def hang_reason(silence: float, vitals: Vitals | None, silence_limit: float, hang_limit: float) -> str | None:
    """Why the worker must be replaced, or None. `silence` is in seconds since its last frame, whatever it was."""
    if silence > silence_limit:
        return f"it gave no sign of life for {silence:.0f} s"
    if vitals is not None:
        limit = max(hang_limit, PATIENCE * vitals.longest_step)
        if vitals.beat_age + silence > limit:
            return f"its generating loop has been stuck for {vitals.beat_age + silence:.0f} s"
    return None


def growth_reason(own: int, limit: int) -> str | None:
    """`own` are the bytes that only the worker holds."""
    return f"it has taken {own / 1e9:.1f} GB, and {limit / 1e9:.1f} GB are the most it should" if own > limit else None


class Bounds:
    """What the workers of one model may take, of time and of memory."""

    def __init__(self, fitted: Fit, settings: Settings) -> None:
        self._fitted = fitted
        self._settings = settings
        self._at_start: int | None = None
        self._hangs = 0

    def reason(self, silence: float, vitals: Vitals | None, own: int, told: EngineMemory) -> str | None:
        """Why a worker must be replaced that was silent for so many seconds and holds so many bytes, or None. The first
        time is when one is loaded."""
        limits = self._settings.worker
        # Perhaps the machine is slow, and no worker has lived long enough to say so.
        hang = hang_reason(silence, vitals, limits.silence_seconds, limits.hang_seconds * 2**self._hangs)
        self._hangs = min(self._hangs + (hang is not None), MOST_HANGS)
        return hang or self._growth_reason(own, told)

    def lives(self) -> None:
        """A worker has written something."""
        self._hangs = 0

    def _growth_reason(self, own: int, told: EngineMemory) -> str | None:
        if not own:
            return None
        self._at_start = own if self._at_start is None else self._at_start
        return growth_reason(own, growth_limit(self._fitted, self._settings, self._at_start, told))
