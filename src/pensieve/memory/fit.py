"""How much context fits beside the weights? A pure decision, made before a model is loaded."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from pensieve.memory.estimate import LoadCost

SMALLEST_CONTEXT = 4096
COMFORTABLE_CONTEXT = 32768
"""Tokens. Fewer requests at once are better than a window shorter than this: a coding agent's first prompt is long."""


class Fit(Struct, frozen=True):
    """`context` tokens for each of `parallel` requests at once; what that takes, of a `budget` of bytes (None: not
    known)."""

    context: int
    parallel: int
    cost: LoadCost
    budget: int | None

    @property
    def fits(self) -> bool:
        return self.budget is None or self.cost.total <= max(0, self.budget)


def fit(*, most: int, parallel: int, cost: Callable[[int, int], LoadCost], budget: int | None) -> Fit:
    """The most, up to `most` tokens for each of `parallel` requests, whose `cost` stays within `budget`.

    A window above COMFORTABLE_CONTEXT shrinks first, then fewer requests run at once, then the window shrinks on, but
    not below SMALLEST_CONTEXT: what does not fit even so has `fits` False.
    """
    found = Fit(most, parallel, cost(most, parallel), budget)
    while not found.fits:
        context, parallel = found.context, found.parallel
        if parallel > 1 and context <= COMFORTABLE_CONTEXT:
            parallel -= 1
        elif context > SMALLEST_CONTEXT:
            context = max(COMFORTABLE_CONTEXT if parallel > 1 else SMALLEST_CONTEXT, context // 2)
        else:
            break
        found = Fit(context, parallel, cost(context, parallel), budget)
    return found
