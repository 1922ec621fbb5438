"""How the worker stands, as `/health` tells it."""

from __future__ import annotations

from enum import Enum


class WorkerState(Enum):
    LOADING = "loading"
    READY = "ready"
    RESTARTING = "restarting"
    SHORT = "short_of_memory"
    UNLOADED = "unloaded"
    FAILED = "failed"
    STOPPED = "stopped"


AWAY = frozenset((WorkerState.SHORT, WorkerState.UNLOADED, WorkerState.FAILED, WorkerState.STOPPED))
"""The model is not in memory, and will not be before somebody asks for it or there is room."""
