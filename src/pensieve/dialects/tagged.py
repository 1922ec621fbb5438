"""Calls whose arguments stand between marks of their own: `<parameter=path>a.txt</parameter>`."""

from __future__ import annotations

import json
import re

from pensieve.dialects.calls import Desk
from pensieve.dialects.forms import ObjectForm, TaggedForm
from pensieve.dialects.jsontext import string_inside
from pensieve.dialects.notes import LONGEST_SHOWN, cut_off
from pensieve.dialects.objects import ObjectReader
from pensieve.dialects.scan import Look, Marks, Reading, Sink
from pensieve.dialects.schemas import STRING, Types, as_json

_NAME = re.compile(r"[^\s<>{}\[\]\"',;()]")


class TaggedReader:
    """Takes calls without the outer mark, arguments that are not closed, several calls in one, and JSON instead."""

    def __init__(self, desk: Desk, form: TaggedForm) -> None:
        self._desk = desk
        self._open, self._close = form.open.strip(), form.close.strip()
        self._call_open, self._call_close = form.call_open.strip(), form.call_close.strip()
        self._name_end = form.call_name_end.strip()
        self._key_open, self._key_marks = form.key_open.strip(), form.key_close.split()
        self._value_close = form.value_close.strip()
        self._in_lines = form.key_close.endswith("\n") and form.value_close.startswith("\n")
        self._ends_call = self._call_close or self._close
        self._values = Marks(self._value_close, self._ends_call)
        self._between = Marks(self._key_open, self._call_close, self._close, self._open)
        # Some models of these families write what their predecessors wrote.
        self._objects = ObjectReader(desk, ObjectForm((self._open,), self._close))
        self.bare = False
        self.marks = tuple(filter(None, (self._open, self._call_open)))

    def begins(self) -> Reading[bool]:
        """Never."""
        yield from ()
        return False

    def read(self, mark: str, thinking: bool) -> Reading[bool]:
        source, out = self._desk.source, self._desk.out
        look = Look(source)
        if mark == self._open:
            yield from look.spaces()
            if (yield from look.literal("{", "[")):
                return (yield from self._objects.read(mark, thinking))
            if self._call_open and not (yield from look.literal(self._call_open)):
                if (yield from look.cut(self._call_open)):
                    out.no_call(cut_off(source.all()))
                    return True
                return not thinking and (yield from self._objects.read(mark, thinking))
        start = look.further()
        name = yield from self._head(look, sure=mark == self._open and bool(self._call_open))
        if name is None:
            if self._name_end and (yield from start.unfound(self._name_end, LONGEST_SHOWN)):
                out.no_call(cut_off(source.all()))
                return True
            return False
        while name is not None:
            name = yield from self._call(self._desk.schemas.offered(name))
        return True

    def _head(self, look: Look, sure: bool) -> Reading[str | None]:
        """Take the name, if one stands here and this is a call for `sure`, or for what follows."""
        if self._name_end:
            found = yield from look.find(Marks(self._name_end), LONGEST_SHOWN)
            name = yield from look.skip(found[0] if found else 0)
            yield from look.literal(self._name_end)
        else:
            yield from look.spaces()
            name = yield from look.run(_NAME)
        if not name.strip():
            return None
        ahead = look.further()
        yield from ahead.spaces()
        follows = (self._key_open, self._ends_call, self._close)
        sure = sure or bool((yield from ahead.literal(*follows)))
        if not sure and not (yield from ahead.cut(*follows)):
            return None
        look.take()
        return name

    def _call(self, name: str) -> Reading[str | None]:
        """The rest of a call; the name of the next, if that follows without a mark that calls begin with."""
        source, out = self._desk.source, self._desk.out
        out.start(name)
        opened = False
        junk: list[str] = []
        while True:
            mark = yield from source.until(self._between, junk.append, take=False)
            if not mark:
                return None
            if mark != self._open:
                source.take(len(mark))
            if mark != self._key_open:
                break
            key = yield from self._key()
            out.input(f"{', ' if opened else '{'}{json.dumps(key, ensure_ascii=False)}: ")
            opened = True
            mark = yield from self._value(self._desk.schemas.types(name, key))
            if not mark:
                return None
            if mark == self._ends_call:
                break
        out.input("}" if opened else "{}")
        out.end()
        self._keep("".join(junk))
        return (yield from self._next()) if mark == self._call_close else None

    def _keep(self, junk: str) -> None:
        """What stood between the arguments and belongs to none."""
        words = junk.replace(self._value_close, "").strip()
        if words:
            self._desk.out.text(words)

    def _next(self) -> Reading[str | None]:
        """Behind a call: the outer close, the next call, or nothing of ours."""
        look = Look(self._desk.source)
        yield from look.spaces()
        if (yield from look.literal(self._close)):
            look.take()
            return None
        return (yield from self._head(look, sure=False)) if (yield from look.literal(self._call_open)) else None

    def _key(self) -> Reading[str]:
        source = self._desk.source
        parts: list[str] = []
        yield from source.until(Marks(self._key_marks[0]), parts.append)
        for mark in self._key_marks[1:]:
            look = Look(source)
            yield from look.spaces()
            yield from look.literal(mark)
            look.take()
        return "".join(parts).strip().strip("\"'")

    def _value(self, types: Types) -> Reading[str]:
        """Its JSON goes out; the mark that ended it comes back, nothing if it was cut."""
        out = self._desk.out
        if types == STRING:
            out.input('"')
            lines = _Lines(lambda text: out.input(string_inside(text)), self._in_lines)
            mark = yield from self._written(lines.add)
            if mark:
                out.input('"')
            return mark
        parts: list[str] = []
        mark = yield from self._written(_Lines(parts.append, self._in_lines).add)
        if mark:
            out.input(as_json("".join(parts), types))
        return mark

    def _written(self, sink: Sink) -> Reading[str]:
        """A close of the call ends a value only where nothing but the end of the call can be meant."""
        while True:
            mark = yield from self._desk.source.until(self._values, sink)
            if mark != self._ends_call:
                return mark
            look = Look(self._desk.source)
            yield from look.spaces()
            followers = (self._close, self._call_open) if self._call_close else (self._open,)
            if (yield from look.ended()) or (yield from look.literal(*followers)):
                return mark
            sink(mark)


class _Lines:
    """A value that stands in lines of its own loses the line break before and the one behind it."""

    def __init__(self, sink: Sink, in_lines: bool) -> None:
        self._sink = sink
        self._in_lines = in_lines
        self._begun = False
        self._held = ""

    def add(self, text: str) -> None:
        if self._in_lines:
            if not self._begun:
                text = text.removeprefix("\n")
            self._begun = True
            text = self._held + text
            self._held = "\n" if text.endswith("\n") else ""
            text = text.removesuffix("\n")
        if text:
            self._sink(text)
