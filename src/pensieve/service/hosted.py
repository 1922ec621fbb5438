"""One model behind the Messages API: the only place that knows every station of a request's path."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

from msgspec import structs

from pensieve.config.settings import Settings
from pensieve.conversation.normalise import Normalised
from pensieve.core.chat import Chat
from pensieve.core.errors import PromptTooLong
from pensieve.core.generation import Sampling
from pensieve.core.model import ModelCard
from pensieve.dialects.choose import choose_family
from pensieve.dialects.families import PROMPTED
from pensieve.dialects.foreign.reader import asks_for_examples, forbids_calls
from pensieve.dialects.forms import opening_marks
from pensieve.dialects.grammar.cache import Grammars
from pensieve.dialects.read import reader_markers
from pensieve.library.cards import neighbours
from pensieve.prompts.chatml import CHATML
from pensieve.prompts.render import ChatTemplate
from pensieve.prompts.words import own_words
from pensieve.service.answer import Answer
from pensieve.service.calls import CallStore
from pensieve.service.narrate import Narrator
from pensieve.service.openings import Openings
from pensieve.service.past_calls import PastCalls, just_answered
from pensieve.service.progress import Requests
from pensieve.service.seal import Seal
from pensieve.service.totals import Totals
from pensieve.service.turn import Plan, Turn
from pensieve.service.voice import Voice
from pensieve.supervisor.plan import plan_fit, too_large
from pensieve.supervisor.supervisor import Supervisor
from pensieve.wire.models import Capabilities, Effort, ModelInfo, Support, Thinking, ThinkingTypes
from pensieve.wire.request import MessagesRequest

log = logging.getLogger(__name__)

THOUGHTS_COUNTED = "thinking-token-count-"
"""How the name of the beta begins with which a client asks for `estimated_tokens` of thoughts that it is not shown."""


class Kept(NamedTuple):
    """What all models of a server share."""

    seal: Seal
    calls: CallStore
    totals: Totals
    requests: Requests


class Hosted:
    """Raises SettingsError when the model's file cannot be used."""

    def __init__(
        self,
        card: ModelCard,
        settings: Settings,
        kept: Kept,
        beside: Callable[[], int] = lambda: 0,
        *,
        returns: bool = True,
        alone: Callable[[], bool] = lambda: True,
    ) -> None:
        """`beside`, `returns` and `alone`: as of a Supervisor."""
        self._family = choose_family(card.template or CHATML)
        think, in_words = self._family.think, self._family.name == PROMPTED.name
        marks = (think.open, think.close) if think else None
        self._template = ChatTemplate(
            card.template, card.bos, card.eos, marks, tools_in_words=in_words, control=card.special_tokens
        )
        if self._template.tools_in_words:
            self._family = structs.replace(PROMPTED, think=think)
        self._openers: tuple[int, ...] | None = None
        self._grammars = Grammars(self._family, card.control_tokens, card.grammars) if card.grammars else None
        if self._grammars is None:
            log.warning("no_grammars model=%s: calls are read and mended, not enforced", card.id)
        self.card = card
        self._past_calls = PastCalls(kept.calls, card.id)
        self._kept, self._settings, self._returns = kept, settings, returns
        self.supervisor = Supervisor(card, settings, beside=beside, returns=returns, alone=alone)
        self._openings = Openings(self.supervisor.count)

    async def start(self) -> None:
        """Loads the model. Raises SettingsError."""
        if not self.supervisor.fit.fits:
            raise too_large(self.card, self.supervisor.fit, self._smaller() if self._returns else "")
        await self.supervisor.start()

    def _smaller(self) -> str:
        """The largest of the models beside this one that would fit."""
        guard = self.supervisor.guard

        def fits(card: ModelCard) -> bool:
            return plan_fit(card, self._settings, guard.lines, guard.sample).fits

        return next((card.path for card in neighbours(self.card) if fits(card)), "")

    async def open(self, request: MessagesRequest, meant: Normalised, request_id: str, arrived: float) -> Turn:
        """All that can be wrong with a request is found by now, before its answer starts. Raises PensieveError."""
        plan = await self._planned(request, meant, 0)
        thinking = plan.meant.chat.thinking
        narrator = Narrator(
            request.model,
            self._kept.seal.seal,
            _omits_thoughts(request),
            self._past_calls.keep,
            counted=thinking.on and any(beta.startswith(THOUGHTS_COUNTED) for beta in request.betas),
        )
        answer = Answer(
            narrator,
            plan.voice,
            request.stop_sequences,
            thought=plan.thought,
            budget=thinking.budget if thinking.on else None,
            shows_thoughts=thinking.on,
            cut=plan.cut,
            searches=plan.meant.searches,
            notice=plan.meant.notice,
            answered=just_answered(plan.meant.chat) if plan.thought == "none" else (),
        )
        kept, replan = self._kept, partial(self._planned, request)
        return Turn(
            request_id, self.card.id, arrived, plan, answer, self.supervisor, kept.totals, kept.requests, replan
        )

    async def _planned(self, request: MessagesRequest, meant: Normalised, spent: int) -> Plan:
        """One job. `spent`: the tokens that earlier jobs of the same answer have written."""
        rendered = self._template.render(self._past_calls.shown(meant.chat))
        said = _last_words(meant.chat)
        voice = Voice(
            self._family,
            meant.callable,
            meant.chat.choice,
            meant.chat.format,
            self._grammars,
            foreign=not forbids_calls(said),
            examples=asks_for_examples(said),
        )
        ids = await self.supervisor.count(rendered.text)
        room = self.supervisor.fit.context - len(ids)
        if room < 1:
            raise PromptTooLong(len(ids), self.supervisor.fit.context - 1)
        wanted = room if request.max_tokens is None else request.max_tokens - spent
        # A grammar that is not known yet takes some milliseconds to make.
        grammar = await asyncio.to_thread(voice.grammar, rendered.thought)
        return Plan(
            prompt=ids,
            sampling=_sampling(request, self.card.sampling),
            max_tokens=min(wanted, room),
            markers=reader_markers(self._family),
            grammar=grammar,
            banned=() if voice.may_call else await self._call_openers(),
            shared=await self._shared(meant, rendered.text, ids),
            meant=meant,
            voice=voice,
            thought=rendered.thought,
            cut=wanted > room,
        )

    async def _call_openers(self) -> tuple[int, ...]:
        """The tokens that open a call: who has no tools never begins one. A mark of several tokens is left alone."""
        if self._openers is None:
            # A text is counted as a prompt, with the model's first token in front, if it has one.
            first = len(await self.supervisor.count(""))
            written = [(await self.supervisor.count(mark))[first:] for mark in opening_marks(self._family)]
            self._openers = tuple(ids[0] for ids in written if len(ids) == 1)
        return self._openers

    async def _shared(self, meant: Normalised, text: str, ids: tuple[int, ...]) -> int:
        """0 for engines that ask for nothing of the kind."""
        if self.card.engine != "mlx":
            return 0
        return await self._openings.shared(self._template.opening(meant.chat, text), ids)

    async def count(self, meant: Normalised) -> int:
        return len(await self.supervisor.count(self._template.render(self._past_calls.shown(meant.chat)).text))

    def info(self, name: str) -> ModelInfo:
        """The model by one of its names."""
        window = self.supervisor.fit.context - 1
        return ModelInfo(
            id=name,
            display_name=self.card.description,
            created_at=datetime.fromtimestamp(self.card.created, UTC).isoformat(),
            max_input_tokens=window,
            max_tokens=window,
            capabilities=self._capabilities(),
        )

    def _capabilities(self) -> Capabilities:
        thinks, efforts = (
            Support(self._family.think is not None or bool(self._template.efforts)),
            self._template.efforts,
        )
        return Capabilities(
            structured_outputs=Support(self._grammars is not None),
            thinking=Thinking(
                thinks.supported, types=ThinkingTypes(adaptive=thinks, between_tools=thinks, enabled=thinks)
            ),
            effort=Effort(
                bool(efforts),
                low=Support("low" in efforts),
                medium=Support("medium" in efforts),
                high=Support("high" in efforts),
            ),
        )


def _last_words(chat: Chat) -> str:
    """Of the user, without what the client has put in."""
    said = (own_words(turn) for turn in reversed(chat.turns) if turn.role == "user")
    return next(filter(None, said), "")


def _omits_thoughts(request: MessagesRequest) -> bool:
    return request.thinking is not None and request.thinking.display == "omitted"


def _sampling(request: MessagesRequest, recommended: Sampling) -> Sampling:
    return Sampling(
        temperature=recommended.temperature if request.temperature is None else request.temperature,
        top_p=recommended.top_p if request.top_p is None else request.top_p,
        top_k=recommended.top_k if request.top_k is None else request.top_k,
    )
