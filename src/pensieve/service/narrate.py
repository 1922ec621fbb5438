"""`Piece`s -> `StreamEvent`s: the one place that knows the order of the API's stream.

message_start, then per block content_block_start, deltas, content_block_stop before the next opens, then message_delta
and message_stop. Reference: https://docs.claude.com/en/docs/build-with-claude/streaming
"""

from __future__ import annotations

from collections.abc import Iterable

from pensieve.core.pieces import CallEnd, CallInput, CallStart, Piece, TextPiece
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
    StopDelta,
    StopReason,
    TextContent,
    TextDelta,
    ToolUseContent,
    Usage,
)


class Narrator:
    def __init__(self, model: str) -> None:
        self.called = False
        self._model = model
        self._index = -1
        self._open: type[Content] | None = None

    def start(self, usage: Usage) -> list[Event]:
        return [MessageStart(Message(id=new_id("msg"), model=self._model, usage=usage))]

    def tell(self, pieces: Iterable[Piece]) -> list[Event]:
        events: list[Event] = []
        text: list[str] = []
        for piece in pieces:
            if isinstance(piece, TextPiece):
                text.append(piece.text)
                continue
            self._flush(text, events)
            match piece:
                case CallStart(name=name):
                    self.called = True
                    self._begin(ToolUseContent(new_id("toolu"), name), events)
                case CallInput(json=json):
                    events.append(ContentBlockDelta(self._index, InputJsonDelta(json)))
                case CallEnd():
                    self._end(events)
        self._flush(text, events)
        return events

    def finish(self, reason: StopReason, sequence: str | None, usage: Usage) -> list[Event]:
        events: list[Event] = []
        self._end(events)
        return [*events, MessageDelta(StopDelta(reason, sequence), usage), MessageStop()]

    def _flush(self, text: list[str], events: list[Event]) -> None:
        """What arrived together leaves as one delta."""
        joined = "".join(text)
        text.clear()
        if not joined:
            return
        if self._open is not TextContent:
            self._begin(TextContent(""), events)
        events.append(ContentBlockDelta(self._index, TextDelta(joined)))

    def _begin(self, content: Content, events: list[Event]) -> None:
        self._end(events)
        self._index += 1
        self._open = type(content)
        events.append(ContentBlockStart(self._index, content))

    def _end(self, events: list[Event]) -> None:
        if self._open is not None:
            events.append(ContentBlockStop(self._index))
            self._open = None
