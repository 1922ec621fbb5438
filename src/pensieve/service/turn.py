"""One request on its way from admission to its last event."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator

import msgspec

from pensieve.core.errors import PensieveError
from pensieve.core.generation import Sampling
from pensieve.core.receipt import Receipt
from pensieve.service.answer import Answer
from pensieve.supervisor.admission import Ticket
from pensieve.supervisor.jobs import JobStream
from pensieve.supervisor.supervisor import Supervisor
from pensieve.wire.answer import Event

log = logging.getLogger("pensieve.turn")


class Plan(msgspec.Struct, frozen=True):
    """All that is decided before a turn starts."""

    prompt: tuple[int, ...]
    sampling: Sampling
    max_tokens: int
    markers: tuple[str, ...]


class Turn:
    """Holds a place from the start: whoever has a Turn must `close` it, even if no event was ever asked for."""

    def __init__(
        self, request_id: str, model: str, arrived: float, plan: Plan, answer: Answer, supervisor: Supervisor
    ) -> None:
        self.model = model
        self._request_id = request_id
        self._arrived = arrived
        self._plan = plan
        self._answer = answer
        self._supervisor = supervisor
        self._ticket: Ticket = supervisor.admit()
        self._stream: JobStream | None = None
        self._granted_ms: float | None = None
        self._first_token_ms: float | None = None

    async def events(self) -> AsyncGenerator[list[Event], None]:
        """Batches of events: all that was there when the last batch had gone out. Raises PensieveError."""
        outcome = "client_gone"
        try:
            await self._ticket.granted()
            self._granted_ms = self._elapsed()
            plan = self._plan
            self._stream = self._supervisor.submit(plan.prompt, plan.sampling, plan.max_tokens, plan.markers)
            async for chunks in self._stream.batches():
                events = self._answer.take(chunks)
                if self._first_token_ms is None and self._answer.output_tokens:
                    self._first_token_ms = self._elapsed()
                if self._answer.stop_reason is not None:
                    outcome = self._answer.stop_reason
                if events:
                    yield events
                if self._answer.stop_reason is not None:
                    return
        except PensieveError as error:
            outcome = error.kind
            raise
        finally:
            self.close()
            self._log(outcome)

    def close(self) -> None:
        """Ends what still runs; harmless when nothing does."""
        if self._stream is not None:
            self._stream.cancel()
        self._ticket.release()

    def _elapsed(self) -> float:
        return (time.monotonic() - self._arrived) * 1000

    def _log(self, outcome: str) -> None:
        receipt = Receipt(
            request_id=self._request_id,
            model=self.model,
            stop_reason=outcome,
            prompt_tokens=len(self._plan.prompt),
            cached_tokens=self._answer.cached_tokens,
            output_tokens=self._answer.output_tokens,
            resumes=self._stream.resumes if self._stream else 0,
            granted_ms=self._granted_ms,
            first_token_ms=self._first_token_ms,
            total_ms=self._elapsed(),
        )
        words = (f"{name}={_short(value)}" for name, value in msgspec.structs.asdict(receipt).items())
        log.info("turn %s", " ".join(words))


def _short(value: object) -> object:
    return f"{value:.1f}" if isinstance(value, float) else value
