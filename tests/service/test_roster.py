"""Who is unloaded for whom. The models are stand-ins that take and give back memory of a machine made up here."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pensieve.config.load import load_settings
from pensieve.core.errors import NotFound, PensieveError, Refused, SettingsError, WorkerError
from pensieve.core.model import KvCost, ModelCard
from pensieve.memory.estimate import load_cost
from pensieve.memory.fit import Fit
from pensieve.memory.state import GB, MemoryState, Sample, Snapshot, Thresholds
from pensieve.service import roster
from pensieve.service.calls import CallStore
from pensieve.service.hosted import Kept
from pensieve.service.roster import MOST_MODELS, Roster
from pensieve.service.seal import Seal
from pensieve.service.totals import Totals
from pensieve.supervisor.plan import bytes_to_load, plan_fit
from pensieve.supervisor.states import AWAY, WorkerState

TRAINED = 65536


def card(name: str, gigabytes: float = 1.0) -> ModelCard:
    """`gigabytes` of weights, and a window of 32,768 tokens takes one more."""
    cost = KvCost(GB // 32768)
    return ModelCard(name, f"/{name}.gguf", "llamacpp", name, 0, "qwen3", TRAINED, int(gigabytes * GB), cost)


MODEL = load_cost(card("any"), 32768, 1, 512).total / GB + 0.05
"""GB that a machine must have for one of them."""


class Machine:
    def __init__(self, gigabytes: float) -> None:
        self.total = gigabytes
        self.taken = 0.0
        self.lines = Thresholds(0, 0, 0)
        self.events: list[str] = []
        self.tried: list[str] = []
        self.broken: set[str] = set()

    @property
    def sample(self) -> Sample:
        return Sample(0, int((self.total - self.taken) * GB), int(self.total * GB))

    def snapshot(self) -> Snapshot:
        return Snapshot(MemoryState.SAFE, self.sample.available)


class Supervised:
    """What `Roster` needs of a supervisor. Half of a model is memory of its own, the other half a mapped file."""

    def __init__(self, machine: Machine, card: ModelCard, fit: Fit) -> None:
        self.guard, self.card, self.fit = machine, card, fit
        self.admission = SimpleNamespace(refused=Counter())
        self.state, self.quiet, self.exiting = WorkerState.LOADING, 100.0, 0

    @property
    def own_bytes(self) -> int:
        return self.exiting if self.state in AWAY else bytes_to_load(self.card, self.fit) // 2

    @property
    def still_to_take(self) -> int:
        return 0 if self.state in AWAY else self.fit.cost.total - self.own_bytes

    @property
    def quiet_seconds(self) -> float | None:
        return self.quiet if self.state is WorkerState.READY and self.quiet >= 0 else None

    async def load(self) -> None:
        # Others get to run meanwhile, as they do while a real one is loaded.
        await asyncio.sleep(0)
        self.guard.tried.append(self.card.id)
        if self.card.id in self.guard.broken:
            raise SettingsError("It is damaged.")
        self.state = WorkerState.READY
        self.guard.taken += self.own_bytes / GB
        self.guard.events.append(f"+{self.card.id}")

    async def unload(self) -> None:
        self.guard.taken -= self.own_bytes / GB
        self.state = WorkerState.UNLOADED
        self.guard.events.append(f"-{self.card.id}")

    async def stop(self) -> None:
        self.state = WorkerState.STOPPED


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs a test with a machine of so many GB, on which are the models `default`, `one`, `two` and `three` of one GB,
    `large` of three, and `huge` of nine."""
    cards = {name: card(name) for name in ("default", "one", "two", "three")}
    cards |= {"large": card("large", 3.0), "huge": card("huge", 9.0)}
    cards |= {f"more-{number}": card(f"more-{number}", 0.01) for number in range(20)}

    def run(gigabytes: float, test: Callable[[Roster, Machine], Awaitable[None]], **settings: str) -> Machine:
        machine = Machine(gigabytes)
        settings |= {"engine__parallel": "1", "engine__cache_mb": "0", "engine__context": "32768"}
        loaded = load_settings({f"PENSIEVE_{key.upper()}": value for key, value in settings.items()})

        def hosted(card: ModelCard, settings: Any, kept: Any, beside: Callable[[], int], **others: Any) -> Any:
            fit = plan_fit(card, settings, machine.lines, machine.sample, beside())
            supervisor = Supervised(machine, card, fit)
            return SimpleNamespace(card=card, supervisor=supervisor, start=supervisor.load)

        async def go() -> None:
            kept = Kept(Seal(b"0" * 32), CallStore(tmp_path / f"{gigabytes}.sqlite"), Totals())
            served = Roster(cards["default"], loaded, kept, cards.get)
            try:
                await served.default.start()
                await test(served, machine)
            finally:
                await served.stop()
                kept.calls.close()

        monkeypatch.setattr(roster, "Hosted", hosted)
        monkeypatch.setattr(roster, "LOOK_SECONDS", 0)
        monkeypatch.setattr(roster, "RETURN_SECONDS", 0.05)
        asyncio.run(go())
        return machine

    return run


def used(served: Roster, name: str, quiet: float) -> None:
    """So many seconds ago; at work where it is below 0."""
    supervisor: Any = served.known(name).supervisor
    supervisor.quiet = quiet


async def begun(served: Roster, name: str) -> asyncio.Task[Any]:
    """Somebody who asks, as far as that gets by itself: the loop is left to the others for some rounds."""
    asking = asyncio.create_task(served.loaded(name))
    for _ in range(20):
        await asyncio.sleep(0)
    return asking


def test_as_long_as_there_is_room_all_stay(house: Callable[..., Any]) -> None:
    async def test(served: Roster, machine: Machine) -> None:
        for name in ("one", "two", "one", "default"):
            assert (await served.loaded(name)).card.id == name

    assert house(3 * MODEL, test).events == ["+default", "+one", "+two"]


