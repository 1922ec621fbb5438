"""What clients wrote is text, whatever it spells: in it control tokens are cut, before the template adds its own."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import pairwise
from typing import Any

import msgspec

from pensieve.core.chat import Chat
from pensieve.core.literal import CUT

_HEAD = 2
"""Characters by which a token is looked for."""


class Literals:
    def __init__(self, control: Collection[str]) -> None:
        """`control`: texts that are one token of their own. One of a single character cannot be cut."""
        self._control = frozenset(text for text in control if len(text) >= _HEAD)
        self._lengths = sorted({len(text) for text in self._control})
        heads = sorted({re.escape(text[:_HEAD]) for text in self._control})
        self._heads = re.compile(f"(?=({'|'.join(heads)}))") if heads else None

    def cut(self, chat: Chat) -> Chat:
        """The same conversation, with every such text cut behind its first character."""
        if not self._places(msgspec.json.encode(chat).decode()):
            return chat
        return msgspec.convert(self._cut(msgspec.to_builtins(chat)), Chat)

    def _cut(self, value: Any) -> Any:
        match value:
            case str():
                ends = [0, *(place + 1 for place in self._places(value)), len(value)]
                return CUT.join(value[begin:end] for begin, end in pairwise(ends))
            case dict():
                return {self._cut(key): self._cut(inner) for key, inner in value.items()}
            case list() | tuple():
                return [self._cut(inner) for inner in value]
        return value

    def _places(self, text: str) -> list[int]:
        """Where one begins."""
        if self._heads is None:
            return []
        found = (match.start() for match in self._heads.finditer(text))
        return [at for at in found if any(text[at : at + length] in self._control for length in self._lengths)]
