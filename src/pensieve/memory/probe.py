"""Reads how much memory is available. The only impure module here."""

from __future__ import annotations

import psutil


def available_bytes() -> int | None:
    """What can be taken without swapping, or None when the system does not tell."""
    try:
        return int(psutil.virtual_memory().available)
    except (OSError, RuntimeError):
        return None
