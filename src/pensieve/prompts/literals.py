"""What clients wrote is text, whatever it spells: in it control tokens are cut, before the template adds its own."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import pairwise
from typing import Any

import msgspec

from pensieve.core.chat import Chat
from pensieve.core.literal import CUT

SHORTEST, LONGEST = 2, 200
"""Characters of a token that is looked for."""


class Literals:
    def __init__(self, control: Collection[str]) -> None:
        """`control`: texts that are one token of their own. Those that are words by themselves are left alone: one
        speaks in them."""
        looked_for = {text for text in control if SHORTEST <= len(text) <= LONGEST and not text.isalnum()}
        self._begins = re.compile(f"(?={_any_of(looked_for)})") if looked_for else None

    def cut(self, chat: Chat) -> Chat:
        """The same conversation, with every such text cut behind its first character."""
        if self._begins is None:
            return chat
        before = msgspec.to_builtins(chat)
        after = self._cut(before)
        return chat if after is before else msgspec.convert(after, Chat)

    def _cut(self, value: Any) -> Any:
        """The value itself if there is nothing to cut in it."""
        match value:
            case str():
                return self._cut_text(value)
            case dict():
                pairs = [(self._cut(key), self._cut(inner)) for key, inner in value.items()]
                same = all(key is old and inner is value[old] for old, (key, inner) in zip(value, pairs, strict=True))
                return value if same else dict(pairs)
            case list() | tuple():
                found = [self._cut(inner) for inner in value]
                return value if all(new is old for new, old in zip(found, value, strict=True)) else found
        return value

    def _cut_text(self, text: str) -> str:
        assert self._begins is not None
        places = [match.start() + 1 for match in self._begins.finditer(text)]
        return CUT.join(text[begin:end] for begin, end in pairwise([0, *places, len(text)])) if places else text


def _any_of(texts: Collection[str]) -> str:
    """A pattern for any of them, each letter of which is looked at once, however many begin alike."""
    if "" in texts:
        return ""
    rests: dict[str, set[str]] = {}
    for text in texts:
        rests.setdefault(text[0], set()).add(text[1:])
    found = [re.escape(letter) + _any_of(rest) for letter, rest in sorted(rests.items())]
    return found[0] if len(found) == 1 else f"(?:{'|'.join(found)})"