def test_the_one_not_used_for_longest_goes(house: Callable[..., Any]) -> None:
    async def test(served: Roster, machine: Machine) -> None:
        await served.loaded("one")
        used(served, "one", 50)
        await served.loaded("two")
        used(served, "one", 200)
        await served.loaded("default")

    machine = house(2 * MODEL, test)
    assert machine.events == ["+default", "+one", "-default", "+two", "-one", "+default"]


def test_one_at_work_and_one_that_is_pinned_stay(house: Callable[..., Any]) -> None:
    async def test(served: Roster, machine: Machine) -> None:
        await served.loaded("one")
        used(served, "one", -1)
        with pytest.raises(Refused, match=r"two needs .* can be had") as caught:
            await served.loaded("two")
        assert "pinned" in str(caught.value)
        used(served, "one", 3)
        await served.loaded("two")

    machine = house(2 * MODEL, test, model__pinned="default")
    assert machine.events == ["+default", "+one", "-one", "+two"]


def test_nothing_is_unloaded_for_what_could_never_fit(house: Callable[..., Any]) -> None:
    async def test(served: Roster, machine: Machine) -> None:
        with pytest.raises(Refused, match="huge needs"):
            await served.loaded("huge")

    assert house(5, test).events == ["+default"]


def test_others_go_before_a_window_becomes_too_small_to_work_in(house: Callable[..., Any]) -> None:
    async def test(served: Roster, machine: Machine) -> None:
        hosted = await served.loaded("large")
        assert hosted.supervisor.fit.context >= 32768

    assert house(MODEL + 2, test).events == ["+default", "-default", "+large"]


def test_one_that_was_just_used_may_be_in_the_middle_of_a_request(house: Callable[..., Any]) -> None:
    async def test(served: Roster, machine: Machine) -> None:
        used(served, "default", 0)
        asking = await begun(served, "large")
        assert machine.events == ["+default"]
        used(served, "default", 2)
        await asking

    assert house(MODEL + 2, test).events == ["+default", "-default", "+large"]


def test_many_who_ask_at_once_load_each_once_and_one_after_the_other(house: Callable[..., Any]) -> None:
    async def test(served: Roster, machine: Machine) -> None:
        await asyncio.gather(*(served.loaded(name) for name in ["one", "two"] * 5))

    assert house(4 * MODEL, test).events == ["+default", "+one", "+two"]


def test_one_that_cannot_be_loaded_leaves_nothing_behind(
    house: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roster, "COOL_DOWN_SECONDS", 0)

    async def test(served: Roster, machine: Machine) -> None:
        machine.broken.add("one")
        with pytest.raises(WorkerError, match="one cannot be loaded: It is damaged"):
            await served.loaded("one")
        assert [hosted.card.id for hosted in served] == ["default"]
        machine.broken.clear()
        await served.loaded("one")

    assert house(4 * MODEL, test).events == ["+default", "+one"]


def test_names_and_bounds(house: Callable[..., Any]) -> None:
    async def test(served: Roster, machine: Machine) -> None:
        assert (await served.loaded("claude-x")).card.id == "default"
        assert (await served.loaded("fast")).card.id == "one"
        for name in ("nobody", "/one.gguf", ""):
            with pytest.raises(NotFound, match="There are: default, fast, one, claude-"):
                await served.loaded(name)
        with pytest.raises(NotFound):
            served.known("two")
        for number in range(MOST_MODELS - 2):
            await served.loaded(f"more-{number}")
        with pytest.raises(Refused, match=str(MOST_MODELS)):
            await served.loaded("two")

    house(99, test, model__aliases="fast=one")


def test_who_asks_while_the_server_stops_is_told_so(house: Callable[..., Any]) -> None:
    async def test(served: Roster, machine: Machine) -> None:
        used(served, "default", 0)
        asking = await begun(served, "large")
        await served.stop()
        for one in (asking, asyncio.create_task(served.loaded("one"))):
            with pytest.raises(PensieveError, match="stopping"):
                await one

    house(MODEL + 2, test)


def test_what_is_short_of_memory_is_given_the_room_of_one_that_is_not_used(house: Callable[..., Any]) -> None:
    """But comes back by itself, when it may."""

    async def test(served: Roster, machine: Machine) -> None:
        await served.loaded("one")
        supervisor: Any = served.default.supervisor
        await supervisor.unload()
        supervisor.state = WorkerState.SHORT
        machine.taken += MODEL
        assert await served.loaded("claude-x") is served.default
        assert supervisor.state is WorkerState.SHORT

    assert house(2 * MODEL, test).events == ["+default", "+one", "-default", "-one"]


def test_what_has_just_failed_is_not_tried_again_at_once(house: Callable[..., Any]) -> None:
    async def test(served: Roster, machine: Machine) -> None:
        machine.broken.add("one")
        for _ in range(3):
            with pytest.raises(WorkerError, match="damaged"):
                await served.loaded("one")
        assert machine.tried == ["default", "one"]

    house(4 * MODEL, test)


def test_one_that_is_on_its_way_out_counts_as_gone(house: Callable[..., Any]) -> None:
    """Its worker may take a while: what it holds is on its way back, and nobody else has to go."""

    async def test(served: Roster, machine: Machine) -> None:
        await served.loaded("one")
        going: Any = served.known("one").supervisor
        held, going.state = going.own_bytes / GB, WorkerState.UNLOADED
        going.exiting = int(held * GB)
        asking = await begun(served, "two")
        machine.taken, going.exiting = machine.taken - held, 0
        await asking

    assert house(2 * MODEL, test).events == ["+default", "+one", "+two"]
