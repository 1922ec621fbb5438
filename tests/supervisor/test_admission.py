"""Places are bounded, first come first served, and always given back."""

from __future__ import annotations

import asyncio

import pytest

from pensieve.core.errors import Refused
from pensieve.memory.state import MemoryState, Snapshot
from pensieve.supervisor.admission import Admission

SAFE = Snapshot(MemoryState.SAFE, 8_000_000_000)
SHORT = Snapshot(MemoryState.CRITICAL, 800_000_000)


def test_those_who_wait_are_served_in_order() -> None:
    async def run() -> None:
        admission = Admission(1, 3, lambda: SAFE)
        order: list[int] = []

        async def visit(number: int) -> None:
            ticket = admission.admit()
            await ticket.granted()
            order.append(number)
            await asyncio.sleep(0)
            ticket.release()

        await asyncio.gather(*(visit(number) for number in range(4)))
        assert order == [0, 1, 2, 3]
        assert (admission.running, admission.waiting) == (0, 0)

    asyncio.run(run())


def test_a_full_queue_refuses_with_a_time() -> None:
    async def run() -> None:
        admission = Admission(1, 1, lambda: SAFE)
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
        admission = Admission(4, 4, lambda: SHORT)
        with pytest.raises(Refused, match=r"0\.80 GB"):
            admission.admit()

    asyncio.run(run())


def test_who_leaves_the_queue_leaves_no_gap() -> None:
    async def run() -> None:
        admission = Admission(1, 5, lambda: SAFE)
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
        admission = Admission(1, 1, lambda: SAFE)
        first, second = admission.admit(), admission.admit()
        waiting = asyncio.create_task(second.granted())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        second.release()
        first.release()
        assert (admission.running, admission.waiting) == (0, 0)

    asyncio.run(run())
