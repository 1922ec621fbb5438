"""Which models are loaded: the default from the start, others when they are asked for, as far as memory goes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator

from pensieve.config.settings import Settings
from pensieve.core.errors import NotFound, PensieveError, Refused, SettingsError, WorkerError
from pensieve.core.model import ModelCard
from pensieve.library.names import Names
from pensieve.memory.fit import COMFORTABLE_CONTEXT, Fit
from pensieve.memory.state import Sample
from pensieve.service.hosted import Hosted, Kept
from pensieve.supervisor.patience import READY_SECONDS
from pensieve.supervisor.plan import bytes_to_load, plan_fit, too_large
from pensieve.supervisor.room import LOOK_SECONDS
from pensieve.supervisor.states import WorkerState
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

    async def meant(self, name: str) -> Hosted:
        """The model that a request names, loaded. Raises PensieveError."""
        id = self._names.model(name)
        known = self._known.get(id)
        card = known.card if known else await asyncio.to_thread(self._find, id)
        if card is None:
            raise self._unknown(name)
        if self._stopping:
            raise Refused("The server is stopping.")
        known = self._known.get(id)
        if id not in self._loading and (known is None or known.supervisor.state is WorkerState.UNLOADED):
            self._loading[id] = task = asyncio.create_task(self._load(card))
            task.add_done_callback(lambda task: self._loading.pop(id))
        if id in self._loading:
            await _loaded(id, self._loading[id])
        return self._known[id]

    async def _load(self, card: ModelCard) -> None:
        """Raises PensieveError."""
        async with self._one_at_a_time:
            hosted = self._known.get(card.id)
            if hosted is not None:
                await self._make_room(card, hosted.supervisor.fit)
                await hosted.supervisor.load()
                return
            if len(self._known) >= MOST_MODELS:
                raise Refused(f"{MOST_MODELS} models are in use already.", "Restart the server to forget them.")
            await self._make_room(card, None)
            try:
                self._known[card.id] = hosted = self._hosted(card, returns=False)
                await hosted.start()
            except BaseException as error:
                if (half := self._known.pop(card.id, None)) is not None:
                    await half.supervisor.stop()
                if not isinstance(error, SettingsError):
                    raise
                log.warning("model_not_loaded model=%s error=%s", card.id, error)
                raise WorkerError(f"The model {card.id} cannot be loaded: {error}") from None

    async def _make_room(self, card: ModelCard, planned: Fit | None) -> None:
        """Unloads others until there is room: for what was planned before, or for as large a window as is comfortable
        and can be had. Raises Refused, before anything is unloaded, if even that would not be enough."""
        best = planned or self._fit(card, emptied=True)
        enough = min(best.context, COMFORTABLE_CONTEXT)

        def is_room(emptied: bool = False) -> bool:
            if planned:
                return self._room(card, emptied) >= bytes_to_load(card, planned)
            found = self._fit(card, emptied)
            return found.fits and found.context >= enough

        if not is_room(emptied=True):
            raise self._no_room(card, best)
        while not is_room():
            if not await self._unload_one():
                # What came back may be a little less than what was thought.
                if planned or not self._fit(card).fits:
                    raise self._no_room(card, planned or self._fit(card))
                return
            deadline = asyncio.get_running_loop().time() + RETURN_SECONDS
            while not is_room() and asyncio.get_running_loop().time() < deadline:
                await asyncio.sleep(LOOK_SECONDS)

    async def _unload_one(self) -> bool:
        """The one that has not been used for longest, as soon as it is surely not in use. False if none can go."""
        while idle := self._idle():
            seconds, oldest = max(idle, key=lambda pair: pair[0])
            if seconds >= QUIET_SECONDS:
                log.info("model_unloaded model=%s to make room", oldest.card.id)
                await oldest.supervisor.unload()
                return True
            await asyncio.sleep(LOOK_SECONDS)
        return False

    def _idle(self) -> list[tuple[float, Hosted]]:
        """Those that can be unloaded, each with the seconds since it was last used."""
        return [
            (seconds, hosted)
            for id, hosted in self._known.items()
            if id not in self._pinned and (seconds := hosted.supervisor.quiet_seconds) is not None
        ]

    def _fit(self, card: ModelCard, emptied: bool = False) -> Fit:
        """What would be planned now, or with all unloaded that can be."""
        sample, beside = self._sample(emptied)
        return plan_fit(card, self._settings, self._guarded.guard.lines, sample, beside)

    def _room(self, card: ModelCard, emptied: bool) -> float:
        """Bytes that may be taken before requests are refused."""
        sample, beside = self._sample(emptied)
        floor = self._guarded.guard.snapshot().floor
        return float("inf") if sample.available is None else sample.available - floor - beside

    def _sample(self, emptied: bool) -> tuple[Sample, int]:
        """What is available, and how much of it other models will take."""
        sample, going = self._guarded.guard.sample, [hosted for _, hosted in self._idle() if emptied]
        held = sum(hosted.supervisor.own_bytes for hosted in going)
        beside = sum(hosted.supervisor.still_to_take for hosted in self if hosted not in going)
        available = None if sample.available is None else sample.available + held
        return Sample(sample.at, available, sample.total, sample.pressure), beside

    def _no_room(self, card: ModelCard, fitted: Fit) -> Refused:
        message = too_large(card, fitted, "").message
        return Refused(message, "Other models are at work or pinned, or close programs.", retry_after=COME_BACK_SECONDS)

    @property
    def _guarded(self) -> Supervisor:
        return self.default.supervisor

    def _hosted(self, card: ModelCard, *, returns: bool) -> Hosted:
        def beside() -> int:
            return sum(hosted.supervisor.still_to_take for id, hosted in self._known.items() if id != card.id)

        return Hosted(card, self._settings, self._kept, beside, returns=returns)

    def _unknown(self, name: str) -> NotFound:
        names = sorted({*self._known, *self._names.all})
        return NotFound(f"model: {name!r} is not here.", f"There are: {', '.join(names)}, claude-*.")


async def _loaded(id: str, task: asyncio.Task[None]) -> None:
    """Waits for a model that is being loaded, but not so long that a client gives up. Raises PensieveError."""
    await asyncio.wait({task}, timeout=READY_SECONDS)
    if not task.done():
        raise WorkerError(f"The model {id} is being loaded.", retry_after=COME_BACK_SECONDS)
    if task.cancelled():
        raise Refused("The server is stopping.")
    if isinstance(error := task.exception(), PensieveError):
        raise error
    task.result()
