"""What the server does: turns, counts, and what it tells of its models and of itself."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from pensieve.config.settings import Settings
from pensieve.conversation.normalise import Normalised, normalise
from pensieve.core.errors import RequestError
from pensieve.core.model import ModelCard
from pensieve.service.calls import CallStore
from pensieve.service.health import Health, health_of
from pensieve.service.hosted import Kept
from pensieve.service.metrics import metrics_of
from pensieve.service.past_calls import find_written
from pensieve.service.pictures import Pictures
from pensieve.service.progress import Requests
from pensieve.service.roster import Find, Roster
from pensieve.service.seal import Seal, load_key
from pensieve.service.speeds import Speeds
from pensieve.service.totals import Totals
from pensieve.service.turn import Turn
from pensieve.supervisor.supervisor import Supervisor
from pensieve.wire.models import ModelInfo, ModelPage, PageQuery
from pensieve.wire.request import MessagesRequest


class Service:
    """`home` is where keys and what is remembered of calls are kept; `find` gives the card of a model on this machine.

    Raises SettingsError when the default model's file cannot be used.
    """

    def __init__(self, card: ModelCard, settings: Settings, home: Path, find: Find = lambda name: None) -> None:
        requests = Requests(Speeds(home / "speeds.json"))
        self._kept = Kept(Seal(load_key(home)), CallStore(home / "calls.sqlite"), Totals(), requests)
        self._pictures = Pictures()
        self._roster = Roster(card, settings, self._kept, find)

    @property
    def supervisor(self) -> Supervisor:
        """The default model's."""
        return self._roster.default.supervisor

    async def start(self) -> None:
        """Loads the default model. Raises SettingsError."""
        await self._roster.start()

    async def stop(self) -> None:
        await self._roster.stop()
        self._kept.calls.close()

    async def open(self, request: MessagesRequest, request_id: str) -> Turn:
        """All that can be wrong with a request is found here, before its answer starts. Raises PensieveError."""
        arrived = time.monotonic()
        with _nested_too_deeply():
            meant = self._meant(request)
            return await (await self._roster.loaded(request.model)).open(request, meant, request_id, arrived)

    async def count(self, request: MessagesRequest) -> int:
        """The number of tokens that the same request will be answered with as its input. Raises PensieveError."""
        with _nested_too_deeply():
            meant = self._meant(request)
            return await (await self._roster.loaded(request.model)).count(meant)

    def _meant(self, request: MessagesRequest) -> Normalised:
        """Whatever the model: nothing is loaded for a request that cannot be meant."""
        return normalise(
            request,
            unseal=self._kept.seal.unseal,
            written=partial(find_written, self._kept.calls),
            pictures_known=self._pictures.known,
        )

    def models(self, query: PageQuery) -> ModelPage:
        """Of those that have been asked for. Raises RequestError."""
        return query.page([hosted.info(hosted.card.id) for hosted in self._roster])

    def model(self, name: str) -> ModelInfo:
        """Of one that has been asked for. Raises NotFound."""
        return self._roster.known(name).info(name)

    def health(self) -> Health:
        return health_of([hosted.supervisor for hosted in self._roster], self._kept.totals, self._kept.requests)

    def metrics(self) -> bytes:
        return metrics_of([hosted.supervisor for hosted in self._roster], self._kept.totals, self._kept.requests)


@contextlib.contextmanager
def _nested_too_deeply() -> Iterator[None]:
    """Wherever on its path a request is found to be so: each station has a depth of its own that it can take."""
    try:
        yield
    except RecursionError:
        raise RequestError("nested too deeply", field="messages") from None
