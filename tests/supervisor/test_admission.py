"""Places are bounded, first come first served, and always given back."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from pensieve.core.errors import Refused
from pensieve.core.vitals import EngineMemory
from pensieve.memory.governor import SETTLE_SECONDS, Cause
from pensieve.memory.state import GB, MemoryState, Snapshot
from pensieve.supervisor.admission import Admission

SAFE = Snapshot(MemoryState.SAFE, 8_000_000_000)
SHORT = Snapshot(MemoryState.CRITICAL, 800_000_000)


def places(parallel: int, queue: int, memory: Snapshot) -> Admission:
    return Admission(parallel, queue, lambda: memory, EngineMemory, evicted.append)


evicted: list[int] = []


def test_those_who_wait_are_served_in_order() -> None:
    async def run() -> None:
        admission = places(1, 3, SAFE)
        order: list[int] = []

        async def visit(number: int) -> None:
            ticket = admission.admit()
            await ticket.granted()
            order.append(number)
            # Others get to run, and could come in between.
            await asyncio.sleep(0)
            ticket.release()

        await asyncio.gather(*(visit(number) for number in range(4)))
        assert order == [0, 1, 2, 3]
        assert (admission.running, admission.waiting) == (0, 0)

    asyncio.run(run())


def test_a_full_queue_refuses_with_a_time() -> None:
    async def run() -> None:
        admission = places(1, 1, SAFE)
        first, second = admission.admit(), admission.admit()
        with pytest.raises(Refused) as refusal:
            admission.admit()
        assert 1 <= refusal.value.retry_after <= 55
        first.release()
        await second.granted()
        second.release()

    asyncio.run(run())


def test_short_memory_refuses_even_with_free_places() -> None:
    async def run() -> None:
        admission = places(4, 4, SHORT)
        with pytest.raises(Refused, match=r"0\.80 GB"):
            admission.admit()

    asyncio.run(run())


def test_who_leaves_the_queue_leaves_no_gap() -> None:
    async def run() -> None:
        admission = places(1, 5, SAFE)
        first, second, third = admission.admit(), admission.admit(), admission.admit()
        second.release()
        second.release()
        first.release()
        await third.granted()
        assert (admission.running, admission.waiting) == (1, 0)
        third.release()
        assert admission.running == 0

    asyncio.run(run())


def test_a_cancelled_wait_still_holds_its_ticket_until_released() -> None:
    async def run() -> None:
        admission = places(1, 1, SAFE)
        first, second = admission.admit(), admission.admit()
        waiting = asyncio.create_task(second.granted())
        # So that it waits before it is cancelled.
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        second.release()
        first.release()
        assert (admission.running, admission.waiting) == (0, 0)

    asyncio.run(run())


PER_TOKEN = EngineMemory(kv_per_token=GB // 1024)


def growing(machine: list[Snapshot], engine: EngineMemory, parallel: int = 4) -> Admission:
    """Of an engine whose jobs take memory as they run, on a machine that stands as the list's last entry says."""
    evicted.clear()
    return Admission(parallel, 4, lambda: machine[-1], lambda: engine, evicted.append)


def with_room(gigabytes: float) -> Snapshot:
    return Snapshot(MemoryState.SAFE, int((gigabytes + 1) * GB), 0.0, GB)


def test_what_does_not_fit_beside_the_others_waits_until_it_does() -> None:
    async def run() -> None:
        machine = [with_room(3)]
        admission = growing(machine, PER_TOKEN)
        first, second = admission.admit(2048), admission.admit(2048)
        assert (admission.running, admission.waiting) == (1, 1)
        machine.append(with_room(5))
        admission.reconsider()
        await second.granted()
        first.release()
        second.release()

    asyncio.run(run())


def test_what_is_kept_goes_before_anybody_waits() -> None:
    async def run() -> None:
        admission = growing([with_room(3)], msgspec.structs.replace(PER_TOKEN, kept_kv=2 * GB))
        ticket = admission.admit(4096)
        assert (admission.running, len(evicted)) == (1, 1) and evicted[0] == pytest.approx(GB, rel=0.01)
        ticket.release()

    asyncio.run(run())


def test_what_never_fits_is_refused_after_a_second_look() -> None:
    async def run() -> None:
        admission = growing([with_room(3)], PER_TOKEN)
        ticket = admission.admit(4096)
        assert (admission.running, admission.waiting) == (0, 1)
        ticket.since -= SETTLE_SECONDS
        admission.reconsider()
        with pytest.raises(Refused, match=r"takes 4\.00 GB, and 3\.00 GB can be had"):
            await ticket.granted()
        ticket.release()
        assert admission.refused == {Cause.TOO_LARGE: 1}
        assert (admission.running, admission.waiting) == (0, 0)

    asyncio.run(run())


def test_those_who_wait_can_all_be_sent_away() -> None:
    async def run() -> None:
        admission = places(1, 5, SAFE)
        tickets = [admission.admit() for _ in range(3)]
        admission.refuse_waiting(Refused("no room"))
        for ticket in tickets[1:]:
            with pytest.raises(Refused, match="no room"):
                await ticket.granted()
        assert (admission.running, admission.waiting) == (1, 0)

    asyncio.run(run())
