"""How many of a prompt's tokens other conversations begin with too."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable

from pensieve.core.sequences import common_prefix

MOST = 16
"""Openings whose ids are remembered: those of a coding agent are long, and few."""


class Openings:
    def __init__(self, count: Callable[[str], Awaitable[tuple[int, ...]]]) -> None:
        """`count` gives the ids of a text."""
        self._count = count
        self._ids: OrderedDict[str, tuple[int, ...]] = OrderedDict()

    async def shared(self, opening: str, ids: tuple[int, ...]) -> int:
        """Of the `ids` of a text that begins with `opening`; where a token spans its end, that one is not counted."""
        if opening not in self._ids:
            self._ids[opening] = await self._count(opening)
            if len(self._ids) > MOST:
                self._ids.popitem(last=False)
        self._ids.move_to_end(opening)
        return len(common_prefix(self._ids[opening], ids))
