"""A clock that stands still while its process does: while it is stopped, while the machine sleeps, and while an event
loop is blocked. By any other clock, whoever waits for somebody who slept as well finds that he is late.

Whether a clock of the system counts a sleep differs: `time.monotonic` does not, `loop.time()` of uvloop on macOS does,
and both go on while a process is stopped.
"""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

LONGEST_LOOK = 1.5
"""Seconds. The supervisor looks at the clock four times a second, a worker once."""


class AwakeClock:
    """May be used from any thread. Somebody has to look at it at least every `longest` seconds: of what lies between
    two looks, no more than that counts."""

    def __init__(self, longest: float = LONGEST_LOOK) -> None:
        self._longest = longest
        self._lock = threading.Lock()
        self._looked = self._awake = time.monotonic()

    def __call__(self) -> float:
        """Seconds since some moment long ago."""
        with self._lock:
            now = time.monotonic()
            self._awake += min(now - self._looked, self._longest)
            self._looked = now
            return self._awake


awake = AwakeClock()
"""A server's, or a worker's: a process sleeps as a whole."""


async def done_within(future: asyncio.Future[Any], seconds: float) -> bool:
    """Waits for a future, though not for longer than so many seconds of `awake`. It goes on in either case."""
    deadline = awake() + seconds
    while not future.done() and (left := deadline - awake()) > 0:
        await asyncio.wait({future}, timeout=min(left, LONGEST_LOOK / 2))
    return future.done()
