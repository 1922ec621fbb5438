"""Searches for tools, which this server runs itself in the middle of an answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Iterable

from msgspec import Struct

from pensieve.conversation.normalise import Normalised
from pensieve.core.chat import Part, Text, Thought, ToolCall, Written
from pensieve.core.pieces import CallEnd, CallInput, CallStart, Piece, TextPiece, ThinkingPiece
from pensieve.service.ids import new_id
from pensieve.service.narrate import Narrator
from pensieve.service.search import search_tools
from pensieve.wire.answer import Event, ToolSearchFailed

MOST_ROUNDS = 8
"""Searches one after the other in one answer. After that the answer ends."""


class Asked(Struct, frozen=True):
    """One search: what was said in front of it, the tool's name, and the input as the model wrote it."""

    said: tuple[Part, ...]
    name: str
    written: str


class Searches:
    """Takes the calls that the client need not see out of the Pieces."""

    def __init__(self, names: Collection[str]) -> None:
        self.asked: list[Asked] = []
        self._names = frozenset(names)
        self._said: list[Part] = []
        self._name = ""
        self._written: list[str] = []

    def taken_out_of(self, pieces: list[Piece]) -> list[Piece]:
        if not self._names:
            return pieces
        return [piece for piece in pieces if not self._takes(piece)]

    def take(self) -> list[Asked]:
        """What has been asked since the last time."""
        asked, self.asked = self.asked, []
        self._said.clear()
        return asked

    def _takes(self, piece: Piece) -> bool:
        match piece:
            case TextPiece(text=text):
                self._say(Text, text)
            case ThinkingPiece(text=text):
                self._say(Thought, text)
            case CallStart(name=name) if name in self._names:
                self._name = name
                return True
            case CallInput(json=part) if self._name:
                self._written.append(part)
                return True
            case CallEnd() if self._name:
                self.asked.append(Asked(tuple(self._said), self._name, "".join(self._written)))
                self._name = ""
                self._said.clear()
                self._written.clear()
                return True
        return False

    def _say(self, kind: type[Text] | type[Thought], text: str) -> None:
        last = self._said[-1] if self._said else None
        if isinstance(last, kind):
            self._said[-1] = kind(last.text + text)
        else:
            self._said.append(kind(text))


async def run_searches(meant: Normalised, asked: Iterable[Asked], narrator: Narrator) -> tuple[Normalised, list[Event]]:
    """The conversation with the searches and what they found, and the events that tell of them."""
    events: list[Event] = []
    for search in asked:
        call = ToolCall(new_id("srvtoolu"), search.name, json.loads(search.written), Written(search.written))
        try:
            # Somebody else's pattern: it has a deadline, and the loop need not wait for it.
            found = await asyncio.to_thread(
                search_tools, meant.searches[search.name], str(call.input.get("query", "")), meant.deferred
            )
        except (ValueError, TimeoutError) as error:
            late = isinstance(error, TimeoutError)
            words = str(error) or "The search took too long."
            failed = ToolSearchFailed("execution_time_exceeded" if late else "invalid_tool_input", words)
            meant = meant.after_failed_search(search.said, call, words)
            events += narrator.searched(call.id, call.name, search.written, (), failed)
        else:
            meant = meant.after_search(search.said, call, found)
            events += narrator.searched(call.id, call.name, search.written, found)
    return meant, events
