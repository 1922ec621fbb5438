"""How far a request is, by a clock of the test's own."""

from __future__ import annotations

import logging

import pytest

from pensieve.core.generation import Chunk, Prefill
from pensieve.service.progress import LOG_SECONDS, Progress
from pensieve.service.speeds import Reading


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def readings() -> list[Reading]:
    return []


@pytest.fixture
def progress(clock: Clock, readings: list[Reading]) -> Progress:
    return Progress("req_1", "qwen", 2100, lambda: 50.0, readings.append, clock)


def read(progress: Progress, clock: Clock, seconds: float, *done: int, cached: int = 100) -> None:
    """Steps of so many seconds each."""
    for tokens in done:
        progress.take([Chunk(prefill=Prefill(2100, cached, tokens))])
        clock.now += seconds


def test_who_waits_has_read_nothing(progress: Progress, clock: Clock) -> None:
    clock.now += 3
    health = progress.health()
    assert (health.stage, health.prompt_tokens, health.read_tokens, health.seconds) == ("waiting", 2100, 0, 3.0)
    assert health.tokens_per_second is health.seconds_left is None


def test_while_it_reads_the_speed_is_that_of_the_last_steps(progress: Progress, clock: Clock) -> None:
    read(progress, clock, 10, 100)
    # The usual one, for now.
    assert (progress.health().tokens_per_second, progress.health().seconds_left) == (50.0, 30.0)
    read(progress, clock, 0, 600)
    assert (progress.health().tokens_per_second, progress.health().seconds_left) == (50.0, 30.0)
    clock.now += 5
    assert progress.health().seconds_left == 25.0
    # It hangs in this step: the next two will take their time all the same.
    clock.now += 60
    assert progress.health().seconds_left == 20.0
    clock.now -= 65
    read(progress, clock, 20, 700, 800, 900, 1000, 1100)
    assert progress.health().tokens_per_second == 5.0
    health = progress.health()
    assert (health.stage, health.read_tokens, health.cached_tokens) == ("reading", 1100, 100)


def test_a_whole_reading_is_told_once_without_what_was_cached(
    progress: Progress, clock: Clock, readings: list[Reading]
) -> None:
    read(progress, clock, 10, 100, 600, 1100, 1600, 2100)
    progress.take([Chunk(text="a", ids=(1,))])
    assert readings == [Reading(2000, 40.0)]


def test_while_it_writes(progress: Progress, clock: Clock) -> None:
    read(progress, clock, 10, 100, 2100)
    progress.take([Chunk(text="a", ids=(1,))])
    assert (progress.health().stage, progress.health().tokens_per_second) == ("writing", None)
    clock.now += 2
    progress.take([Chunk(text="b", ids=(1,)), Chunk(text="c", ids=(1, 2), missing=1)])
    health = progress.health()
    assert (health.output_tokens, health.tokens_per_second, health.seconds_left) == (5, 2.0, None)


def test_a_second_job_of_the_same_answer_is_read_anew(
    progress: Progress, clock: Clock, readings: list[Reading]
) -> None:
    read(progress, clock, 10, 100, 2100)
    progress.take([Chunk(text="a", ids=(1,))])
    read(progress, clock, 5, 1100, cached=1100)
    assert (progress.health().stage, progress.health().read_tokens) == ("reading", 1100)
    read(progress, clock, 0, 2100, cached=1100)
    assert readings[-1] == Reading(1000, 5.0)


def test_a_long_reading_is_a_line_in_the_log_now_and_then(
    progress: Progress, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    read(progress, clock, LOG_SECONDS / 2, 100, 600, 1100, 1600, 2100)
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 2
    assert lines[0] == (
        "reading request_id=req_1 model=qwen done=1100 total=2100 cached=100 tokens_per_second=100.0 seconds_left=10"
    )
    caplog.clear()
    read(progress, clock, 1, 100, 1100, 2100)
    assert not caplog.records


def test_the_time_left_counts_on_each_step_taking_longer_than_the_one_before(clock: Clock) -> None:
    """20 ms for the first token, and 2 us more for each that follows, as a laptop's processor reads."""

    def seconds(start: int, end: int) -> float:
        return (end - start) * (0.02 + 2e-6 * (start + end) / 2)

    progress = Progress("req_1", "qwen", 27_000, lambda: None, lambda _: None, clock)
    for done in range(0, 27_000, 500):
        progress.take([Chunk(prefill=Prefill(27_000, 0, done))])
        left = progress.health().seconds_left
        if done >= 1_000:
            assert left == pytest.approx(seconds(done, 27_000), rel=0.01)
        clock.now += seconds(done, done + 500)
