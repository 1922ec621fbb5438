"""Text to ids and back, by the model's own tokenizer.json."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer
from tokenizers.decoders import DecodeStream

from pensieve.core.generation import Chunk, Finish, Span
from pensieve.core.literal import pieces
from pensieve.engines.base import EngineFailure
from pensieve.engines.mlx.loading import read_json

SEEN_BEFORE = 16
"""Ids that tell how the text of the next one begins: with a space or not."""


class Tokens:
    """May be used from any thread. Raises EngineFailure."""

    def __init__(self, folder: Path) -> None:
        file = folder / "tokenizer.json"
        try:
            self.tokenizer = Tokenizer.from_file(str(file))
        except Exception as error:
            # The library raises bare Exceptions.
            raise EngineFailure(f"{folder.name}/tokenizer.json cannot be read: {error}") from error
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        self.special = {
            number: token.content
            for number, token in self.tokenizer.get_added_tokens_decoder().items()
            if token.special
        }
        self.ends = _ends(folder, self.tokenizer)
        # Not how many there are: numbers may be left out.
        self.size: int = max(self.tokenizer.get_vocab(with_added_tokens=True).values(), default=-1) + 1
        self._first: tuple[int, ...] = tuple(self.tokenizer.encode("", add_special_tokens=True).ids)

    def tokenize(self, text: str) -> tuple[int, ...]:
        """The ids of a whole prompt, with the model's first token once, whether the template wrote it or not."""
        ids = self.plain(text)
        return ids if ids[: len(self._first)] == self._first else self._first + ids

    def plain(self, text: str) -> tuple[int, ...]:
        found = [self.tokenizer.encode(piece, add_special_tokens=False).ids for piece in pieces(text)]
        return tuple(itertools.chain.from_iterable(found))

    def resolved(self, spans: Sequence[Span]) -> tuple[int, ...]:
        """The ids of what has been generated: this engine tells all of them, another may have told text alone."""
        ids: tuple[int, ...] = ()
        for span in spans:
            ids += span.ids if span.ids and not span.missing else self.plain(span.text)
        return ids


def _ends(folder: Path, tokenizer: Tokenizer) -> frozenset[int]:
    """The ids that end an answer, wherever the folder names them."""
    found: set[int] = set()
    for name in ("generation_config.json", "config.json"):
        if (folder / name).exists():
            value = read_json(folder / name).get("eos_token_id")
            found |= {number for number in (value if isinstance(value, list) else [value]) if isinstance(number, int)}
    if (folder / "tokenizer_config.json").exists():
        token = read_json(folder / "tokenizer_config.json").get("eos_token")
        text = token.get("content") if isinstance(token, dict) else token
        number = tokenizer.token_to_id(text) if isinstance(text, str) else None
        found |= {number} if number is not None else set()
    return frozenset(found)


class Writer:
    """Ids of one answer, one after the other -> Chunks. Special tokens have no text, save for the markers.

    An id whose text is not complete waits for the next: what is told can be gone on from.
    """

    def __init__(self, tokens: Tokens, markers: Sequence[str], before: Sequence[int]) -> None:
        self._tokenizer = tokens.tokenizer
        self._silent = {number for number, text in tokens.special.items() if text not in markers}
        seen = [number for number in before[-SEEN_BEFORE:] if number not in self._silent]
        self._stream = DecodeStream(ids=seen, skip_special_tokens=False) if seen else DecodeStream()
        self._held: tuple[int, ...] = ()

    def write(self, token: int) -> Chunk | None:
        text = "" if token in self._silent else self._stream.step(self._tokenizer, token) or ""
        self.hold(token)
        if not text:
            return None
        ids, self._held = self._held, ()
        return Chunk(text=text, ids=ids)

    def hold(self, token: int) -> None:
        """An id that has no text."""
        self._held += (token,)

    def end(self, finish: Finish) -> Chunk:
        """The terminal Chunk, with the ids that were still held."""
        return Chunk(ids=self._held, finish=finish)
