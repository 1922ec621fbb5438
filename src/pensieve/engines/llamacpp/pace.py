"""How many threads compute, while other processes come and go.

The threads wait for one another many hundred times a token. When another process takes one of their cores, each of
these waits may last for its whole turn: on two cores, beside one busy process, a second thread made a token not twice
as fast but twenty times as slow. So there are no more threads than cores that nobody else uses.
"""

from __future__ import annotations

import ctypes
import logging
import math
import threading
from types import ModuleType
from typing import Any

from pensieve.engines.llamacpp.context import Context, find_context
from pensieve.engines.llamacpp.cores import Cores

log = logging.getLogger(__name__)

SAMPLE_SECONDS = 0.25
LOST = 0.4
"""Of a core: when others use that much of one, its thread does not pay. A busy process that shares a core with a thread
has half of it or more, and this much only where it has a better place in the queue than the system gives by itself."""
FREE = 0.25
"""Of a core: so little may others use of one for its thread to come back. What serves the stream uses less."""
CALM_SAMPLES = 2


class Pace:
    """Pure: what was free in, how many threads out. `limit` is the most."""

    def __init__(self, limit: int) -> None:
        self.threads = limit
        self._limit = limit
        self._calm: list[int] = []

    def next(self, free: float) -> int:
        """Down at once, since every token is slow until then; up when it was calm for a while."""
        few, many = (self._fitting(free, spent) for spent in (LOST, FREE))
        self._calm = [*self._calm, many][-CALM_SAMPLES:]
        if few < self.threads:
            self.threads = few
        elif len(self._calm) == CALM_SAMPLES:
            self.threads = max(self.threads, min(self._calm))
        return self.threads

    def _fitting(self, free: float, spent: float) -> int:
        return max(1, min(self._limit, math.floor(free + spent)))


class Pacer:
    """Gives the context of a loaded model its count of threads. To be closed before the model is freed."""

    def __init__(self, context: Context, limit: int, cores: Cores) -> None:
        self._context = context
        self._pace = Pace(limit)
        self._cores = cores
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pace", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        before = self._cores.usage()
        while not self._closed.wait(SAMPLE_SECONDS):
            after = self._cores.usage()
            free, threads = self._cores.free(before, after), self._pace.threads
            before = after
            if self._pace.next(free) != threads:
                self._context.threads = (self._pace.threads, self._pace.threads)
                log.debug("%d threads instead of %d: %.1f cores are free", self._pace.threads, threads, free)


def start_pacer(server: Any, module: ModuleType, limit: int, parallel: int) -> Pacer | None:
    """For a server of the library's module that was set up with these counts. None where the count stays as it is."""
    if limit == 1:
        return None
    try:
        cores = Cores()
        cores.usage()
        context = find_context(server, ctypes.CDLL(module.__file__), limit, parallel)
    except (OSError, AttributeError, LookupError) as error:
        log.debug("the count of threads does not follow the machine's load: %s", error)
        return None
    return Pacer(context, limit, cores)
