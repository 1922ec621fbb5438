"""A clock that stands still while its process does."""

from __future__ import annotations

import asyncio
import time

import pytest

from pensieve.core.clock import LONGEST_LOOK, AwakeClock, done_within


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the system's clock tells."""
    now = [1000.0]
    monkeypatch.setattr("pensieve.core.clock.time.monotonic", lambda: now[0])
    return now


def test_it_goes_as_the_systems_does_while_it_is_looked_at(system: list[float]) -> None:
    clock = AwakeClock()
    began = clock()
    for _ in range(100):
        system[0] += 0.5
        clock()
    assert clock() - began == 50


def test_of_a_sleep_no_more_counts_than_of_a_long_look(system: list[float]) -> None:
    clock = AwakeClock(2)
    began = clock()
    system[0] += 40
    assert clock() - began == 2
    system[0] += 1
    assert clock() - began == 3


def test_what_is_done_in_time_is_done() -> None:
    async def play() -> None:
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        assert not await done_within(future, 0.01)
        assert not future.done()
        asyncio.get_running_loop().call_later(0.01, future.set_result, 5)
        assert await done_within(future, 60)
        assert await done_within(future, 0)

    asyncio.run(play())


def test_a_blocked_loop_ends_no_waiting() -> None:
    """What comes right after it is still in time."""

    async def play() -> None:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[int] = loop.create_future()
        loop.call_soon(time.sleep, 2 * LONGEST_LOOK)
        loop.call_later(2 * LONGEST_LOOK + 0.1, future.set_result, 5)
        assert await done_within(future, 2 * LONGEST_LOOK)

    asyncio.run(play())
