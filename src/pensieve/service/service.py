"""The whole turn: the only place that knows every station of a request's path."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from msgspec import Struct

from pensieve import __version__
from pensieve.config.settings import Settings
from pensieve.conversation.normalise import normalise
from pensieve.core.chat import Chat
from pensieve.core.errors import PromptTooLong
from pensieve.core.generation import Prompt, Sampling
from pensieve.core.model import ModelCard
from pensieve.dialects.base import Dialect, Plain
from pensieve.dialects.choose import choose_dialect
from pensieve.library.shelf import Shelf
from pensieve.prompts.render import ChatTemplate
from pensieve.service.answer import Answer
from pensieve.service.turn import Plan, Turn
from pensieve.supervisor.supervisor import Supervisor
from pensieve.wire.models import ModelInfo, ModelPage
from pensieve.wire.request import MessagesRequest


class MemoryHealth(Struct, frozen=True):
    status: str
    available_gb: str
    accepting_requests: bool


class Health(Struct, frozen=True):
    """`status` is the worker's: loading, ready, restarting, failed or stopped."""

    status: str
    version: str
    engine: str
    model: str
    context: int
    parallel: int
    running: int
    waiting: int
    restarts: int
    worker_pid: int | None
    worker_rss: int | None
    memory: MemoryHealth


class Service:
    """One model behind the Messages API. Raises SettingsError when the model's file cannot be used."""

    def __init__(self, card: ModelCard, settings: Settings) -> None:
        self._template = ChatTemplate(card.template, card.bos, card.eos)
        self._dialect = choose_dialect(self._template.source)
        self._shelf = Shelf(card, settings.model.aliases)
        self.supervisor = Supervisor(card, settings)

    async def start(self) -> None:
        """Loads the model. Raises SettingsError."""
        await self.supervisor.start()

    async def stop(self) -> None:
        await self.supervisor.stop()

    async def open(self, request: MessagesRequest, request_id: str) -> Turn:
        """All that can be wrong with a request is found here, before its answer starts. Raises PensieveError."""
        arrived = time.monotonic()
        card = self._shelf.resolve(request.model)
        chat = normalise(request)
        dialect: Dialect = self._dialect if chat.tools else Plain()
        prompt = Prompt(self._template.render(chat), dialect.markers)
        ids = await self.supervisor.count(prompt.text)
        room = self.supervisor.context - len(ids)
        if room < 1:
            raise PromptTooLong(len(ids), self.supervisor.context - 1)
        wanted = room if request.max_tokens is None else request.max_tokens
        plan = Plan(ids, _sampling(request, card.sampling), min(wanted, room), prompt.markers)
        answer = Answer(request.model, dialect.reader(), request.stop_sequences, cut=wanted > room)
        return Turn(request_id, card.id, arrived, plan, answer, self.supervisor)

    async def count(self, request: MessagesRequest) -> int:
        """The number of tokens that the same request will be answered with as its input. Raises PensieveError."""
        self._shelf.resolve(request.model)
        chat: Chat = normalise(request)
        return len(await self.supervisor.count(self._template.render(chat)))

    def models(self) -> ModelPage:
        info = self.model(self._shelf.default.id)
        return ModelPage((info,), has_more=False, first_id=info.id, last_id=info.id)

    def model(self, name: str) -> ModelInfo:
        """Raises NotFound."""
        card = self._shelf.resolve(name)
        return ModelInfo(
            id=name,
            display_name=card.description,
            created_at=datetime.fromtimestamp(card.created, UTC).isoformat(),
            max_input_tokens=self.supervisor.context - 1,
            max_tokens=self.supervisor.context - 1,
        )

    def health(self) -> Health:
        supervisor, memory = self.supervisor, self.supervisor.memory()
        available = "unknown" if memory.available is None else f"{memory.available / 1e9:.2f}"
        return Health(
            status=supervisor.state.value,
            version=__version__,
            engine=supervisor.card.engine,
            model=supervisor.card.id,
            context=supervisor.context,
            parallel=supervisor.fit.parallel,
            running=supervisor.admission.running,
            waiting=supervisor.admission.waiting,
            restarts=supervisor.restarts,
            worker_pid=supervisor.worker_pid,
            worker_rss=supervisor.vitals.rss if supervisor.vitals else None,
            memory=MemoryHealth(memory.state.value, available, memory.accepting),
        )


def _sampling(request: MessagesRequest, recommended: Sampling) -> Sampling:
    return Sampling(
        temperature=recommended.temperature if request.temperature is None else request.temperature,
        top_p=recommended.top_p if request.top_p is None else request.top_p,
        top_k=recommended.top_k if request.top_k is None else request.top_k,
    )
