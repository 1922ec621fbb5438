"""One running job as the parent holds it: all that has been generated, so that no worker's death can lose it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

import msgspec

from pensieve.core.errors import WorkerError
from pensieve.core.generation import Chunk, Finish, Job, Span
from pensieve.supervisor.restart import ENOUGH_FOR_A_JOB


class JobStream:
    """Chunks in from the worker's frames, batches out to the turn. Lives on the event loop."""

    def __init__(self, job: Job, cancel: Callable[[int], None]) -> None:
        self.job = job
        self.next_job = job
        """What the next worker gets: the job, or what is left of it."""
        self.resumes = 0
        self._cancel = cancel
        self._chunks: deque[Chunk] = deque()
        self._arrived = asyncio.Event()
        self._history = _History()
        self._tokens_at_submit = 0
        self._blame = 0
        self._begun = False
        self._ended = False
        self._cancelled = False

    @property
    def ended(self) -> bool:
        return self._ended

    @property
    def tokens(self) -> int:
        """Generated so far, by all workers."""
        return self._history.tokens

    def push(self, chunk: Chunk) -> None:
        if self._ended:
            return
        if chunk.prefill is not None:
            # Of a job that goes on, the turn has already been told how its prompt was read.
            if self.resumes and self._begun:
                return
            self._begun = True
        self._history.add(chunk)
        self._ended = chunk.finish is not None
        self._chunks.append(chunk)
        self._arrived.set()

    def fail(self, message: str) -> None:
        self.push(Chunk(finish=Finish("failed", message)))

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
            finish = batch[-1].finish
            if finish is not None and finish.reason == "failed":
                if len(batch) > 1:
                    yield batch[:-1]
                raise WorkerError(f"The engine failed: {finish.message}.", "Try again; if it persists, see the log.")
            yield batch
            if finish is not None:
                return

    def cancel(self) -> None:
        """End the job at the next step. Harmless when it has ended."""
        if not self._ended and not self._cancelled:
            self._cancelled = True
            self._cancel(self.job.id)

    def survive(self, last_words: str, blame: int) -> bool:
        """Prepares `next_job` for the next worker. False if the job has ended: cancelled, complete, or itself the
        killer. `blame` is what the death counts against it: 0 when the dead worker had never been given it."""
        if self._ended:
            return False
        left = self.job.max_tokens - self.tokens
        if self._cancelled:
            self.push(Chunk(finish=Finish("cancelled")))
        elif left <= 0 < self.job.max_tokens:
            self.push(Chunk(finish=Finish("length")))
        elif blame:
            self._blame = self._blame + blame if self.tokens == self._tokens_at_submit else 0
            if self._blame >= ENOUGH_FOR_A_JOB:
                self.fail(f"the worker died again and again on this request ({last_words})")
        if self.ended:
            return False
        self._tokens_at_submit = self.tokens
        self.resumes += blame > 0
        self.next_job = msgspec.structs.replace(self.job, max_tokens=left, generated=self._history.spans())
        return True


class _History:
    """What was generated, with neighbouring exact stretches joined."""

    def __init__(self) -> None:
        self.tokens = 0
        self._closed: list[Span] = []
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

    def spans(self) -> tuple[Span, ...]:
        self._close()
        return tuple(self._closed)

    def _close(self) -> None:
        if self._ids:
            self._closed.append(Span("".join(self._text), tuple(self._ids)))
            self._text, self._ids = [], []
