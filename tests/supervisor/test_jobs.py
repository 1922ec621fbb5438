"""What the parent keeps of a job, and what it gives to the next worker."""

from __future__ import annotations

import asyncio

import pytest

from pensieve.core.errors import WorkerError
from pensieve.core.generation import Chunk, Finish, Job, Prefill, Sampling, Span
from pensieve.supervisor.jobs import GoOn, JobStream
from pensieve.supervisor.restart import ENOUGH_FOR_A_JOB, KILLED, OWN_FAULT


def stream(max_tokens: int = 100) -> JobStream:
    return JobStream(Job(1, (1, 2, 3), Sampling(), max_tokens), cancelled.append)


cancelled: list[JobStream] = []


def text(words: str, *ids: int, missing: int = 0) -> Chunk:
    return Chunk(text=words, ids=ids, missing=missing)


async def drained(jobs: JobStream) -> list[Chunk]:
    return [chunk async for batch in jobs.batches() for chunk in batch]


def test_what_arrives_together_leaves_together() -> None:
    async def run() -> None:
        jobs = stream()
        for chunk in (text("a", 1), text("b", 2), Chunk(finish=Finish("end"))):
            jobs.push(chunk)
        batches = [batch async for batch in jobs.batches()]
        assert [len(batch) for batch in batches] == [3]

    asyncio.run(run())


def test_the_next_worker_gets_what_was_generated_and_the_tokens_that_are_left() -> None:
    jobs = stream(10)
    for chunk in (text("a", 1), text("b", 2), text("é", 5, missing=2), text("c", 6)):
        jobs.push(chunk)
    assert jobs.survive("killed", OWN_FAULT)
    assert jobs.next_job.generated == (Span("ab", (1, 2)), Span("é", (5,), 2), Span("c", (6,)))
    assert jobs.next_job.max_tokens == 10 - 6
    assert (jobs.next_job.prompt, jobs.next_job.id) == (jobs.job.prompt, jobs.job.id)
    assert jobs.resumes == 1


def test_a_job_that_went_on_in_another_worker_reads_its_prompt_first() -> None:
    jobs = stream()
    found = [jobs.writes]
    jobs.push(text("a", 1))
    found.append(jobs.writes)
    jobs.survive("killed", KILLED)
    found.append(jobs.writes)
    jobs.push(text("b", 2))
    found.append(jobs.writes)
    assert found == [False, True, False, True]


def test_the_prefill_is_told_once() -> None:
    async def run() -> None:
        jobs = stream()
        jobs.push(Chunk(prefill=Prefill(3, 0, 0)))
        jobs.push(text("a", 1))
        assert jobs.survive("killed", OWN_FAULT)
        jobs.push(Chunk(prefill=Prefill(4, 0, 0)))
        jobs.push(Chunk(finish=Finish("end")))
        assert [chunk.prefill is not None for chunk in await drained(jobs)] == [True, False, False]

    asyncio.run(run())


def test_a_job_that_had_all_its_tokens_is_complete() -> None:
    async def run() -> None:
        jobs = stream(2)
        jobs.push(text("ab", 1, 2))
        assert not jobs.survive("killed", OWN_FAULT)
        assert (await drained(jobs))[-1].finish == Finish("length")

    asyncio.run(run())


@pytest.mark.parametrize("blame", [OWN_FAULT, KILLED])
def test_a_job_that_kills_worker_after_worker_fails_alone(blame: int) -> None:
    async def run() -> None:
        jobs = stream()
        enough = ENOUGH_FOR_A_JOB // blame
        survivals = [jobs.survive("signal 6", blame) for _ in range(enough)]
        assert survivals == [True] * (enough - 1) + [False]
        with pytest.raises(WorkerError, match="signal 6"):
            await drained(jobs)

    asyncio.run(run())


def test_progress_or_innocence_keeps_a_job_alive() -> None:
    jobs = stream()
    for number in range(3 * ENOUGH_FOR_A_JOB):
        jobs.push(text("x", number))
        assert jobs.survive("killed", OWN_FAULT)
    for _ in range(3 * ENOUGH_FOR_A_JOB):
        assert jobs.survive("could not load", 0)


def test_a_cancelled_job_is_not_given_on() -> None:
    async def run() -> None:
        cancelled.clear()
        jobs = stream()
        jobs.cancel()
        jobs.cancel()
        assert cancelled == [jobs]
        assert not jobs.survive("killed", OWN_FAULT)
        assert (await drained(jobs))[-1].finish == Finish("cancelled")

    asyncio.run(run())


