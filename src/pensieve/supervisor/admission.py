"""Places for jobs: so many at once, so many waiting, the rest refused. The governor decides, this acts."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable

import msgspec

from pensieve.core.clock import awake
from pensieve.core.errors import Refused
from pensieve.core.vitals import EngineMemory
from pensieve.memory.estimate import need
from pensieve.memory.governor import Cause, Decision, Evict, Grant, Load, Refuse, decide, wait_for_memory
from pensieve.memory.state import GB, Snapshot


def put_away(memory: Snapshot, needed: int, calm: float) -> Refused:
    """What a client is told whose request could not wait, or go on, until there is room: for so many bytes, and for
    `calm` seconds."""
    missing = msgspec.structs.replace(memory, floor=memory.floor + needed)
    available = "" if memory.available is None else f" ({memory.available / GB:.2f} GB available)"
    return Refused(
        f"The machine is short of memory{available}.",
        "Try again when there is room.",
        retry_after=calm + wait_for_memory(missing),
    )


class Ticket:
    """A place, or the right to the next one, for a job of so many `tokens`. Must be released, whatever happens."""

    def __init__(self, admission: Admission, tokens: int) -> None:
        self.tokens = tokens
        self.since = awake()
        self.place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._admission = admission
        self._released = False

    async def granted(self) -> None:
        """Waits for the place. Raises Refused if there will be none after all."""
        await asyncio.shield(self.place)

    def refuse(self, error: Refused) -> None:
        self.place.set_exception(error)
        # Whoever holds the ticket may never look.
        self.place.exception()

    def release(self) -> None:
        if not self._released:
            self._released = True
            self._admission.give_back(self)


class Admission:
    """`memory` and `engine` tell how the machine and the engine stand; `evict` has the engine give up so many bytes."""

    def __init__(
        self,
        parallel: int,
        queue: int,
        memory: Callable[[], Snapshot],
        engine: Callable[[], EngineMemory],
        evict: Callable[[int], None],
    ) -> None:
        self.refused: Counter[Cause] = Counter()
        self._parallel = parallel
        self._queue = queue
        self._memory = memory
        self._engine = engine
        self._evict = evict
        self._running: set[Ticket] = set()
        self._waiting: deque[Ticket] = deque()
        self._changed = 0.0
        """When a place was last given back: what its job held does not show at once."""
        self._told = EngineMemory()
        self._evicted = 0
        """Bytes, since the engine last told what it keeps."""

    @property
    def running(self) -> int:
        return len(self._running)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def admit(self, tokens: int = 0) -> Ticket:
        """A place for a job of so many tokens. Raises Refused, with the time after which to try again."""
        ticket = Ticket(self, tokens)
        decision = self._decided(ticket, self.waiting)
        if isinstance(decision, Refuse):
            raise self._refusal(decision)
        if isinstance(decision, Grant | Evict):
            self._grant(ticket, decision)
        else:
            self._waiting.append(ticket)
        return ticket

    def reconsider(self) -> None:
        """Those that wait get their places, in their order, as far as there are any by now."""
        while self._waiting:
            ticket = self._waiting[0]
            decision = self._decided(ticket, 0)
            if isinstance(decision, Grant | Evict):
                self._waiting.popleft()
                self._grant(ticket, decision)
            elif isinstance(decision, Refuse) and decision.cause is Cause.TOO_LARGE:
                self._waiting.popleft()
                ticket.refuse(self._refusal(decision))
            else:
                return

    def refuse_waiting(self, error: Refused, cause: Cause | None = Cause.MEMORY) -> None:
        """Counted among the refusals if they have a `cause`."""
        while self._waiting:
            self._waiting.popleft().refuse(error)
            if cause is not None:
                self.refused[cause] += 1

    def give_back(self, ticket: Ticket) -> None:
        if ticket in self._running:
            self._running.remove(ticket)
            self._changed = awake()
        elif ticket in self._waiting:
            self._waiting.remove(ticket)
            ticket.place.cancel()
        self.reconsider()

    def _decided(self, ticket: Ticket, waiting: int) -> Decision:
        engine, load = self._engine(), Load(self.running, waiting, self._parallel, self._queue)
        if engine != self._told:
            self._told, self._evicted = engine, 0
        waited = awake() - max(ticket.since, self._changed)
        lengths = [running.tokens for running in self._running]
        return decide(load, self._memory(), need(engine, ticket.tokens, lengths, self._evicted, waited))

    def _grant(self, ticket: Ticket, decision: Grant | Evict) -> None:
        if isinstance(decision, Evict):
            self._evict(decision.bytes)
            self._evicted += decision.bytes
        self._running.add(ticket)
        ticket.place.set_result(None)

    def _refusal(self, refuse: Refuse) -> Refused:
        self.refused[refuse.cause] += 1
        return Refused(refuse.reason, "Try again later.", retry_after=refuse.retry_after)
