"""Is a worker that has not died still alive? A pure decision."""

from __future__ import annotations

from pensieve.ipc.frames import Vitals

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
