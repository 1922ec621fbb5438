"""All that there is to do for a worker: jobs, and texts whose tokens somebody waits for. None dies with a worker."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable

from pensieve.core.errors import BodyTooLarge, PensieveError, WorkerError
from pensieve.core.generation import Chunk, Finish
from pensieve.ipc.frames import Count, Counted, Down, Emit, Submit
from pensieve.supervisor.jobs import JobStream
from pensieve.supervisor.restart import ENOUGH_FOR_A_JOB

LONGEST_TEXT = 12 * 1024 * 1024
"""Bytes. Even at a token a byte the answer to a Count then fits into a frame; no window is as long."""


class _Query:
    """`blame` as of a job."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.blame = 0
        self.answered: asyncio.Future[Counted] = asyncio.get_running_loop().create_future()

    def answer(self, counted: Counted) -> None:
        if not self.answered.done():
            self.answered.set_result(counted)

    def refuse(self, error: PensieveError) -> None:
        if not self.answered.done():
            self.answered.set_exception(error)


class Work:
    def __init__(self) -> None:
        self._jobs: dict[int, JobStream] = {}
        self._queries: dict[int, _Query] = {}
        self._numbers = itertools.count(1)

    def __len__(self) -> int:
        return len(self._jobs) + len(self._queries)

    @property
    def jobs(self) -> int:
        return len(self._jobs)

    @property
    def writing(self) -> bool:
        return any(stream.writes for stream in self._jobs.values())

    def number(self) -> int:
        """Of a new job or query."""
        return next(self._numbers)

    def add(self, stream: JobStream) -> Submit:
        self._jobs[stream.job.id] = stream
        return Submit(stream.job)

    def drop(self, stream: JobStream) -> None:
        """A job that has no client any more: no further worker will get it."""
        self._jobs.pop(stream.job.id, None)
        stream.push(Chunk(finish=Finish("cancelled")))

    async def count(self, text: str, send: Callable[[Down], bool], seconds: float) -> tuple[int, ...]:
        """Raises BodyTooLarge, WorkerError, TimeoutError, and what `end` was given."""
        frame = self._ask(text)
        send(frame)
        try:
            counted = await asyncio.wait_for(self._queries[frame.query].answered, seconds)
        finally:
            del self._queries[frame.query]
        if counted.error:
            raise WorkerError(f"The engine failed: {counted.error}.")
        return counted.ids

    def _ask(self, text: str) -> Count:
        if len(text.encode()) > LONGEST_TEXT:
            raise BodyTooLarge(f"The prompt is over the limit of {LONGEST_TEXT} bytes.", "Send less.")
        frame = Count(self.number(), text)
        self._queries[frame.query] = _Query(text)
        return frame

    def frames(self) -> list[Count | Submit]:
        """All that the next worker must be told."""
        counts = [Count(number, query.text) for number, query in self._queries.items()]
        return [*counts, *(Submit(stream.next_job) for stream in self._jobs.values())]

    def emitted(self, frame: Emit) -> None:
        stream = self._jobs.get(frame.job)
        if stream is not None:
            stream.push(frame.chunk)
            if stream.ended:
                del self._jobs[frame.job]

    def counted(self, frame: Counted) -> None:
        if query := self._queries.get(frame.query):
            query.answer(frame)

    def survive(self, last_words: str, blame: int) -> int:
        """A worker has died: each job's next part is prepared for the next worker, those that have ended are done with,
        and a text that has killed too many is answered with an error. How many jobs go on."""
        for job_id, stream in list(self._jobs.items()):
            if not stream.survive(last_words, blame):
                del self._jobs[job_id]
        for number, query in self._queries.items():
            query.blame += blame
            if query.blame >= ENOUGH_FOR_A_JOB:
                query.answer(Counted(number, error=f"the worker died again and again on this text ({last_words})"))
        return len(self._jobs)

    def end(self, error: PensieveError) -> None:
        """All of it, in words."""
        for stream in self._jobs.values():
            stream.end_with(error)
        self._jobs.clear()
        for query in self._queries.values():
            query.refuse(error)

    def end_reading(self, error: PensieveError) -> list[int]:
        """The jobs whose prompts are still to be read; their ids."""
        ended = [job_id for job_id, stream in self._jobs.items() if not stream.writes]
        for job_id in ended:
            self._jobs.pop(job_id).end_with(error)
        return ended

    def fail(self, message: str) -> None:
        """All of it, as the engine's failure."""
        for stream in self._jobs.values():
            stream.fail(message)
        self._jobs.clear()
        for number, query in self._queries.items():
            query.answer(Counted(number, error=message))
