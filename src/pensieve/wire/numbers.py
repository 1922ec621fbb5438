"""Numbers that JSON can write and that no field can hold, such as `1e400` or ten thousand digits.

A model may have written one into a call, and the client sends the call back with every request from then on: it must
not end the conversation. So each becomes the nearest number that a client can hold.
"""

from __future__ import annotations

import json
import sys
from typing import NoReturn

LARGEST = sys.float_info.max
FEWER_DIGITS = sys.float_info.max_10_exp
"""An integer of so many digits is smaller than `LARGEST`."""


def in_range(body: bytes) -> bytes:
    """The same JSON with each number in range. Raises ValueError if it is not JSON, and RecursionError."""
    value = json.loads(body, parse_int=_int, parse_float=_float, parse_constant=_refuse)
    return json.dumps(value).encode()


def _int(text: str) -> int:
    # Beyond some thousand digits Python refuses to read an integer; a float it reads at any length.
    return int(text) if len(text) <= FEWER_DIGITS else int(_float(text))


def _float(text: str) -> float:
    return min(max(float(text), -LARGEST), LARGEST)


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")
