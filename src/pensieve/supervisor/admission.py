"""Places for jobs: so many at once, so many waiting, the rest refused. The governor decides, this acts."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from pensieve.core.errors import Refused
from pensieve.memory.governor import Grant, Load, Refuse, decide
from pensieve.memory.state import Snapshot


class Ticket:
    """A place, or the right to the next one. Must be released, whatever happens."""

    def __init__(self, admission: Admission, granted: asyncio.Future[None]) -> None:
        self._admission = admission
        self._granted = granted
        self._released = False

    async def granted(self) -> None:
        """Waits for the place."""
        await asyncio.shield(self._granted)

    def release(self) -> None:
        if not self._released:
            self._released = True
            self._admission.give_back(self._granted)


class Admission:
    def __init__(self, parallel: int, queue: int, memory: Callable[[], Snapshot]) -> None:
        self.running = 0
        self._parallel = parallel
        self._queue = queue
        self._memory = memory
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def admit(self) -> Ticket:
        """Raises Refused, with the time after which to try again."""
        decision = decide(Load(self.running, self.waiting, self._parallel, self._queue), self._memory())
        if isinstance(decision, Refuse):
            raise Refused(decision.reason, "Try again later.", retry_after=decision.retry_after)
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if isinstance(decision, Grant):
            self._grant(granted)
        else:
            self._waiting.append(granted)
        return Ticket(self, granted)

    def give_back(self, granted: asyncio.Future[None]) -> None:
        if not granted.done():
            self._waiting.remove(granted)
            granted.cancel()
            return
        self.running -= 1
        if self._waiting and self.running < self._parallel:
            self._grant(self._waiting.popleft())

    def _grant(self, granted: asyncio.Future[None]) -> None:
        self.running += 1
        granted.set_result(None)
