"""Does the library's loop go on? While a decode stands still it answers questions all the same (llama.cpp, since August
2026), so only what running jobs are told counts.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pensieve.core.clock import awake


class Steps:
    """May be used from any thread. `longest` is in seconds."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._last = 0.0
        self._inside = 0
        self._lock = threading.Lock()
        self._moved = threading.Event()

    @contextmanager
    def inside(self) -> Iterator[None]:
        """While a job is in the library. It tells of its steps, or ends soon."""
        with self._lock:
            if not self._inside:
                self._last = awake()
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
            self._moved.set()

    def told(self) -> None:
        """Of any job: a step has ended."""
        now = awake()
        self.longest = max(self.longest, now - self._last)
        self._last = now
        self._moved.set()

    def wait(self) -> None:
        """Until the next one ends, or at once if there is nothing to do."""
        self._moved.clear()
        if self._inside:
            self._moved.wait()
