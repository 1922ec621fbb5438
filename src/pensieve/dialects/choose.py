"""Which dialect a model writes: chosen from its chat template, never guessed from its output."""

from __future__ import annotations

from pensieve.dialects.base import Dialect, Plain
from pensieve.dialects.hermes import OPEN, Hermes


def choose_dialect(template: str) -> Dialect:
    return Hermes() if OPEN in template else Plain()
