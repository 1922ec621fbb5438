"""Gemma's calls: `<|tool_call>call:read{path:<|"|>a.txt<|"|>,limit:3}<tool_call|>`."""

from __future__ import annotations

import re

from pensieve.dialects.calls import Desk
from pensieve.dialects.forms import GemmaForm
from pensieve.dialects.literals import LiteralReader
from pensieve.dialects.notes import cut_off
from pensieve.dialects.scan import Look, Reading

_NAME = re.compile(r"[\w.:-]")


class GemmaReader:
    """Takes round brackets and ordinary quotes, which the models write when their prompt is long."""

    def __init__(self, desk: Desk, form: GemmaForm) -> None:
        self._desk = desk
        self._form = form
        self._open, _, self._head = form.open.partition("call:")
        self._head = "call:"
        self.bare = False
        self.marks = (self._open, form.close)

    def begins(self) -> Reading[bool]:
        """Never."""
        yield from ()
        return False

    def read(self, mark: str, thinking: bool) -> Reading[bool]:
        source, out = self._desk.source, self._desk.out
        if mark == self._form.close:
            return True
        look = Look(source)
        yield from look.spaces()
        yield from look.literal(self._head)
        yield from look.spaces()
        name = yield from look.run(_NAME)
        yield from look.spaces()
        if not name or not (yield from look.literal("{", "(")):
            if not (yield from look.ended()):
                return False
            out.no_call(cut_off(source.all()))
            return True
        look.take()
        name = self._desk.schemas.offered(name)
        out.start(name)
        if not (yield from LiteralReader(self._desk, name, self._form.quote, self._form.close).read()):
            return True
        out.end()
        look = Look(source)
        yield from look.spaces()
        if (yield from look.literal(self._form.close)):
            look.take()
        return True
