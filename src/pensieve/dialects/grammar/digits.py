"""Numbers between two bounds, as GBNF: digit by digit."""

from __future__ import annotations

import math

from pensieve.dialects.grammar.clean import LARGEST_NUMBER as LARGEST

FRACTION = '"." [0-9]{0,14} [1-9]'


def integers(low: float, high: float) -> str:
    """The whole numbers from `low` to `high`, both included; "" if there are none."""
    low, high = int(max(low, -LARGEST)), int(min(high, LARGEST))
    options = [f'"-" ({_counts(max(1, -high), -low)})'] if low < 0 and low <= high else []
    if high >= 0 and low <= high:
        options.append(_counts(max(0, low), high))
    return " | ".join(options)


def decimals(low: float, high: float, *, above: bool = False, below: bool = False) -> str:
    """Numbers from `low` to `high`, whole ones and such with a fraction; "" if there are none.

    `above`, `below`: the bound itself does not count. Where a bound has a fraction, some numbers beyond it can be said
    too, up to the next whole one.
    """
    if low > high or (low == high and (above or below)):
        return ""
    low, high = max(low, -LARGEST), min(high, LARGEST)
    first, last = math.floor(low), math.ceil(high)
    if first == last:
        return integers(first, last)
    options = [integers(math.ceil(low) + (above and first == low), math.floor(high) - (below and last == high))]
    if last > 0:
        options.append(f"({_counts(max(0, first), last - 1 if last < LARGEST else last)}) {FRACTION}")
    if first < 0:
        options.append(f'"-" ({_counts(max(0, -last), -first - 1 if first > -LARGEST else -first)}) {FRACTION}')
    return " | ".join(filter(None, options))


def _counts(low: int, high: int) -> str:
    """Numbers from 0 on, without zeros in front."""
    options = []
    for length in range(len(str(low)), len(str(high)) + 1):
        smallest = 10 ** (length - 1) if length > 1 else 0
        options.append(_same_length(str(max(low, smallest)), str(min(high, 10**length - 1))))
    return " | ".join(options)


def _same_length(low: str, high: str) -> str:
    if not low:
        return ""
    rest = len(low) - 1
    if low[1:] == "0" * rest and high[1:] == "9" * rest:
        return f"{_digit(low[0], high[0])} {_any(rest)}".strip()
    if low[0] == high[0]:
        return f'"{low[0]}" {_same_length(low[1:], high[1:])}'
    options = [f'"{low[0]}" ({_same_length(low[1:], "9" * rest)})']
    if int(high[0]) - int(low[0]) > 1:
        options.append(f"{_digit(str(int(low[0]) + 1), str(int(high[0]) - 1))} {_any(rest)}")
    options.append(f'"{high[0]}" ({_same_length("0" * rest, high[1:])})')
    return f"({' | '.join(options)})"


def _digit(low: str, high: str) -> str:
    return f"[{low}-{high}]" if low < high else f'"{low}"'


def _any(count: int) -> str:
    return f"[0-9]{{{count}}}" if count else ""
