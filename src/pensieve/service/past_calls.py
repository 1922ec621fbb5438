"""How a model is shown its earlier calls: as it wrote them itself, if that was in another form than its template's.

Then a conversation goes on with the very text that was generated, and a model that was never taught its template's form
sees how it calls, and what came of it, in words.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import msgspec

from pensieve.core.chat import Chat, ToolCall, ToolResult, Written
from pensieve.core.pieces import CallInput, CallStart, Piece
from pensieve.prompts.words import as_written, own_words
from pensieve.service.calls import CallStore

FENCED = '```json\n{{\n  "name": {name},\n  "arguments": {input}\n}}\n```'
"""For a call of somebody else in a conversation with a model that calls in other forms: most such models write this."""

CallKey = tuple[str, str]
"""A call by what it does: its tool's name, and its input."""


class PastCalls:
    """Of one model. `store` is that of all models."""

    def __init__(self, store: CallStore, model: str) -> None:
        self._store = store
        self._model = model
        self._own_form = f"own form of {model}"
        """Where the store keeps whether the model's last call was in another."""
        self._other_form = store.get(self._own_form) == "no"

    def keep(self, id: str, input: str, said: str | None) -> None:
        self._store.keep(id, msgspec.json.encode(Written(input, said, self._model)).decode())
        if (said is not None) != self._other_form:
            self._other_form = said is not None
            self._store.keep(self._own_form, "no" if self._other_form else "yes")

    def shown(self, chat: Chat) -> Chat:
        return as_written(chat, self._said)

    def _said(self, call: ToolCall) -> str | None:
        if call.written is not None:
            return call.written.said if call.written.model == self._model else None
        if not self._other_form:
            return None
        return FENCED.format(name=json.dumps(call.name), input=json.dumps(call.input, ensure_ascii=False))


def find_written(store: CallStore, id: str) -> Written | None:
    """A call that was kept, of any model."""
    kept = store.get(id)
    try:
        return msgspec.json.decode(kept, type=Written) if kept is not None else None
    except msgspec.DecodeError:
        # Of a version that kept the input alone.
        return None


def just_answered(chat: Chat) -> frozenset[CallKey]:
    """The calls whose results are the last that the conversation holds, if nobody has said anything since."""
    turns = [turn for turn in chat.turns if turn.role != "system"]
    if len(turns) < 2 or chat.choice.kind != "auto" or chat.format is not None:
        return frozenset()
    calling, answering = turns[-2:]
    results = any(isinstance(part, ToolResult) for part in answering.parts)
    if not results or own_words(answering):
        return frozenset()
    return frozenset(_key(part.name, part.input) for part in calling.parts if isinstance(part, ToolCall))


def begins_with(pieces: Iterable[Piece], calls: frozenset[CallKey]) -> bool:
    """Whether an answer begins with one of the calls, in a form that is not the family's."""
    pieces = iter(pieces)
    first, second = next(pieces, None), next(pieces, None)
    if not calls or not isinstance(first, CallStart) or first.said is None or not isinstance(second, CallInput):
        return False
    return _key(first.name, json.loads(second.json)) in calls


def _key(name: str, input: dict[str, Any]) -> CallKey:
    return name, json.dumps(input, sort_keys=True)
