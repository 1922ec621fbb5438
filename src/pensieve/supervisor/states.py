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
