"""One running job as the parent holds it: all that has been generated, so that no worker's death can lose it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

import msgspec
from msgspec import Struct

from pensieve.core.errors import PensieveError, WorkerError
from pensieve.core.generation import Chunk, Finish, Job, Prefill, Span
from pensieve.supervisor.restart import ENOUGH_FOR_A_JOB


class GoOn(Struct, frozen=True):
    """Where a job with a grammar can begin anew: behind the first `keep` characters of those taken since it was
    last settled, with this grammar from there on."""

    keep: int
    grammar: str


class JobStream:
    """Chunks in from the worker's frames, batches out to the turn. Lives on the event loop.

    A grammar holds from where a worker begins, and only the turn knows what it may be in the middle of an answer. So a
    job with a grammar goes on only from where the turn says: it settles what is done with, and is asked to go back. So
    does any other job that is bound.
    """

    def __init__(self, job: Job, cancel: Callable[[JobStream], None]) -> None:
        self.job = job
        self.next_job = job
        """What the next worker gets: the job, or what is left of it."""
        self.resumes = 0
        self.produced = 0
        """Tokens."""
        self.read: Prefill | None = None
        """How far the worker that it is in now has read its prompt."""
        self._cancel = cancel
        self._chunks: deque[Chunk] = deque()
        self._arrived = asyncio.Event()
        self._error: PensieveError | None = None
        self._history = _History(job.generated)
        self._unsettled: list[Chunk] = []
        self._go_back: Callable[[], GoOn | None] | None = None
        self._bound = bool(job.grammar)
        self._produced_at_submit = self._kept_at_submit = 0
        self._blame = 0
        self._begun = False
        self._ended = False
        self._cancelled = False

    @property
    def ended(self) -> bool:
        return self._ended

    @property
    def tokens(self) -> int:
        """Of what the next worker would be given as generated, those that this job generated."""
        return self._history.tokens

    @property
    def writes(self) -> bool:
        """It has written something in the worker that it is in now, and so is not reading its prompt any more."""
        return self.produced > self._produced_at_submit

    @property
    def spans(self) -> tuple[Span, ...]:
        return self._history.spans()

    def bind(self, go_back: Callable[[], GoOn | None]) -> None:
        """From the start: `go_back` will tell where to go on, or None where that is no longer possible."""
        self._go_back, self._bound = go_back, True

    def settle(self) -> None:
        """All that was taken out of `batches` stands, and the job's own grammar may begin anew behind it."""
        for chunk in self._unsettled:
            self._history.add(chunk)
        self._unsettled.clear()

    def keep(self, go_on: GoOn) -> None:
        """What was taken and is not kept is forgotten, as is what nobody has taken yet."""
        left = go_on.keep
        for chunk in self._unsettled:
            if len(chunk.text) > left:
                self._history.add_text(chunk.text[:left])
                break
            self._history.add(chunk)
            left -= len(chunk.text)
        self._unsettled.clear()
        self._chunks = deque(chunk for chunk in self._chunks if chunk.prefill is not None)

    def push(self, chunk: Chunk) -> None:
        if self._ended:
            return
        if chunk.prefill is not None:
            self.read = chunk.prefill
            # Of a job that goes on, the turn has already been told how its prompt was read.
            if self.resumes and self._begun:
                return
            self._begun = True
        self.produced += chunk.tokens
        if not self._bound:
            self._history.add(chunk)
        self._ended = chunk.finish is not None
        self._chunks.append(chunk)
        self._arrived.set()

    def fail(self, message: str) -> None:
        self.push(Chunk(finish=Finish("failed", message)))

    def end_with(self, error: PensieveError) -> None:
        """The job is over, and this is what its client is told."""
        self._error = error
        self.fail(error.message)

    async def batches(self) -> AsyncIterator[list[Chunk]]:
        """All Chunks that have arrived, as often as some have. Ends after the terminal one; raises WorkerError for a
        job that failed."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            batch = list(self._chunks)
            self._chunks.clear()
            if not batch:
                continue
            if self._bound:
                self._unsettled += batch
            finish = batch[-1].finish
            if finish is not None and finish.reason == "failed":
                if len(batch) > 1:
                    yield batch[:-1]
                if self._error:
                    raise self._error
                raise WorkerError(f"The engine failed: {finish.message}.", "Try again; if it persists, see the log.")
            yield batch
            if finish is not None:
                return

    def cancel(self) -> None:
        """End the job at the next step. Harmless when it has ended."""
        if not self._ended and not self._cancelled:
            self._cancelled = True
            self._cancel(self)

    def survive(self, last_words: str, blame: int) -> bool:
        """Prepares `next_job` for the next worker. False if the job has ended: cancelled, complete, or itself the
        killer. `blame` is what the death counts against it: 0 when the dead worker had never been given it."""
        if self._ended:
            return False
        grammar = self.job.grammar
        if self._bound and not self._cancelled:
            go_on = self._go_back() if self._go_back else GoOn(0, grammar)
            if go_on is None:
                self.fail("the worker died in the middle of an answer that cannot be gone on with")
                return False
            self.keep(go_on)
            grammar = go_on.grammar
        left = self.job.max_tokens - self.tokens
        if self._cancelled:
            self.push(Chunk(finish=Finish("cancelled")))
        elif left <= 0 < self.job.max_tokens:
            self.push(Chunk(finish=Finish("length")))
        elif blame:
            # What has to be written once more is no progress.
            self._blame = self._blame + blame if self.tokens <= self._kept_at_submit else 0
            if self._blame >= ENOUGH_FOR_A_JOB:
                self.fail(f"the worker died again and again on this request ({last_words})")
        if self.ended:
            return False
        self._produced_at_submit, self._kept_at_submit, self.read = self.produced, self.tokens, None
        self.resumes += blame > 0
        self.next_job = msgspec.structs.replace(
            self.job, max_tokens=left, generated=self._history.spans(), grammar=grammar
        )
        return True


class _History:
    """What was generated, with neighbouring exact stretches joined. `tokens` counts what was added."""

    def __init__(self, before: tuple[Span, ...]) -> None:
        self.tokens = 0
        self._closed = list(before)
        self._text: list[str] = []
        self._ids: list[int] = []

    def add(self, chunk: Chunk) -> None:
        if not chunk.ids and not chunk.text and not chunk.missing:
            return
        self.tokens += chunk.tokens
        if chunk.missing:
            self._close()
            self._closed.append(Span(chunk.text, chunk.ids, chunk.missing))
        else:
            self._text.append(chunk.text)
            self._ids.extend(chunk.ids)

    def add_text(self, text: str) -> None:
        """A part of a Chunk, whose tokens nobody knows."""
        if text:
            self.tokens += 1
            self._close()
            self._closed.append(Span(text, ()))

    def spans(self) -> tuple[Span, ...]:
        self._close()
        return tuple(self._closed)

    def _close(self) -> None:
        if self._ids:
            self._closed.append(Span("".join(self._text), tuple(self._ids)))
            self._text, self._ids = [], []
