"""How much context fits beside the weights? A pure decision, made once before a model is loaded."""

from __future__ import annotations

from msgspec import Struct

SMALLEST_CONTEXT = 4096
COMFORTABLE_CONTEXT = 32768
"""Tokens. Fewer requests at once are better than a window shorter than this: a coding agent's first prompt is long."""


class Fit(Struct, frozen=True):
    """`context` tokens for each of `parallel` requests at once; `needed` bytes together with the weights."""

    context: int
    parallel: int
    needed: int
    fits: bool


def fit(
    *, trained: int, wanted: int, parallel: int, weight_bytes: int, kv_bytes_per_token: int, budget: int | None
) -> Fit:
    """The most of what was wanted that stays within `budget` bytes (None: not known, so all of it).

    A window above COMFORTABLE_CONTEXT shrinks first, then fewer requests run at once, then the window shrinks on, but
    not below SMALLEST_CONTEXT: what does not fit even so has `fits` False.
    Where a context costs nothing (a script), all of it is to be had.
    """
    context = min(trained, wanted) if kv_bytes_per_token else trained

    def needed(context: int, parallel: int) -> int:
        return weight_bytes + context * parallel * kv_bytes_per_token

    if budget is None:
        return Fit(context, parallel, needed(context, parallel), fits=True)
    while parallel > 1 and needed(context, parallel) > budget:
        if context > COMFORTABLE_CONTEXT:
            context = max(COMFORTABLE_CONTEXT, context // 2)
        else:
            parallel -= 1
    while context > SMALLEST_CONTEXT and needed(context, parallel) > budget:
        context = max(SMALLEST_CONTEXT, context // 2)
    total = needed(context, parallel)
    return Fit(context, parallel, total, fits=total <= budget)
