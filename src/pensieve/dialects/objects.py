"""Calls that are JSON objects: `{"name": "Read", "arguments": {...}}`."""

from __future__ import annotations

import json
import re

from pensieve.dialects.calls import Desk
from pensieve.dialects.forms import ObjectForm
from pensieve.dialects.jsontext import CUT, WHOLE, ValueCopier
from pensieve.dialects.notes import LONGEST_SHOWN, cut_off, not_valid
from pensieve.dialects.scan import Look, Marks, Reading, drop

NAME_KEYS = ("name", "tool_name")
INPUT_KEYS = ("arguments", "parameters")
_NAME = re.compile(r'[^"\\]')


class ObjectReader:
    """Takes what models make of it: one object, several, or a list; names behind the input; more fields; no close."""

    def __init__(self, desk: Desk, form: ObjectForm) -> None:
        self._desk = desk
        self._form = form
        self._copier = ValueCopier(desk.source, *filter(None, [form.close]))
        self._calls = 0
        self.bare = "" in form.opens
        self.marks = tuple(filter(None, form.opens))

    def begins(self) -> Reading[bool]:
        """An object with the keys of a call, in the order in which models write them. Others are answers in JSON."""
        look = Look(self._desk.source)
        yield from look.spaces()
        yield from look.literal("[")
        return (yield from self._is_call(look))

    def read(self, mark: str, thinking: bool) -> Reading[bool]:
        source = self._desk.source
        look = Look(source)
        yield from look.spaces()
        opened = yield from look.literal("{", "[")
        if opened == "[":
            yield from look.spaces()
            opened = "[" if (yield from look.ended()) else (yield from look.literal("{", "]"))
        if not opened:
            return not thinking and (yield from self._no_object())
        source.remember()
        self._calls = 0
        yield from self._block()
        return True

    def _block(self) -> Reading[None]:
        """All calls up to the close."""
        source, close = self._desk.source, self._form.close
        listed = False
        while True:
            yield from source.spaces()
            character = yield from source.peek()
            if not character:
                return
            if close and (yield from self._passed(close)):
                return
            if character == "{":
                source.take(1)
                if (yield from self._object()) or not (close or listed or (yield from self._another())):
                    return
            elif character in "[],;" or (character == "}" and close):
                source.take(1)
                listed = listed or character == "["
                if character == "]" and not close:
                    return
            elif not close or not (yield from self._no_object()):
                return

    def _object(self) -> Reading[bool]:
        """One call, behind its bracket; True if the whole block has ended with it."""
        source, out, schemas = self._desk.source, self._desk.out, self._desk.schemas
        name: str | None = None
        held: list[str] = []
        given = False
        nested = 0
        while True:
            yield from source.spaces()
            character = yield from source.peek()
            if character == "}":
                source.take(1)
                if nested:
                    nested -= 1
                    continue
                return self._finish(name, given)
            if character == ",":
                source.take(1)
                continue
            if character != '"':
                return (yield from self._broken(name, given))
            key = yield from self._string()
            yield from source.run(_COLON, drop)
            character = yield from source.peek()
            ended = WHOLE
            if key in (self._form.name_key, *NAME_KEYS) and character == '"' and name is None:
                name = yield from self._string()
                if name is not None:
                    out.start(schemas.offered(name))
                    for part in held:
                        out.input(part)
            elif key in (self._form.input_key, *INPUT_KEYS) and not given:
                given = True
                ended = yield from self._copier.copy(held.append if name is None else out.input)
            elif key == "function" and character == "{":
                source.take(1)
                nested += 1
            else:
                ended = yield from self._copier.copy(drop)
            if ended not in (WHOLE, CUT):
                self._finish(name, given)
                return True

    def _finish(self, name: str | None, given: bool) -> bool:
        """The call has ended; the block goes on."""
        self._calls += 1
        if name is None:
            self._desk.out.no_call(not_valid(self._inside()))
        else:
            if not given:
                self._desk.out.input("{}")
            self._desk.out.end()
        self._desk.source.remember()
        return False

    def _broken(self, name: str | None, given: bool) -> Reading[bool]:
        """Something stands in the object that does not belong there, or nothing any more."""
        source, out = self._desk.source, self._desk.out
        rest: list[str] = []
        ended = yield from source.until(Marks(self._form.close), rest.append) if self._form.close else source.peek()
        junk = "".join(rest)
        if name is not None and junk.strip():
            out.input(junk)
            given = True
        if ended:
            self._finish(name, given)
        elif name is None:
            out.no_call(cut_off(self._inside()))
        return True

    def _inside(self) -> str:
        return self._desk.source.remembered.removesuffix(self._form.close)

    def _string(self) -> Reading[str | None]:
        """A string's value; None if it was cut or is none."""
        parts: list[str] = []
        if (yield from self._copier.string(parts.append)) == CUT:
            return None
        try:
            value: str = json.loads("".join(parts), strict=False)
        except ValueError:
            return None
        return value

    def _no_object(self) -> Reading[bool]:
        """No JSON stands here. What is short and has a close was meant as a call; all else is text."""
        source, out, close = self._desk.source, self._desk.out, self._form.close
        if not close:
            return False
        look = Look(source)
        found = yield from look.find(Marks(close), LONGEST_SHOWN)
        if not found:
            return False
        written = source.take(found[0])
        source.take(len(close))
        if written.strip() or not self._calls:
            out.no_call(not_valid(written))
        return True

    def _another(self) -> Reading[bool]:
        """Whether another call follows where no mark would end them."""
        look = Look(self._desk.source)
        yield from look.spaces()
        yield from look.literal(";", ",")
        yield from look.spaces()
        return (yield from self._is_call(look))

    def _is_call(self, look: Look) -> Reading[bool]:
        for step in ("{", '"'):
            yield from look.spaces()
            if not (yield from look.literal(step)):
                return False
        if (yield from look.literal('type"')):
            for step in (":", '"function"', ",", '"'):
                yield from look.spaces()
                if not (yield from look.literal(step)):
                    return False
        if not (yield from look.literal(f'{self._form.name_key}"')):
            return False
        yield from look.spaces()
        if not (yield from look.literal(":")):
            return False
        yield from look.spaces()
        if not (yield from look.literal('"')) or not (yield from look.run(_NAME)):
            return False
        for step in ('"', ","):
            if not (yield from look.literal(step)):
                return False
            yield from look.spaces()
        return bool((yield from look.literal(*(f'"{key}"' for key in INPUT_KEYS))))

    def _passed(self, mark: str) -> Reading[bool]:
        look = Look(self._desk.source)
        found = yield from look.literal(mark)
        look.take()
        return bool(found)


_COLON = re.compile(r"[ \t\r\n:]+")