def test_nothing_comes_after_the_end() -> None:
    async def run() -> None:
        jobs = stream()
        jobs.push(Chunk(finish=Finish("end")))
        jobs.push(text("late", 1))
        jobs.cancel()
        assert await drained(jobs) == [Chunk(finish=Finish("end"))]

    asyncio.run(run())


def test_output_before_a_failure_is_not_lost() -> None:
    async def run() -> None:
        jobs = stream()
        jobs.push(text("a", 1))
        jobs.fail("out of luck")
        seen = []
        with pytest.raises(WorkerError, match="out of luck"):
            async for batch in jobs.batches():
                seen += batch
        assert seen == [text("a", 1)]

    asyncio.run(run())


def bound(go_on: GoOn | None, max_tokens: int = 100) -> JobStream:
    jobs = JobStream(Job(1, (1, 2, 3), Sampling(), max_tokens, grammar="first"), cancelled.append)
    jobs.bind(lambda: go_on)
    return jobs


async def taken(jobs: JobStream, *chunks: Chunk) -> None:
    for chunk in chunks:
        jobs.push(chunk)
    async for _ in jobs.batches():
        return


def test_with_a_grammar_only_what_the_turn_keeps_goes_on() -> None:
    async def run() -> None:
        jobs = bound(GoOn(3, "later"))
        await taken(jobs, text("ab", 1), text("cd", 2))
        jobs.settle()
        await taken(jobs, text("ef", 3), text("gh", 4), text("i", 5))
        jobs.push(text("never taken", 6))
        assert jobs.survive("killed", OWN_FAULT)
        assert jobs.next_job.generated == (Span("abcdef", (1, 2, 3)), Span("g", ()))
        assert (jobs.next_job.grammar, jobs.next_job.max_tokens) == ("later", 100 - 4)
        jobs.push(text("H", 7))
        jobs.push(Chunk(finish=Finish("end")))
        assert [chunk.text for chunk in await drained(jobs)] == ["H", ""]

    asyncio.run(run())


def test_with_a_grammar_and_nothing_taken_it_begins_anew() -> None:
    jobs = JobStream(Job(1, (1,), Sampling(), 9, grammar="first"), cancelled.append)
    jobs.push(Chunk(prefill=Prefill(1, 0, 0)))
    jobs.push(text("ab", 1))
    assert jobs.survive("killed", OWN_FAULT)
    assert (jobs.next_job.generated, jobs.next_job.grammar, jobs.next_job.max_tokens) == ((), "first", 9)


def test_an_answer_that_cannot_be_gone_on_with_fails() -> None:
    async def run() -> None:
        jobs = bound(None)
        await taken(jobs, text("{", 1))
        assert not jobs.survive("killed", OWN_FAULT)
        with pytest.raises(WorkerError, match="in the middle"):
            await drained(jobs)

    asyncio.run(run())


def test_a_job_begun_behind_something_keeps_it() -> None:
    jobs = JobStream(Job(1, (1,), Sampling(), 9, generated=(Span("before", (7,)),)), cancelled.append)
    jobs.push(text("a", 1))
    assert jobs.survive("killed", OWN_FAULT)
    assert jobs.next_job.generated == (Span("before", (7,)), Span("a", (1,)))
    assert jobs.next_job.max_tokens == 8


def test_what_is_thrown_away_each_time_is_no_progress() -> None:
    """A call is held back until it is whole; a worker that dies in the middle of it wrote nothing that stays."""
    jobs = stream()
    jobs.bind(lambda: GoOn(0, "grammar"))
    for death in range(1, ENOUGH_FOR_A_JOB // OWN_FAULT + 1):
        jobs.push(text('{"name": ', 1, 2, 3))
        assert jobs.survive("crashed", OWN_FAULT) is (death < ENOUGH_FOR_A_JOB // OWN_FAULT)


def test_what_is_kept_is_progress() -> None:
    async def run() -> None:
        jobs = stream()
        jobs.bind(lambda: GoOn(1, "grammar"))
        batches = jobs.batches()
        for _ in range(2 * ENOUGH_FOR_A_JOB):
            jobs.push(text("a", 1))
            await anext(batches)
            assert jobs.survive("crashed", OWN_FAULT)

    asyncio.run(run())
