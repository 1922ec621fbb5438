"""Calls whose name stands outside the JSON: `[TOOL_CALLS]Read[ARGS]{...}`, alone or in a section."""

from __future__ import annotations

import re

from pensieve.dialects.calls import Desk
from pensieve.dialects.forms import NamedForm, ObjectForm
from pensieve.dialects.jsontext import CUT, WHOLE, ValueCopier
from pensieve.dialects.notes import LONGEST_SHOWN, cut_off
from pensieve.dialects.objects import ObjectReader
from pensieve.dialects.scan import Look, Marks, Reading, drop

_FENCE = "```"
_COUNT = re.compile(r":\d+$")


class NamedReader:
    def __init__(self, desk: Desk, form: NamedForm) -> None:
        self._desk = desk
        self._form = form
        close = form.close.strip().removeprefix(_FENCE)
        self._closes = tuple(filter(None, (close, form.section_close)))
        self._stops = (*self._closes, *filter(None, (form.open,))) if close else ()
        self._copier = ValueCopier(desk.source, *self._stops)
        self._heads = Marks("{", *self._stops)
        # Some models of these families write what their predecessors wrote.
        self._objects = ObjectReader(desk, ObjectForm((form.open,), close))
        self.bare = False
        self.marks = tuple(filter(None, (form.section_open, form.open, *self._closes)))

    def begins(self) -> Reading[bool]:
        """Never."""
        yield from ()
        return False

    def read(self, mark: str, thinking: bool) -> Reading[bool]:
        source, out = self._desk.source, self._desk.out
        if mark != self._form.open:
            out.behind_calls()
            return True
        look = Look(source)
        yield from look.spaces()
        if (yield from look.literal("{", "[")):
            return (yield from self._objects.read(mark, thinking))
        look = Look(source)
        found = yield from look.find(self._heads, LONGEST_SHOWN)
        if not found:
            if (yield from look.ends_within(LONGEST_SHOWN)):
                out.no_call(cut_off(source.all()))
                return True
            return False
        out.start(self._name(source.take(found[0])))
        if (yield from self._input()) == self._form.open:
            yield from self.read(self._form.open, False)
        return True

    def _input(self) -> Reading[str]:
        """The rest of the call; the mark that ended it, if that was not its own."""
        source, out = self._desk.source, self._desk.out
        if (yield from source.peek()) != "{":
            ended = yield from source.until(self._heads, drop)
            out.input("{}")
            out.end()
            return ended
        ended = yield from self._copier.copy(out.input)
        if ended == CUT:
            return ""
        out.end()
        if ended == WHOLE:
            look = Look(source)
            yield from look.spaces()
            if (yield from look.literal(_FENCE)):
                look.take()
                yield from look.spaces()
            if (yield from look.literal(*self._closes)):
                look.take()
            return ""
        return ended

    def _name(self, head: str) -> str:
        for mark in filter(None, (self._form.call_id, self._form.separator.split()[0])):
            head = head.partition(mark)[0]
        head = head.strip().removeprefix(self._form.prefix)
        return self._desk.schemas.offered(_COUNT.sub("", head) if self._form.suffix else head)
