"""The library's stream of JSON, decoded no further than needed, into Chunks."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from pensieve.core.generation import Chunk, Finish, Prefill


class Progress(Struct):
    total: int
    cache: int
    processed: int


class Verbose(Struct):
    """`tokens_predicted` counts all tokens; `tokens` may lack some: of a character that spans several tokens the
    library streams only the last one's id."""

    content: str = ""
    tokens: tuple[int, ...] = ()
    tokens_predicted: int = 0
    stop: bool = False
    stop_type: str = ""
    prompt_progress: Progress | None = None


class Failure(Struct):
    message: str = ""


class Event(Struct):
    verbose: Verbose | None = msgspec.field(name="__verbose", default=None)
    error: Failure | None = None


decode = msgspec.json.Decoder(Event).decode


class ChunkMaker:
    """Turns the events of one call into Chunks.

    Tokens without text wait for the next event: the one that ends the answer must not be taken for output to go on
    from, should the worker die before the terminal Chunk.
    """

    def __init__(self) -> None:
        self._counted = 0
        self._held = Chunk()
        self._finish: Finish | None = None

    def chunk(self, event: Event) -> Chunk | None:
        """The Chunk to emit now, if any. The end is kept for `last`."""
        if event.error is not None:
            self._finish = Finish("failed", event.error.message)
            return None
        verbose = event.verbose
        if verbose is None:
            return None
        if verbose.prompt_progress is not None:
            progress = verbose.prompt_progress
            return Chunk(prefill=Prefill(progress.total, progress.cache, progress.processed))
        chunk = self._output(verbose)
        if verbose.stop:
            self._finish = Finish("length" if verbose.stop_type == "limit" else "end")
        if verbose.stop or not chunk.text:
            self._held = chunk
            return None
        self._held = Chunk()
        return chunk

    def last(self, cancelled: bool) -> Chunk:
        """The terminal Chunk, with the tokens that were still held."""
        finish = self._finish
        if cancelled and (finish is None or finish.reason != "failed"):
            finish = Finish("cancelled")
        elif finish is None:
            finish = Finish("failed", "llama.cpp ended without a word")
        return Chunk(text=self._held.text, ids=self._held.ids, missing=self._held.missing, finish=finish)

    def _output(self, verbose: Verbose) -> Chunk:
        new, self._counted = verbose.tokens_predicted - self._counted, verbose.tokens_predicted
        held, ids = self._held, verbose.tokens[-new:] if new else ()
        missing = new - len(ids)
        if missing:
            return Chunk(text=verbose.content, ids=ids, missing=missing + held.tokens)
        return Chunk(text=verbose.content, ids=held.ids + ids, missing=held.missing)
