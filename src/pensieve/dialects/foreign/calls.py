"""What is read of a call in a foreign form."""

from __future__ import annotations

from msgspec import Struct

LONGEST_HELD = 200_000
"""Characters of one call. What is longer is text."""


class Call(Struct, frozen=True):
    """`written` is the input as JSON. `cut`: the answer has ended in the middle of it."""

    name: str
    written: str
    cut: bool = False
