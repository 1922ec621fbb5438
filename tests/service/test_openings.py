"""How much of a prompt other conversations begin with, in ids."""

from __future__ import annotations

import asyncio

from pensieve.service.openings import MOST, Openings


def test_each_opening_is_counted_once_and_compared_with_the_whole_prompt() -> None:
    counted: list[str] = []

    async def count(text: str) -> tuple[int, ...]:
        counted.append(text)
        return tuple(map(ord, text))

    async def play() -> None:
        openings = Openings(count)
        whole = tuple(map(ord, "system and more"))
        assert [await openings.shared("system", whole) for _ in range(2)] == [6, 6]
        # A token of the whole text spans the end of what is shared.
        assert await openings.shared("system", (*whole[:5], 9999)) == 5
        assert counted == ["system"]
        for number in range(MOST):
            await openings.shared(f"other {number}", whole)
        assert await openings.shared("system", whole) == 6
        assert counted.count("system") == 2

    asyncio.run(play())
