"""Clients that leave while their prompt is read, with a worker that reads 2,000 tokens a second."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pensieve.config.load import load_settings
from pensieve.core.generation import Sampling
from pensieve.library.cards import read_card
from pensieve.memory.probe import Probe
from pensieve.memory.state import GB, Sample
from pensieve.supervisor.jobs import JobStream
from pensieve.supervisor.states import WorkerState
from pensieve.supervisor.supervisor import Supervisor

SHORT, LONG = 3_000, 1_000_000
"""Tokens: what is read in a moment, and what no test waits for."""


class Said(Probe):
    """A machine of 8 GB of which the test says how much is available."""

    gigabytes = 7.0

    def read(self) -> Sample:
        return msgspec.structs.replace(super().read(), available=round(self.gigabytes * GB), total=8 * GB)


class House:
    def __init__(self, supervisor: Supervisor, probe: Said, log: pytest.LogCaptureFixture) -> None:
        self.supervisor, self.probe, self._log = supervisor, probe, log
        self.alone = True

    async def reading(self, tokens: int) -> JobStream:
        stream = self.supervisor.submit((65,) * tokens, Sampling(), 10, ())
        await until(lambda: stream.read is not None)
        return stream

    async def left(self, tokens: int) -> JobStream:
        stream = await self.reading(tokens)
        stream.cancel()
        return stream

    @property
    def reads_on(self) -> bool:
        return self.supervisor._read_on.active

    @property
    def ends(self) -> list[str]:
        said = [record.getMessage() for record in self._log.records]
        return [line.rpartition("why=")[2] for line in said if line.startswith("read_on_ended")]

    async def worker_is_idle(self) -> None:
        """By a heartbeat to come."""
        before = self.supervisor.vitals
        await until(lambda: (now := self.supervisor.vitals) is not None and now is not before and not now.jobs)


async def until(condition: Callable[[], object]) -> None:
    """Polls: what is waited for happens in another process."""
    while not condition():
        await asyncio.sleep(0.001)


@pytest.fixture
def house(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Callable[..., None]:
    caplog.set_level("INFO")
    script = tmp_path / "script.json"
    script.write_bytes(msgspec.json.encode({"replies": [{"steps": ["word"]}], "reads": 2000}))

    def run(test: Callable[[House], Awaitable[None]], **settings: Any) -> None:
        loaded = load_settings({f"PENSIEVE_{key.upper()}": str(value) for key, value in settings.items()})

        async def main() -> None:
            probe = Said()
            supervisor = Supervisor(read_card(str(script)), loaded, probe, alone=lambda: played.alone)
            played = House(supervisor, probe, caplog)
            await supervisor.start()
            try:
                await asyncio.wait_for(test(played), 60)
            finally:
                await supervisor.stop()

        asyncio.run(main())

    return run


def test_it_is_read_to_its_end_and_nobody_has_work_meanwhile(house: Callable[..., None]) -> None:
    async def test(house: House) -> None:
        stream = await house.left(SHORT)
        assert house.reads_on and stream.ended and not stream.tokens
        assert not house.supervisor.works and house.supervisor.quiet_seconds is not None
        await until(lambda: not house.reads_on)
        assert house.ends == ["done"]
        await house.worker_is_idle()

    house(test)


def test_another_request_ends_it_before_it_gets_its_place(house: Callable[..., None]) -> None:
    async def test(house: House) -> None:
        await house.left(LONG)
        ticket = house.supervisor.admit(1, 1)
        assert ticket.place.done() and house.ends == ["request"]
        await house.worker_is_idle()

    house(test)


def test_memory_that_gets_short_ends_it(house: Callable[..., None]) -> None:
    async def test(house: House) -> None:
        await house.left(LONG)
        house.probe.gigabytes = 1.5
        await until(lambda: not house.reads_on)
        assert house.ends == ["shortage_or_others"]
        await house.worker_is_idle()
        # Nor does another begin.
        await house.left(LONG)
        assert not house.reads_on

    house(test)


def test_another_model_at_work_ends_it(house: Callable[..., None]) -> None:
    async def test(house: House) -> None:
        await house.left(LONG)
        house.alone = False
        await until(lambda: not house.reads_on)
        await house.worker_is_idle()

    house(test)


def test_it_has_so_much_time(house: Callable[..., None]) -> None:
    async def test(house: House) -> None:
        await house.left(LONG)
        await until(lambda: not house.reads_on)
        assert house.ends == ["time"]
        await house.worker_is_idle()

    house(test, engine__read_on_seconds=0.3)


@pytest.mark.parametrize("seconds", [0, 100])
def test_it_is_cancelled_where_it_is_switched_off_or_others_run(seconds: int, house: Callable[..., None]) -> None:
    async def test(house: House) -> None:
        others = [await house.reading(SHORT)] if seconds else []
        stream = await house.left(LONG)
        assert not house.reads_on
        await until(lambda: stream.ended)
        for other in others:
            assert [chunk async for batch in other.batches() for chunk in batch if chunk.text]

    house(test, engine__read_on_seconds=seconds)


def test_no_worker_gets_it_after_the_one_that_died(house: Callable[..., None]) -> None:
    async def test(house: House) -> None:
        await house.left(LONG)
        assert house.supervisor.worker_pid is not None
        os.kill(house.supervisor.worker_pid, signal.SIGKILL)
        await until(lambda: not house.reads_on)
        assert await house.supervisor.count("A") == (65,)
        await house.worker_is_idle()
        assert (house.supervisor.restarts, house.supervisor.resumes, house.ends) == (1, 0, ["worker_gone"])

    house(test)


def test_a_model_is_not_unloaded_in_the_middle_of_it(house: Callable[..., None]) -> None:
    async def test(house: House) -> None:
        await house.left(SHORT)
        await until(lambda: house.supervisor.state is WorkerState.UNLOADED)
        assert house.ends == ["done"]

    house(test, model__idle_unload=0.3)


def test_an_emergency_does_not_wait_for_it(house: Callable[..., None]) -> None:
    async def test(house: House) -> None:
        await house.left(LONG)
        house.probe.gigabytes = 0.2
        await until(lambda: house.supervisor.state is WorkerState.SHORT)
        await until(lambda: not house.reads_on)

    house(test)


def test_one_that_writes_is_not_read_on(house: Callable[..., None]) -> None:
    async def test(house: House) -> None:
        stream = await house.reading(10)
        await until(lambda: stream.tokens)
        stream.cancel()
        assert not house.reads_on

    house(test)
