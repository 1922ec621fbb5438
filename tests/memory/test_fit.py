"""How much context fits beside the weights: the borders, and what holds for every machine."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from pensieve.memory.estimate import PROCESS, LoadCost
from pensieve.memory.fit import COMFORTABLE_CONTEXT, SMALLEST_CONTEXT, Fit, fit

WEIGHTS, KV = 1_000_000, 10
sizes = st.integers(1, 2**40)
windows = st.integers(1, 2**20)


def cost(context: int, parallel: int) -> LoadCost:
    return LoadCost(WEIGHTS, context * parallel * KV, 0)


def needed(context: int, parallel: int) -> int:
    return cost(context, parallel).total


@pytest.mark.parametrize(
    ("budget", "context", "parallel", "fits"),
    [
        (None, 32768, 4, True),
        (10**12, 32768, 4, True),
        (needed(32768, 4), 32768, 4, True),
        (needed(32768, 4) - 1, 32768, 3, True),
        (needed(32768, 2), 32768, 2, True),
        (needed(32768, 1), 32768, 1, True),
        (needed(32768, 1) - 1, 16384, 1, True),
        (needed(16384, 1) - 1, 8192, 1, True),
        (needed(8192, 1) - 1, 4096, 1, True),
        (needed(4096, 1), 4096, 1, True),
        (needed(4096, 1) - 1, 4096, 1, False),
        (0, 4096, 1, False),
        (-(10**9), 4096, 1, False),
    ],
)
def test_first_fewer_at_once_then_a_shorter_window(budget: int | None, context: int, parallel: int, fits: bool) -> None:
    found = fit(most=32768, parallel=4, cost=cost, budget=budget)
    assert found == Fit(context, parallel, cost(context, parallel), budget)
    assert found.fits is fits


def test_a_very_long_window_gets_shorter_before_fewer_run() -> None:
    found = fit(most=131_072, parallel=4, cost=cost, budget=needed(32768, 4))
    assert (found.context, found.parallel) == (32768, 4)


@pytest.mark.parametrize("window", [512, 4095, 4096])
def test_a_window_that_is_small_already_is_not_made_shorter(window: int) -> None:
    assert fit(most=window, parallel=4, cost=cost, budget=needed(window, 1)).fits
    assert fit(most=window, parallel=4, cost=cost, budget=needed(window, 1) - 1).context == window


def test_a_window_never_falls_below_the_smallest() -> None:
    assert fit(most=5000, parallel=4, cost=cost, budget=needed(4096, 1)).context == 4096


@given(most=windows, parallel=st.integers(1, 64), weights=sizes, kv=st.integers(1, 2**20), budget=sizes)
def test_what_holds_for_every_machine(most: int, parallel: int, weights: int, kv: int, budget: int) -> None:
    def cost(context: int, parallel: int) -> LoadCost:
        return LoadCost(weights, context * parallel * kv, 0)

    def fit_in(budget: int | None) -> Fit:
        return fit(most=most, parallel=parallel, cost=cost, budget=budget)

    found = fit_in(budget)
    smallest = min(SMALLEST_CONTEXT, most)
    assert found.cost == cost(found.context, found.parallel)
    assert found.fits == (PROCESS + weights + smallest * kv <= budget), "it fits if the least of it does"
    assert smallest <= found.context <= most and 1 <= found.parallel <= parallel
    assert found.parallel == 1 or found.context >= min(COMFORTABLE_CONTEXT, most)
    if cost(most, parallel).total <= budget:
        assert (found.context, found.parallel) == (most, parallel)
    assert fit_in(budget + kv * SMALLEST_CONTEXT).cost.total >= found.cost.total, "more room never gives less"
