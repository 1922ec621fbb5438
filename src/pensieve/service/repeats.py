"""Tells an answer that goes on, but only says the same over and over, as small models do until their tokens run out."""

from __future__ import annotations

from collections import deque

STRETCH = 500
"""Tokens between two looks."""
STRETCHES = 6
LEAST_TIMES = 4
"""So often the same has to fill the last stretches: a list of equal lines may be meant, 3,000 tokens of them hardly."""
HEAD = 64
"""Characters that are looked for first."""
LONGEST = 50_000
"""Characters that are looked at, the last ones: all, unless tokens are longer than in any language."""


class Repeats:
    """Fed with all that the model writes, thoughts and calls too; 0.2 us a token of ordinary text."""

    def __init__(self) -> None:
        self._stretches: deque[str] = deque(maxlen=STRETCHES)
        self._texts: list[str] = []
        self._tokens = 0

    def feed(self, text: str, tokens: int) -> bool:
        """Whether the last `STRETCHES` stretches say nothing but the same."""
        self._texts.append(text)
        self._tokens += tokens
        if self._tokens < STRETCH:
            return False
        self._stretches.append("".join(self._texts))
        self._texts, self._tokens = [], 0
        return len(self._stretches) == STRETCHES and only_repeats("".join(self._stretches)[-LONGEST:])


def only_repeats(text: str) -> bool:
    """Whether it is white space, or one text at least `LEAST_TIMES` times, from anywhere in it to anywhere in it."""
    longest = len(text) // LEAST_TIMES
    head = text[: min(HEAD, longest)]
    length = text.find(head, 1)
    while 0 < length <= longest:
        # Moved by the length of what is repeated, the text lies on itself.
        if text.startswith(text[length:]):
            return True
        length = text.find(head, length + 1)
    return not text.strip()
