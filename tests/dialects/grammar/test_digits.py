"""Numbers between bounds, digit by digit. Without its quotes and spaces, such an expression is a regular one."""

from __future__ import annotations

import json
import re

from hypothesis import given, strategies as st

from pensieve.dialects.grammar.clean import LARGEST_NUMBER as LARGEST
from pensieve.dialects.grammar.digits import decimals, integers

WHOLE = st.integers(-1200, 1200)


def matches(expression: str, text: str) -> bool:
    return re.fullmatch(re.sub(r'[" ]', "", expression).replace(".[", r"\.["), text) is not None


@given(WHOLE, WHOLE, WHOLE)
def test_whole_numbers_between_two(low: int, high: int, number: int) -> None:
    expression = integers(low, high)
    assert bool(expression) == (low <= high)
    if expression:
        assert matches(expression, str(number)) == (low <= number <= high)
        assert not matches(expression, "007") and not matches(expression, "-0")


def test_whole_numbers_without_a_bound() -> None:
    expression = integers(-float("inf"), float("inf"))
    for text in ("0", "-1", str(LARGEST), str(-LARGEST)):
        assert matches(expression, text)
    assert not matches(expression, str(LARGEST + 1))


@given(st.integers(-20, 20), st.integers(-20, 20), st.decimals(-21, 21, places=2), st.booleans(), st.booleans())
def test_what_is_written_as_a_decimal_lies_between_whole_bounds(
    low: int, high: int, number: object, above: bool, below: bool
) -> None:
    expression = decimals(low, high, above=above, below=below)
    text = f"{number}".removesuffix(".00")
    if expression and matches(expression, text):
        value = json.loads(text)
        assert low <= value <= high
        assert value > low or not above
        assert value < high or not below


def test_decimals_between_whole_bounds_are_all_there() -> None:
    expression = decimals(-2, 3, above=True)
    for text in ("-1", "0", "3", "2.99", "-1.5", "-0.25", "0.5"):
        assert matches(expression, text), text
    for text in ("-2", "3.5", "-2.5", "4", "1.0"):
        assert not matches(expression, text), text
    assert decimals(5, 4) == decimals(1, 1, above=True) == ""
    for bounds in ((0, 0.5), (0.1, 0.9), (-0.5, 0.5), (0.1, 1.5)):
        assert matches(decimals(*bounds, above=True, below=True), "0.3")
