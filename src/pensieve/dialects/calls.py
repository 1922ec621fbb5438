"""What the readers of calls have in common."""

from __future__ import annotations

from typing import Protocol

from pensieve.dialects.base import Behind
from pensieve.dialects.out import Out
from pensieve.dialects.scan import Reading, Source
from pensieve.dialects.schemas import Schemas


class Desk:
    """What a reader of calls works with: the text that comes, the Pieces that go, the tools that are offered."""

    def __init__(self, schemas: Schemas, behind: Behind) -> None:
        self.source = Source()
        self.out = Out(behind)
        self.schemas = schemas


class CallReader(Protocol):
    """Reads the calls of one form."""

    @property
    def marks(self) -> tuple[str, ...]:
        """What may begin a call, and stray marks that belong to calls."""
        ...

    @property
    def bare(self) -> bool:
        """At its very start, an answer may be a call without a mark."""
        ...

    def read(self, mark: str, thinking: bool) -> Reading[bool]:
        """The calls behind a mark that was just taken. False: it was no call, nothing more was taken."""
        ...

    def begins(self) -> Reading[bool]:
        """At the very start: whether a call stands here. Asked only of forms that may be bare."""
        ...
