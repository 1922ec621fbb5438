"""How much is being generated: counted where all Chunks pass, whatever the engine."""

from __future__ import annotations

import threading

from pensieve.core.clock import awake
from pensieve.core.generation import Chunk


class Tally:
    """May be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: set[int] = set()
        self._tokens = 0
        self._since = awake()

    def count(self, job: int, chunk: Chunk) -> None:
        with self._lock:
            self._tokens += chunk.tokens
            if chunk.finish is not None:
                self._jobs.discard(job)
            elif chunk.prefill is not None:
                self._jobs.add(job)

    def taken(self) -> tuple[int, float]:
        """The jobs that have begun and not ended, and the tokens per second since this was last asked."""
        now = awake()
        with self._lock:
            rate = self._tokens / max(now - self._since, 1e-9)
            self._tokens, self._since = 0, now
            return len(self._jobs), rate
