"""One request on its way from admission to its last event."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable

import msgspec

from pensieve.conversation.normalise import Normalised
from pensieve.core.errors import PensieveError, PromptTooLong, WorkerError
from pensieve.core.generation import Chunk, Finish, Sampling, Span
from pensieve.core.receipt import Receipt
from pensieve.service.answer import Answer
from pensieve.service.progress import Requests
from pensieve.service.searches import MOST_ROUNDS, run_searches
from pensieve.service.totals import Totals
from pensieve.service.voice import Thought, Voice
from pensieve.supervisor.admission import Ticket
from pensieve.supervisor.jobs import GoOn, JobStream
from pensieve.supervisor.supervisor import Supervisor
from pensieve.wire.answer import Event

log = logging.getLogger("pensieve.turn")


class Plan(msgspec.Struct, frozen=True):
    """All that is decided before a turn starts."""

    prompt: tuple[int, ...]
    sampling: Sampling
    max_tokens: int
    markers: tuple[str, ...]
    grammar: str
    shared: int
    banned: tuple[int, ...]
    meant: Normalised
    voice: Voice
    thought: Thought
    cut: bool


class Turn:
    """Holds a place from the start: whoever has a Turn must `close` it, even if no event was ever asked for."""

    def __init__(
        self,
        request_id: str,
        model: str,
        arrived: float,
        plan: Plan,
        answer: Answer,
        supervisor: Supervisor,
        totals: Totals,
        requests: Requests,
        replan: Callable[[Normalised, int], Awaitable[Plan]],
    ) -> None:
        """`replan` plans a further job of the same answer: the conversation by then, and the tokens already spent."""
        self.model = model
        self._request_id = request_id
        self._arrived = arrived
        self._plan = plan
        self._answer = answer
        self._supervisor = supervisor
        self._totals = totals
        self._requests = requests
        self._replan = replan
        self._rounds = 0
        self._spent = 0
        """Tokens that were written before the plan was made."""
        self._ticket: Ticket = supervisor.admit(len(plan.prompt), plan.max_tokens)
        self._progress = requests.begin(request_id, model, len(plan.prompt))
        self._stream: JobStream | None = None
        self._granted_ms: float | None = None
        self._first_token_ms: float | None = None

    async def events(self) -> AsyncGenerator[list[Event], None]:
        """Batches of events: all that was there when the last batch had gone out. Raises PensieveError."""
        failure = ""
        try:
            await self._ticket.granted()
            self._granted_ms = self._elapsed()
            plan = self._plan
            self._stream = self._submitted(plan.max_tokens, plan.grammar)
            while self._answer.stop_reason is None:
                async for events in self._told(self._stream):
                    if events:
                        yield events
                if self._answer.stop_reason is None:
                    async for events in self._further(self._stream):
                        yield events
        except PensieveError as error:
            failure = error.kind
            raise
        except Exception:
            # The server's own fault, and handled at its boundary: the receipt must not say that the client left.
            failure = "api_error"
            raise
        finally:
            self.close()
            self._remember(failure)

    async def _told(self, stream: JobStream) -> AsyncGenerator[list[Event], None]:
        """What becomes of one job. One that has written enough is cancelled, and leaves the answer unfinished."""
        cancelled = False
        async for chunks in stream.batches():
            self._progress.take(chunks)
            if cancelled:
                # What it has written since is not taken.
                continue
            events = self._answer.take(chunks)
            if self._first_token_ms is None and self._answer.output_tokens:
                self._first_token_ms = self._elapsed()
            cancelled = self._answer.wants_no_more
            if cancelled:
                stream.cancel()
            elif self._answer.settle():
                stream.settle()
            yield events
            if self._answer.stop_reason is not None:
                return

    async def _further(self, before: JobStream) -> AsyncGenerator[list[Event], None]:
        """Begins the job that goes on with the answer: held, with what a search has found, or behind a thought."""
        answer = self._answer
        if answer.is_to_be_held:
            before.keep(await answer.hold())
            yield self._go_on_held(before)
            return
        if answer.repeats_a_call:
            self._stream, events = self._with_the_result(before)
            yield events
            return
        if not answer.searches.asked:
            self._stream, events = self._behind_the_thought(before)
            yield events
            return
        self._rounds += 1
        meant, events = await run_searches(self._plan.meant, answer.searches.take(), answer.narrator)
        yield events
        if answer.narrator.called or answer.paused != "end_turn" or self._rounds >= MOST_ROUNDS:
            yield answer.give_up(answer.paused or "end_turn")
            return
        self._spent = answer.output_tokens
        try:
            self._plan = plan = await self._replan(meant, self._spent)
        except PromptTooLong:
            yield answer.give_up("model_context_window_exceeded")
            return
        if plan.max_tokens < 1:
            yield answer.give_up("max_tokens")
            return
        answer.go_on_with(plan.voice, plan.thought, cut=plan.cut)
        self._stream = self._submitted(plan.max_tokens, plan.grammar)

    def _go_on_held(self, before: JobStream) -> list[Event]:
        """Begins the job that goes on with a call in a foreign form, held to what is offered."""
        left = self._plan.max_tokens - (self._answer.output_tokens - self._spent)
        if left < 1:
            return self._answer.take([Chunk(finish=Finish("length"))])
        self._stream = self._submitted(left, self._answer.held_by, before.spans)
        return []

    def _with_the_result(self, before: JobStream) -> tuple[JobStream, list[Event]]:
        """The job that answers in words, where the last one made a call anew whose result is there."""
        before.keep(GoOn(0, ""))
        text, events = self._answer.begin_with_the_result()
        grammar = self._answer.voice.grammar("none", later=True)
        return self._submitted(self._plan.max_tokens, grammar, (Span(text, ()),)), events

    def _behind_the_thought(self, before: JobStream) -> tuple[JobStream, list[Event]]:
        """The job that goes on where the last one was cancelled, with the thought ended."""
        plan, answer = self._plan, self._answer
        go_on = answer.go_back()
        if go_on is None:
            raise WorkerError("The answer cannot be gone on with.", "Try again.")
        before.keep(go_on)
        text, events = answer.end_thought()
        left = plan.max_tokens - (answer.output_tokens - self._spent)
        if left < 1:
            return before, events + answer.take([Chunk(finish=Finish("length"))])
        generated = (*before.spans, Span(text, ()))
        return self._submitted(left, answer.voice.grammar("none"), generated), events

    def _submitted(self, max_tokens: int, grammar: str, generated: tuple[Span, ...] = ()) -> JobStream:
        plan = self._plan
        stream = self._supervisor.submit(
            plan.prompt,
            plan.sampling,
            max_tokens,
            plan.markers,
            grammar=grammar,
            generated=generated,
            shared=plan.shared,
            banned=plan.banned,
        )
        if grammar or self._answer.has_budget:
            stream.bind(self._answer.go_back)
        return stream

    def keep_alive(self) -> list[Event]:
        """What to send in a long silence, by which no client gives up; nothing if a ping must do."""
        return self._answer.keep_alive(len(self._plan.prompt))

    def close(self) -> None:
        """Ends what still runs; harmless when nothing does."""
        if self._stream is not None:
            self._stream.cancel()
        self._ticket.release()
        self._requests.end(self._request_id)

    def _elapsed(self) -> float:
        return (time.monotonic() - self._arrived) * 1000

    def _remember(self, failure: str) -> None:
        reached = self._answer.stop_reason
        receipt = Receipt(
            request_id=self._request_id,
            model=self.model,
            stop_reason=failure or reached or "client_gone",
            prompt_tokens=len(self._plan.prompt),
            cached_tokens=self._answer.cached_tokens,
            output_tokens=self._answer.output_tokens,
            resumes=self._stream.resumes if self._stream else 0,
            granted_ms=self._granted_ms,
            first_token_ms=self._first_token_ms,
            total_ms=self._elapsed(),
        )
        self._totals.add(receipt, whole=reached is not None and not failure)
        words = (f"{name}={_short(value)}" for name, value in msgspec.structs.asdict(receipt).items())
        log.info("turn %s", " ".join(words))


def _short(value: object) -> object:
    return f"{value:.1f}" if isinstance(value, float) else value
