"""Lists of Python calls: `[read(path='a.txt', limit=3), list_files()]`."""

from __future__ import annotations

import re

from pensieve.dialects.calls import Desk
from pensieve.dialects.forms import PythonForm
from pensieve.dialects.literals import LiteralReader
from pensieve.dialects.notes import cut_off
from pensieve.dialects.scan import Look, Reading

_LIST = "["
_NAME = re.compile(r"[\w.:-]")


class PythonReader:
    """A bare list at the very start of the answer is one of calls if it begins with a name and a bracket."""

    def __init__(self, desk: Desk, form: PythonForm) -> None:
        self._desk = desk
        self.bare = _LIST in form.opens
        self._closes = tuple(filter(None, ("]", form.close.removeprefix("]"), *form.behind)))
        self.marks = tuple(mark for mark in (opening.removesuffix(_LIST) for opening in form.opens) if mark)

    def begins(self) -> Reading[bool]:
        look = Look(self._desk.source)
        yield from look.spaces()
        return bool((yield from look.literal(_LIST))) and (yield from self._name(look)) is not None

    def read(self, mark: str, thinking: bool) -> Reading[bool]:
        source, out = self._desk.source, self._desk.out
        look = Look(source)
        yield from look.spaces()
        yield from look.literal(_LIST)
        name = yield from self._name(look)
        if name is None:
            if not (yield from look.ended()):
                return False
            out.no_call(cut_off(source.all()))
            return True
        while name is not None:
            look.take()
            name = self._desk.schemas.offered(name)
            out.start(name)
            if not (yield from LiteralReader(self._desk, name, "", "").read()):
                return True
            out.end()
            look = Look(source)
            name = yield from self._following(look)
        yield from self._leave()
        return True

    def _name(self, look: Look) -> Reading[str | None]:
        yield from look.spaces()
        name = yield from look.run(_NAME)
        yield from look.spaces()
        return name if name and (yield from look.literal("(")) else None

    def _following(self, look: Look) -> Reading[str | None]:
        """The name of the next call of the list."""
        yield from look.spaces()
        comma = yield from look.literal(",", ";")
        return (yield from self._name(look)) if comma else None

    def _leave(self) -> Reading[None]:
        """Take what ends the list, as far as it is there."""
        for mark in self._closes:
            look = Look(self._desk.source)
            yield from look.spaces()
            yield from look.literal(",")
            yield from look.spaces()
            if (yield from look.literal(mark)):
                look.take()
