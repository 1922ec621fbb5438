"""`Chunk`s -> events, step by step and without waiting: stop sequences, the dialect's reader, the narrator, counts."""

from __future__ import annotations

from collections.abc import Iterable

from pensieve.core.generation import Chunk, Finish, Prefill
from pensieve.core.pieces import Piece
from pensieve.dialects.base import Reader
from pensieve.service.narrate import Narrator
from pensieve.service.stops import StopMatcher
from pensieve.wire.answer import Event, StopReason, Usage


class Answer:
    """Fed with Chunks until `stop_reason` is set. `cut`: the client asked for more tokens than the window holds."""

    def __init__(self, model: str, reader: Reader, stop_sequences: tuple[str, ...], cut: bool) -> None:
        self.stop_reason: StopReason | None = None
        self.prompt_tokens = 0
        self.cached_tokens = 0
        self.output_tokens = 0
        self._narrator = Narrator(model)
        self._reader = reader
        self._stops = StopMatcher(stop_sequences)
        self._cut = cut
        self._started = False

    @property
    def usage(self) -> Usage:
        return Usage(
            input_tokens=self.prompt_tokens - self.cached_tokens,
            output_tokens=self.output_tokens,
            cache_read_input_tokens=self.cached_tokens,
        )

    def take(self, chunks: Iterable[Chunk]) -> list[Event]:
        """The events that these Chunks make certain. After the end, none."""
        if self.stop_reason is not None:
            return []
        events: list[Event] = []
        pieces: list[Piece] = []
        for chunk in chunks:
            if self.stop_reason is not None:
                break
            if chunk.prefill is not None:
                events += self._start(chunk.prefill)
                continue
            self.output_tokens += chunk.tokens
            pieces += self._reader.feed(self._stops.feed(chunk.text))
            if self._stops.matched is not None:
                pieces += self._reader.close()
                self.stop_reason = "stop_sequence"
            elif chunk.finish is not None:
                pieces += self._reader.feed(self._stops.close())
                pieces += self._reader.close()
                self.stop_reason = self._reason(chunk.finish)
        events += self._narrator.tell(pieces)
        if self.stop_reason is not None:
            if self.stop_reason == "end_turn" and self._narrator.called:
                self.stop_reason = "tool_use"
            events += self._narrator.finish(self.stop_reason, self._stops.matched, self.usage)
        return events

    def _start(self, prefill: Prefill) -> list[Event]:
        if self._started:
            return []
        self._started = True
        self.prompt_tokens, self.cached_tokens = prefill.total, prefill.cached
        return self._narrator.start(self.usage)

    def _reason(self, finish: Finish) -> StopReason:
        if finish.reason != "length":
            return "end_turn"
        return "model_context_window_exceeded" if self._cut else "max_tokens"
