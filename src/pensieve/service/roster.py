"""Which models are loaded: the default from the start, others when they are asked for, as far as memory goes."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from msgspec import structs

from pensieve.config.settings import Settings
from pensieve.core.errors import NotFound, PensieveError, Refused, SettingsError, WorkerError
from pensieve.core.model import ModelCard
from pensieve.library.names import Names
from pensieve.memory.fit import COMFORTABLE_CONTEXT, Fit
from pensieve.memory.governor import Cause
from pensieve.service.hosted import Hosted, Kept
from pensieve.supervisor.patience import COOL_DOWN_SECONDS, READY_SECONDS
from pensieve.supervisor.plan import plan_fit, too_large
from pensieve.supervisor.room import LOOK_SECONDS
from pensieve.supervisor.states import AWAY, WorkerState
from pensieve.supervisor.supervisor import Supervisor

log = logging.getLogger(__name__)

MOST_MODELS = 16
"""That are known at a time, loaded or not."""
QUIET_SECONDS = 2.0
"""A model that was used less long ago may be in the middle of a request, between two of its steps."""
RETURN_SECONDS = 15.0
"""How long the system may take to count as available what a model held."""
COME_BACK_SECONDS = 5

Find = Callable[[str], ModelCard | None]


class Roster:
    """One is loaded at a time. Where memory has no room for it, those that have not been used for longest are unloaded,
    unless they are at work or pinned.

    Raises SettingsError when the default's file cannot be used.
    """

    def __init__(self, card: ModelCard, settings: Settings, kept: Kept, find: Find) -> None:
        self._settings, self._kept, self._find = settings, kept, find
        self._names = Names(card.id, settings.model.aliases)
        self._pinned = {self._names.model(name) for name in settings.model.pinned}
        self._known: dict[str, Hosted] = {}
        self._failed: dict[str, tuple[float, BaseException]] = {}
        self.default = self._known[card.id] = self._hosted(card, returns=True)
        self._loading: dict[str, asyncio.Task[None]] = {}
        self._one_at_a_time = asyncio.Lock()
        self._stopping = False

    def __iter__(self) -> Iterator[Hosted]:
        """Those that have been asked for, the default first."""
        return iter(tuple(self._known.values()))

    async def stop(self) -> None:
        self._stopping = True
        for task in self._loading.values():
            task.cancel()
        await asyncio.gather(*self._loading.values(), return_exceptions=True)
        await asyncio.gather(*(hosted.supervisor.stop() for hosted in self))

    def known(self, name: str) -> Hosted:
        """One that has been asked for. Raises NotFound."""
        hosted = self._known.get(self._names.model(name))
        if hosted is None:
            raise self._unknown(name)
        return hosted

    async def start(self) -> None:
        """Loads the default. Raises SettingsError."""
        async with self._one_at_a_time:
            await self.default.start()

    async def loaded(self, name: str) -> Hosted:
        """The model that a request names. Raises PensieveError."""
        id = self._names.model(name)
        known = self._known.get(id)
        card = known.card if known else await asyncio.to_thread(self._find, id)
        if card is None:
            raise self._unknown(name)
        if self._stopping:
            raise Refused("The server is stopping.")
        self._raise_again(id)
        if id not in self._loading and not self._is_here(id):
            self._loading[id] = task = asyncio.create_task(self._load(card))
            task.add_done_callback(partial(self._has_loaded, id))
        if id in self._loading:
            await _done(id, self._loading[id])
        return self._known[id]

    def _is_here(self, id: str) -> bool:
        """Or can do nothing but wait by itself: there is nobody who could make room for it."""
        known = self._known.get(id)
        if known is None or known.supervisor.state in (WorkerState.UNLOADED, WorkerState.SHORT):
            return known is not None and all(other.supervisor.state in AWAY for other in self)
        return True

    def _has_loaded(self, id: str, task: asyncio.Task[None]) -> None:
        self._loading.pop(id)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("model_not_loaded model=%s error=%s", id, error)
            self._failed[id] = (asyncio.get_running_loop().time() + COOL_DOWN_SECONDS, error)

    def _raise_again(self, id: str) -> None:
        """What has just failed would fail again, and whoever waited for it may not have heard of it."""
        until, error = self._failed.get(id, (0.0, None))
        if isinstance(error, WorkerError) and asyncio.get_running_loop().time() < until:
            raise error
        self._failed.pop(id, None)

    async def _load(self, card: ModelCard) -> None:
        """Raises PensieveError."""
        async with self._one_at_a_time:
            if self._is_here(card.id):
                return
            hosted = self._known.get(card.id)
            if hosted is not None:
                await self._make_room(card, hosted.supervisor.fit)
                if hosted.supervisor.state is WorkerState.UNLOADED:
                    await hosted.supervisor.load()
                return
            if len(self._known) >= MOST_MODELS:
                raise Refused(f"{MOST_MODELS} models are in use already.", "Restart the server to forget them.")
            await self._make_room(card, None)
            try:
                self._known[card.id] = hosted = self._hosted(card, returns=False)
                await hosted.start()
            except BaseException as error:
                # Also when the server stops meanwhile: half a model must not stay.
                if (half := self._known.pop(card.id, None)) is not None:
                    await half.supervisor.stop()
                if not isinstance(error, SettingsError):
                    raise
                what = "" if card.id in error.message else f"The model {card.id} cannot be loaded: "
                raise WorkerError(f"{what}{error.message}", retry_after=COOL_DOWN_SECONDS) from None

    async def _make_room(self, card: ModelCard, planned: Fit | None) -> None:
        """Unloads others until there is room: for what was planned before, or for as large a window as is comfortable
        and can be had. Raises Refused, before anything is unloaded, if even that would not be enough."""
        loop = asyncio.get_running_loop()
        best = planned or self._fit(card, self._movable(card))
        # What a model held comes back at last, though the system may take a while to count it as available.
        expected = self._available(self._leaving())

        def is_room(available: float, going: Sequence[Hosted] = ()) -> bool:
            if planned:
                return available - self._floor - self._beside(card, going) >= planned.cost.total
            found = self._fit(card, going, available)
            return found.fits and found.context >= min(best.context, COMFORTABLE_CONTEXT)

        if not is_room(self._available(self._movable(card)), self._movable(card)):
            raise self._no_room(card, best)
        deadline = loop.time() + READY_SECONDS
        while not is_room(max(expected, self._available())):
            held = await self._unload_one(card, deadline)
            if held is None:
                raise self._no_room(card, best)
            expected += held
        deadline = loop.time() + RETURN_SECONDS
        # Nobody tells when memory is counted again: it is looked at.
        while not is_room(self._available()) and loop.time() < deadline:
            await asyncio.sleep(LOOK_SECONDS)
        if not is_room(self._available()) and (planned or not self._fit(card).fits):
            raise self._no_room(card, best)

    async def _unload_one(self, but: ModelCard, deadline: float) -> int | None:
        """The one that has not been used for longest, as soon as it is surely not in use; the bytes that it held. None
        if none can go."""
        while idle := self._idle(but):
            seconds, oldest = max(idle, key=lambda pair: pair[0])
            if seconds >= QUIET_SECONDS:
                log.info("model_unloaded model=%s to make room", oldest.card.id)
                held = oldest.supervisor.own_bytes
                await oldest.supervisor.unload()
                return held
            if asyncio.get_running_loop().time() > deadline:
                break
            # Until it has not been used for long enough, or others have.
            await asyncio.sleep(LOOK_SECONDS)
        return None

    def _idle(self, but: ModelCard) -> list[tuple[float, Hosted]]:
        """Those that can be unloaded, each with the seconds since it was last used."""
        return [
            (seconds, hosted)
            for id, hosted in self._known.items()
            if id not in (*self._pinned, but.id) and (seconds := hosted.supervisor.quiet_seconds) is not None
        ]

    def _leaving(self) -> list[Hosted]:
        """Their workers may not have ended yet."""
        return [hosted for hosted in self if hosted.supervisor.state in AWAY]

    def _movable(self, but: ModelCard) -> list[Hosted]:
        return [*self._leaving(), *(hosted for _, hosted in self._idle(but))]

    def _available(self, going: Sequence[Hosted] = ()) -> float:
        """Bytes, once these have gone; without end where it cannot be read."""
        available = self._guarded.guard.sample.available
        return math.inf if available is None else available + sum(hosted.supervisor.own_bytes for hosted in going)

    @property
    def _floor(self) -> int:
        return self._guarded.guard.snapshot().floor

    def _beside(self, card: ModelCard, going: Sequence[Hosted] = ()) -> int:
        """Bytes of what is available that others will take."""
        staying = (hosted for hosted in self if hosted not in going and hosted.card.id != card.id)
        return sum(hosted.supervisor.still_to_take for hosted in staying)

    def _fit(self, card: ModelCard, going: Sequence[Hosted] = (), available: float | None = None) -> Fit:
        """What would be planned once these have gone."""
        sample = self._guarded.guard.sample
        if sample.available is not None:
            available = self._available(going) if available is None else available
            sample = structs.replace(sample, available=int(available))
        return plan_fit(card, self._settings, self._guarded.guard.lines, sample, self._beside(card, going))

    def _no_room(self, card: ModelCard, fitted: Fit) -> Refused:
        """In words that hold now, whenever it was planned."""
        self._guarded.admission.refused[Cause.MEMORY] += 1
        budget = self._available(self._movable(card)) - self._floor - self._beside(card, self._movable(card))
        words = too_large(card, structs.replace(fitted, budget=None if budget == math.inf else int(budget)), "").message
        return Refused(words, "Other models are at work or pinned, or close programs.", retry_after=COME_BACK_SECONDS)

    @property
    def _guarded(self) -> Supervisor:
        return self.default.supervisor

    def _hosted(self, card: ModelCard, *, returns: bool) -> Hosted:
        def alone() -> bool:
            return not any(other.supervisor.works for id, other in self._known.items() if id != card.id)

        return Hosted(card, self._settings, self._kept, lambda: self._beside(card), returns=returns, alone=alone)

    def _unknown(self, name: str) -> NotFound:
        names = sorted({*self._known, *self._names.all})
        return NotFound(f"model: {name!r} is not here.", f"There are: {', '.join(names)}, claude-*.")


async def _done(id: str, task: asyncio.Task[None]) -> None:
    """Waits for a model that is being loaded, but not so long that a client gives up. Raises PensieveError."""
    await asyncio.wait({task}, timeout=READY_SECONDS)
    if not task.done():
        raise WorkerError(f"The model {id} is being loaded.", retry_after=COME_BACK_SECONDS)
    if task.cancelled():
        raise Refused("The server is stopping.")
    if isinstance(error := task.exception(), PensieveError):
        raise error
    task.result()
