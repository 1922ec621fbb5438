"""`Piece`s -> `StreamEvent`s: the one place that knows the order of the API's stream.

message_start, then per block content_block_start, deltas, content_block_stop before the next opens, then message_delta
and message_stop. Reference: https://docs.claude.com/en/docs/build-with-claude/streaming
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

from pensieve.core.pieces import CallEnd, CallInput, CallStart, Piece, TextPiece, ThinkingPiece
from pensieve.service.ids import new_id
from pensieve.wire.answer import (
    Content,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    Event,
    InputJsonDelta,
    Message,
    MessageDelta,
    MessageStart,
    MessageStop,
    ServerToolUseContent,
    SignatureDelta,
    StopDelta,
    StopReason,
    TextContent,
    TextDelta,
    ThinkingContent,
    ThinkingDelta,
    ToolReference,
    ToolSearchFailed,
    ToolSearchResultContent,
    ToolsFound,
    ToolUseContent,
    Usage,
)


def _untold(_id: str, _input: str, _said: str | None) -> None:
    pass


class Narrator:
    """`seal` makes a thought's signature; with `omitted` thoughts leave the server in it alone, and with `counted`
    deltas tell meanwhile how many tokens they have.

    `on_call` is told of every finished call: its id, its input as the model wrote it, what a CallStart `said` of it.
    """

    def __init__(
        self,
        model: str,
        seal: Callable[[str], str],
        omitted: bool = False,
        on_call: Callable[[str, str, str | None], None] = _untold,
        *,
        counted: bool = False,
    ) -> None:
        self.called = False
        self._model = model
        self._seal = seal
        self._omitted = omitted
        self._counts = omitted and counted
        self._uncounted = 0
        """Tokens of thoughts that no delta has told yet."""
        self._on_call = on_call
        self._index = -1
        self._open: Content | None = None
        self._said: str | None = None
        self._told: list[str] = []
        """The open block's thought or input, stretch by stretch."""

    def start(self, usage: Usage) -> list[Event]:
        return [MessageStart(Message(id=new_id("msg"), model=self._model, usage=usage))]

    def tell(self, pieces: Iterable[Piece]) -> list[Event]:
        """Text, and thoughts, that arrived together leave as one delta."""
        events: list[Event] = []
        for kind, group in groupby(pieces, type):
            if kind is TextPiece or kind is ThinkingPiece:
                joined = "".join(piece.text for piece in group if isinstance(piece, TextPiece | ThinkingPiece))
                if joined:
                    (self._say if kind is TextPiece else self._think)(joined, events)
                continue
            for piece in group:
                self._tell_call(piece, events)
        return events

    def searched(
        self, call_id: str, name: str, written: str, references: Sequence[str], failure: ToolSearchFailed | None = None
    ) -> list[Event]:
        """A search for tools that the server itself has run: the call, and what it found or why it could not."""
        events: list[Event] = []
        self._begin(ServerToolUseContent(call_id, name), events)
        events.append(ContentBlockDelta(self._index, InputJsonDelta(written)))
        self._end(events)
        self._on_call(call_id, written, None)
        found = ToolsFound(tuple(ToolReference(reference) for reference in references))
        self._begin(ToolSearchResultContent(call_id, failure or found), events)
        self._end(events)
        return events

    def thought(self, tokens: int) -> None:
        """So many more tokens belong to the thought that is told next, or is being told."""
        self._uncounted += tokens if self._counts else 0

    def keep_alive(self, block: TextContent | ThinkingContent | None) -> list[Event]:
        """An empty delta in the open block; in this one, if none is open, or none at all."""
        events: list[Event] = []
        if self._open is None and block is not None:
            self._begin(block, events)
        match self._open:
            case TextContent():
                events.append(ContentBlockDelta(self._index, TextDelta("")))
            case ThinkingContent():
                events.append(ContentBlockDelta(self._index, ThinkingDelta("")))
            case ToolUseContent():
                events.append(ContentBlockDelta(self._index, InputJsonDelta("")))
            case _:
                pass
        return events

    def close_block(self) -> list[Event]:
        events: list[Event] = []
        self._end(events)
        return events

    def finish(self, reason: StopReason, sequence: str | None, usage: Usage) -> list[Event]:
        return [*self.close_block(), MessageDelta(StopDelta(reason, sequence), usage), MessageStop()]

    def _tell_call(self, piece: Piece, events: list[Event]) -> None:
        match piece:
            case CallStart(name=name, said=said):
                self.called, self._said = True, said
                self._begin(ToolUseContent(new_id("toolu"), name), events)
            case CallInput(json=json):
                self._told.append(json)
                events.append(ContentBlockDelta(self._index, InputJsonDelta(json)))
            case CallEnd():
                if isinstance(self._open, ToolUseContent):
                    self._on_call(self._open.id, "".join(self._told) or "{}", self._said)
                self._end(events)

    def _say(self, text: str, events: list[Event]) -> None:
        if not isinstance(self._open, TextContent):
            self._begin(TextContent(""), events)
        events.append(ContentBlockDelta(self._index, TextDelta(text)))

    def _think(self, thought: str, events: list[Event]) -> None:
        if not isinstance(self._open, ThinkingContent):
            self._begin(ThinkingContent(""), events)
        self._told.append(thought)
        if not self._omitted:
            events.append(ContentBlockDelta(self._index, ThinkingDelta(thought)))
        self._count(events)

    def _count(self, events: list[Event]) -> None:
        if self._uncounted:
            events.append(ContentBlockDelta(self._index, ThinkingDelta("", self._uncounted)))
            self._uncounted = 0

    def _begin(self, content: Content, events: list[Event]) -> None:
        self._end(events)
        self._index += 1
        self._open = content
        events.append(ContentBlockStart(self._index, content))

    def _end(self, events: list[Event]) -> None:
        if self._open is None:
            return
        if isinstance(self._open, ThinkingContent):
            self._count(events)
            events.append(ContentBlockDelta(self._index, SignatureDelta(self._seal("".join(self._told)))))
        events.append(ContentBlockStop(self._index))
        self._open = None
        self._told.clear()
