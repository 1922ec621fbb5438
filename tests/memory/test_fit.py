"""How much context fits beside the weights: the borders, and what holds for every machine."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from pensieve.memory.fit import COMFORTABLE_CONTEXT, SMALLEST_CONTEXT, Fit, fit

WEIGHTS, KV = 1_000_000, 10
sizes = st.integers(0, 2**40)
windows = st.integers(1, 2**20)


def fitted(budget: int | None, *, wanted: int = 32768, parallel: int = 4, trained: int = 131072) -> Fit:
    return fit(
        trained=trained, wanted=wanted, parallel=parallel, weight_bytes=WEIGHTS, kv_bytes_per_token=KV, budget=budget
    )


def needed(context: int, parallel: int) -> int:
    return WEIGHTS + context * parallel * KV


def whole(context: int, parallel: int, fits: bool = True) -> Fit:
    return Fit(context, parallel, needed(context, parallel), fits)


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        (None, whole(32768, 4)),
        (10**12, whole(32768, 4)),
        (needed(32768, 4), whole(32768, 4)),
        (needed(32768, 4) - 1, whole(32768, 3)),
        (needed(32768, 2), whole(32768, 2)),
        (needed(32768, 1), whole(32768, 1)),
        (needed(32768, 1) - 1, whole(16384, 1)),
        (needed(16384, 1) - 1, whole(8192, 1)),
        (needed(8192, 1) - 1, whole(4096, 1)),
        (needed(4096, 1), whole(4096, 1)),
        (needed(4096, 1) - 1, whole(4096, 1, fits=False)),
        (0, whole(4096, 1, fits=False)),
        (-(10**9), whole(4096, 1, fits=False)),
    ],
)
def test_first_fewer_at_once_then_a_shorter_window(budget: int | None, expected: Fit) -> None:
    assert fitted(budget) == expected


def test_never_more_than_the_model_was_trained_for() -> None:
    assert fitted(None, trained=2048) == whole(2048, 4)
    assert fitted(10**12, trained=2048) == whole(2048, 4)


def test_never_more_than_was_wanted() -> None:
    assert fitted(10**12, wanted=512) == whole(512, 4)


@pytest.mark.parametrize("window", [512, 4095, 4096])
def test_a_window_that_is_small_already_is_not_made_shorter(window: int) -> None:
    assert fitted(needed(window, 1), wanted=window) == whole(window, 1)
    assert fitted(needed(window, 1) - 1, wanted=window) == whole(window, 1, fits=False)


def test_a_window_never_falls_below_the_smallest() -> None:
    assert fitted(needed(4096, 1), wanted=5000) == whole(4096, 1)


@pytest.mark.parametrize("budget", [None, 0, 10**12])
def test_where_a_context_costs_nothing_all_of_it_is_to_be_had(budget: int | None) -> None:
    found = fit(trained=10**6, wanted=4096, parallel=8, weight_bytes=0, kv_bytes_per_token=0, budget=budget)
    assert found == Fit(10**6, 8, 0, True)


@given(
    trained=windows, wanted=windows, parallel=st.integers(1, 64), weights=sizes, kv=st.integers(1, 2**20), budget=sizes
)
def test_what_holds_for_every_machine(
    trained: int, wanted: int, parallel: int, weights: int, kv: int, budget: int
) -> None:
    def fit_in(budget: int | None) -> Fit:
        return fit(
            trained=trained,
            wanted=wanted,
            parallel=parallel,
            weight_bytes=weights,
            kv_bytes_per_token=kv,
            budget=budget,
        )

    found, most = fit_in(budget), min(trained, wanted)
    smallest = min(SMALLEST_CONTEXT, most)
    assert found.needed == weights + found.context * found.parallel * kv
    assert found.fits == (found.needed <= budget)
    assert found.fits == (weights + smallest * kv <= budget), "it fits if the least of it does"
    assert smallest <= found.context <= most and 1 <= found.parallel <= parallel
    assert found.parallel == 1 or found.context >= min(COMFORTABLE_CONTEXT, most)
    if weights + most * parallel * kv <= budget:
        assert found == fit_in(None)
    assert fit_in(budget + kv * SMALLEST_CONTEXT).needed >= found.needed, "a larger budget never gives less"
