"""Who waits for whom, and what is read in stretches so that the library goes on where something is."""

from __future__ import annotations

import threading

from pensieve.core.generation import Prefill
from pensieve.engines.llamacpp.readings import Readings

LONG = tuple(range(12_000))


def read(readings: Readings, number: int, ids: tuple[int, ...], done: int) -> None:
    reading = readings.add(number, ids)
    readings.begin(reading)
    reading.told(Prefill(len(ids), 0, done), len(ids))
    readings.end(number)


def test_one_that_continues_a_cancelled_one_waits_for_its_end() -> None:
    readings = Readings(4)
    first = readings.add(1, LONG)
    readings.begin(first)
    readings.cancel(1)
    waiting = threading.Thread(target=readings.begin, args=[readings.add(2, (*LONG, 5))])
    waiting.start()
    waiting.join(0.1)
    assert waiting.is_alive()
    readings.end(1)
    waiting.join(60)
    assert not waiting.is_alive()


def test_nobody_waits_for_one_that_runs_nor_for_one_that_has_not_begun_nor_for_little() -> None:
    readings = Readings(4)
    readings.begin(readings.add(1, LONG))
    readings.add(2, LONG)
    readings.cancel(2)
    for number, ids in ((3, LONG[:200]), (4, (*LONG[:1000], *reversed(LONG)))):
        readings.begin(readings.add(number, ids))
        readings.cancel(number)
    readings.begin(readings.add(5, LONG))


def test_what_goes_on_from_little_is_read_in_stretches_each_a_tenth_of_which_is_there() -> None:
    readings = Readings(4)
    read(readings, 1, LONG, 512)
    assert readings.begin(readings.add(2, LONG)) == [4096]
    readings = Readings(4)
    read(readings, 1, LONG, 1536)
    assert readings.begin(readings.add(2, LONG)) == []


def test_a_slot_that_others_need_is_not_taken_for_little() -> None:
    readings = Readings(4)
    read(readings, 1, LONG, len(LONG))
    assert readings.begin(readings.add(2, (*LONG[:600], *reversed(LONG)))) == []


def test_what_holds_most_counts() -> None:
    """To read a stretch anew would cut it."""
    readings = Readings(4)
    read(readings, 1, LONG, 512)
    read(readings, 2, LONG, len(LONG))
    assert readings.begin(readings.add(3, (*LONG, *LONG))) == []


def test_what_came_from_the_cache_is_told_once_whatever_is_read_later() -> None:
    reading = Readings(1).add(1, LONG)
    assert reading.told(Prefill(4096, 512, 512), 12_000) == Prefill(12_000, 512, 512)
    assert reading.told(Prefill(12_000, 4096, 8000), 12_000) == Prefill(12_000, 512, 8000)
