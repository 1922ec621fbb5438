"""How many threads, and how they wait. To be set before the library is loaded."""

from __future__ import annotations

import math
import os
from collections.abc import MutableMapping
from pathlib import Path

import psutil

SPIN_COUNT = "10000"
"""How often a GNU OpenMP thread looks again before it sleeps. Measured on 2 cores, decoding: with none at all half the
speed on an idle machine; with the library's default, next to endless, 18 tokens/s instead of 95 as soon as two busy
programs run beside it; with this the idle speed of the default, and 27 tokens/s beside them."""


def prepare_environment(environment: MutableMapping[str, str]) -> None:
    """The user's own choice stands. A crash must not start a debugger for its backtrace."""
    if "OMP_WAIT_POLICY" not in environment:
        environment.setdefault("GOMP_SPINCOUNT", SPIN_COUNT)
    environment.setdefault("GGML_NO_BACKTRACE", "1")


def thread_count(wanted: int) -> int:
    """`wanted`, or for 0 one per physical core that this process may use: more threads only take turns."""
    return wanted or max(1, min(psutil.cpu_count(logical=False) or 1, allowed_cores()))


def allowed_cores(root: Path = Path("/")) -> int:
    """By the affinity of the process, and by the quota of its container."""
    return math.ceil(min(len(allowed_cpus()), quota(root)))


def allowed_cpus() -> set[int]:
    """Their numbers."""
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))


def quota(root: Path = Path("/")) -> float:
    """Cores of the container (cgroup v2, `cpu.max`), infinite without a limit."""
    try:
        allowed, period = (root / "sys" / "fs" / "cgroup" / "cpu.max").read_text().split()
        return int(allowed) / int(period)
    except (OSError, ValueError):
        # No such limit: "max", or no such system.
        return math.inf
