"""The models that are served, and which of them a request means. What one of them does with it: `hosted.py`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from pensieve.config.settings import Settings
from pensieve.core.errors import NotFound, Refused, SettingsError, WorkerError
from pensieve.core.model import ModelCard
from pensieve.library.names import Names
from pensieve.memory.fit import Fit
from pensieve.service.calls import CallStore
from pensieve.service.health import Health, health_of
from pensieve.service.hosted import Hosted
from pensieve.service.metrics import metrics_of
from pensieve.service.seal import Seal, load_key
from pensieve.service.totals import Totals
from pensieve.service.turn import Turn
from pensieve.supervisor.patience import READY_SECONDS
from pensieve.supervisor.plan import bytes_to_load, plan_fit, too_large
from pensieve.supervisor.states import WorkerState
from pensieve.supervisor.supervisor import Supervisor
from pensieve.wire.models import ModelInfo, ModelPage
from pensieve.wire.request import MessagesRequest

log = logging.getLogger(__name__)

MOST_MODELS = 16
"""That are known at a time, loaded or not."""
LOOKS, LOOK_SECONDS = 12, 0.25
"""What a model held takes a moment to come back, and to count."""
COME_BACK_SECONDS = 5

Find = Callable[[str], ModelCard | None]


class Service:
    """The default model, loaded at the start, and others by their names, loaded when they are asked for.

    Where memory is short, those that have not been used for longest make room, unless they are pinned or at work.
    `home` is where keys and what is remembered of calls are kept; `find` gives the card of a model on this machine.

    Raises SettingsError when the default's file cannot be used.
    """

    def __init__(self, card: ModelCard, settings: Settings, home: Path, find: Find = lambda name: None) -> None:
        self._settings, self._find = settings, find
        self._seal = Seal(load_key(home))
        self._calls = CallStore(home / "calls.sqlite")
        self._totals = Totals()
        self._names = Names(card.id, settings.model.aliases)
        self._models: dict[str, Hosted] = {}
        self._models[card.id] = self._default = self._hosted(card)
        self._starting: dict[str, asyncio.Task[None]] = {}
        self._moving = asyncio.Lock()
        """Held by whoever loads a model or makes room for one."""

    @property
    def supervisor(self) -> Supervisor:
        """The default model's."""
        return self._default.supervisor

    async def start(self) -> None:
        """Loads the default model. Raises SettingsError."""
        await self._default.start()

    async def stop(self) -> None:
        for task in self._starting.values():
            task.cancel()
        await asyncio.gather(*self._starting.values(), return_exceptions=True)
        await asyncio.gather(*(hosted.supervisor.stop() for hosted in self._models.values()))
        self._calls.close()

    async def open(self, request: MessagesRequest, request_id: str) -> Turn:
        """All that can be wrong with a request is found here, before its answer starts. Raises PensieveError."""
        return await (await self._meant(request.model)).open(request, request_id)

    async def count(self, request: MessagesRequest) -> int:
        """The number of tokens that the same request will be answered with as its input. Raises PensieveError."""
        return await (await self._meant(request.model)).count(request)

    def models(self) -> ModelPage:
        infos = tuple(hosted.info(id) for id, hosted in self._models.items())
        return ModelPage(infos, has_more=False, first_id=infos[0].id, last_id=infos[-1].id)

    def model(self, name: str) -> ModelInfo:
        """Of one that is known here. Raises NotFound."""
        hosted = self._models.get(self._names.model(name))
        if hosted is None:
            raise self._unknown(name)
        return hosted.info(name)

    def health(self) -> Health:
        return health_of(self._default, tuple(self._models.values()), self._totals)

    def metrics(self) -> bytes:
        return metrics_of([hosted.supervisor for hosted in self._models.values()], self._totals)

    async def _meant(self, name: str) -> Hosted:
        """The model that a request names, loaded or about to be. Raises PensieveError."""
        id = self._names.model(name)
        hosted = self._models.get(id) or await self._found(id, name)
        hosted.used_at = asyncio.get_running_loop().time()
        if id in self._starting:
            await self._started(hosted)
        if hosted.supervisor.state is WorkerState.UNLOADED:
            async with self._moving:
                await self._make_room(hosted.card, bytes_to_load(hosted.card, hosted.supervisor.fit))
        return hosted

    async def _found(self, id: str, name: str) -> Hosted:
        """One that is on this machine and was not asked for yet. Raises PensieveError."""
        card = await asyncio.to_thread(self._find, id)
        if card is None:
            raise self._unknown(name)
        async with self._moving:
            if id in self._models:
                # Meanwhile somebody else has asked for it.
                return self._models[id]
            if len(self._models) >= MOST_MODELS:
                raise Refused(f"{MOST_MODELS} models are in use already.", "Restart the server to forget them.")
            await self._make_room(card, None)
            try:
                hosted = self._hosted(card)
            except SettingsError as error:
                raise WorkerError(f"The model {id} cannot be used: {error}") from None
            self._models[id] = hosted
            self._starting[id] = asyncio.create_task(hosted.start())
            return hosted

    async def _started(self, hosted: Hosted) -> None:
        """Waits for a model that is being loaded, but not so long that a client gives up. Raises WorkerError."""
        id = hosted.card.id
        task = self._starting[id]
        await asyncio.wait({task}, timeout=READY_SECONDS)
        if not task.done():
            raise WorkerError(f"The model {id} is being loaded.", retry_after=COME_BACK_SECONDS)
        self._starting.pop(id, None)
        if (error := task.exception()) is not None:
            self._models.pop(id, None)
            await hosted.supervisor.stop()
            log.warning("model_not_loaded model=%s error=%s", id, error)
            raise WorkerError(f"The model {id} cannot be loaded: {error}")

    async def _make_room(self, card: ModelCard, needed: int | None) -> None:
        """Unloads others until `needed` bytes are there; None: until the model fits. Raises Refused."""
        guard = self.supervisor.guard

        def planned() -> Fit:
            return plan_fit(card, self._settings, guard.lines, guard.sample, self._beside(card.id))

        def is_room() -> bool:
            room = guard.snapshot().room
            if needed is not None:
                return room is None or room - self._beside(card.id) >= needed
            return planned().fits

        while not is_room():
            if not await self._unload_one(card.id):
                error = too_large(card, planned(), "")
                raise Refused(error.message, "Other models are at work or pinned: try again later, or unload them.")
            for _ in range(LOOKS):
                if is_room():
                    break
                await asyncio.sleep(LOOK_SECONDS)

    async def _unload_one(self, but: str) -> bool:
        """The one that has not been used for longest. False when none can go."""
        pinned = {self._names.model(name) for name in self._settings.model.pinned}
        idle = [
            hosted
            for id, hosted in self._models.items()
            if id != but and id not in pinned and hosted.supervisor.is_idle
        ]
        if not idle:
            return False
        oldest = min(idle, key=lambda hosted: hosted.used_at)
        log.info("model_unloaded model=%s to make room", oldest.card.id)
        await oldest.supervisor.unload()
        return True

    def _beside(self, id: str) -> int:
        """Bytes of the files that llama.cpp has in memory for other models. To the system they are a cache, and count
        as available; a model whose file is not all there is slow beyond use."""
        others = (hosted for other, hosted in self._models.items() if other != id)
        return sum(hosted.card.weight_bytes for hosted in others if hosted.maps_its_file)

    def _hosted(self, card: ModelCard) -> Hosted:
        return Hosted(card, self._settings, self._seal, self._calls, self._totals, self._beside(card.id))

    def _unknown(self, name: str) -> NotFound:
        names = sorted({*self._models, *self._names.all})
        return NotFound(f"model: {name!r} is not here.", f"There are: {', '.join(names)}, claude-*.")
