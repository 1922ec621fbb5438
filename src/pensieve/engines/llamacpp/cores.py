"""How much of the processor other processes leave."""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass
from pathlib import Path

from pensieve.engines.llamacpp.threads import allowed_cores, allowed_cpus, quota

USED = (1, 2, 3, 6, 7, 8)
"""Fields of a CPU's line in /proc/stat: user, nice, system, irq, softirq, and what a hypervisor gave to another."""


@dataclass(frozen=True)
class Usage:
    """Seconds, each since a beginning of its own: by the clock, and of processors by this process, by all on the CPUs
    that it may use, and by all in its container."""

    at: float
    own: float
    cpus: float
    container: float


class Cores:
    """Those that this process may use. `usage` raises OSError where the system does not tell (not Linux)."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root
        self._cpus = allowed_cpus()
        self._names = {f"cpu{number}" for number in self._cpus}
        self._allowed = allowed_cores(root)
        # Without a quota the container may be all of the machine, other CPUs too.
        self._has_quota = quota(root) < math.inf

    def usage(self) -> Usage:
        own, container = time.process_time(), self._container() if self._has_quota else 0.0
        return Usage(time.monotonic(), own, self._used(), container)

    def free(self, before: Usage, after: Usage) -> float:
        """How many no other process used in between."""
        seconds = max(after.at - before.at, 1e-6)
        own = after.own - before.own
        free = len(self._cpus) - (after.cpus - before.cpus - own) / seconds
        if self._has_quota:
            free = min(free, self._allowed - (after.container - before.container - own) / seconds)
        return free

    def _used(self) -> float:
        ticks = 0
        for line in (self._root / "proc" / "stat").read_text().splitlines():
            fields = line.split()
            if fields and fields[0] in self._names:
                ticks += sum(int(fields[number]) for number in USED)
        return ticks / os.sysconf("SC_CLK_TCK")

    def _container(self) -> float:
        lines = (self._root / "sys" / "fs" / "cgroup" / "cpu.stat").read_text().splitlines()
        numbers = dict(line.split(maxsplit=1) for line in lines)
        return int(numbers["usage_usec"]) / 1e6
