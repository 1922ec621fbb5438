"""Calls written as code: `[read(path='a.txt', limit=3)]`, and Gemma's `call:read{path:<|"|>a.txt<|"|>,limit:3}`.

Their values become JSON while they are written. Both are read as one language: brackets of any kind, `:` or `=` behind
a key, bare words, strings in several quotes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from pensieve.dialects.calls import Desk
from pensieve.dialects.jsontext import Parsed, string_inside
from pensieve.dialects.scan import Look, Marks, Reading
from pensieve.dialects.schemas import ANY, STRING, Types, as_json

_OBJECT = "{"
_CLOSES = ")]}"
_KEY = re.compile(r"[^\s,:=<>(){}\[\]\"']")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "a": "\a", "v": "\v", "0": "\0", "\n": ""}
_CODES = {"x": 2, "u": 4, "U": 8}
_HALVES = frozenset(map(chr, range(0xD800, 0xE000)))
_SAME = frozenset("\\'\"/")


@dataclass
class _Level:
    """An open bracket."""

    is_object: bool
    count: int = 0


class LiteralReader:
    """Reads the arguments of one call, from behind their bracket."""

    def __init__(self, desk: Desk, name: str, quote: str, stop: str) -> None:
        self._source = desk.source
        self._emit: Callable[[str], None] = desk.out.input
        self._schemas, self._name = desk.schemas, name
        self._keys = desk.schemas.keys(name)
        self._quotes = tuple(filter(None, (quote, "'''", '"""', "'", '"')))
        self._quote, self._stop = quote, stop
        self._levels: list[_Level] = []
        self._bare_ends = Marks(",", *_CLOSES, *filter(None, [stop]))

    def read(self) -> Reading[bool]:
        """True if the call has ended, with its bracket or with the stop mark; False if it was cut."""
        source, emit = self._source, self._emit
        self._open(is_object=True)
        while self._levels:
            yield from source.spaces()
            character = yield from source.peek()
            level = self._levels[-1]
            if not character:
                return False
            if character in _CLOSES:
                source.take(1)
                emit("}" if self._levels.pop().is_object else "]")
            elif character == ",":
                source.take(1)
            elif self._stop and (yield from self._passes(self._stop)):
                return True
            else:
                if level.count:
                    emit(", ")
                level.count += 1
                if not (yield from self._member(level) if level.is_object else self._value(ANY)):
                    return False
        return True

    def _open(self, is_object: bool) -> None:
        self._levels.append(_Level(is_object))
        self._emit("{" if is_object else "[")

    def _member(self, level: _Level) -> Reading[bool]:
        """A key and its value, or the beginning of that. An argument without a key stands for the next that is not."""
        source = self._source
        top = len(self._levels) == 1
        key = yield from self._key()
        if key is None:
            key = self._keys[level.count - 1] if top and level.count <= len(self._keys) else f"argument_{level.count}"
        self._emit(json.dumps(key, ensure_ascii=False) + ": ")
        yield from source.spaces()
        return (yield from self._value(self._schemas.types(self._name, key) if top else ANY))

    def _key(self) -> Reading[str | None]:
        look = Look(self._source)
        quote = yield from look.literal(*self._quotes)
        if quote:
            found = yield from look.find(Marks(quote), 300)
            key = yield from look.skip(found[0] if found else 0)
            yield from look.literal(quote)
        else:
            key = yield from look.run(_KEY)
        yield from look.spaces()
        if not key or not (yield from look.literal(":", "=")):
            return None
        look.take()
        return key

    def _value(self, types: Types) -> Reading[bool]:
        """A value, or the bracket that it begins with."""
        source = self._source
        character = yield from source.peek()
        if character and character in "{[(":
            source.take(1)
            self._open(is_object=character == _OBJECT)
            return True
        look = Look(source)
        quote = yield from look.literal(*self._quotes)
        if quote:
            look.take()
            return (yield from self._string(quote))
        parts: list[str] = []
        ended = yield from source.until(self._bare_ends, parts.append, take=False)
        if ended:
            self._emit(_bare("".join(parts).strip(), types))
        return bool(ended)

    def _string(self, quote: str) -> Reading[bool]:
        source, emit = self._source, self._emit
        emit('"')
        marks = Marks(quote) if quote == self._quote else Marks(quote, "\\")
        while True:
            mark = yield from source.until(marks, lambda text: emit(string_inside(text)))
            if mark == quote:
                emit('"')
                return True
            if not mark:
                return False
            character = yield from self._escaped()
            # Halves of a pair are written so that two of them together are the pair.
            emit(json.dumps(character)[1:-1] if character in _HALVES else string_inside(character))

    def _escaped(self) -> Reading[str]:
        """What a backslash and the characters behind it stand for."""
        source = self._source
        character = yield from source.peek()
        if character in _CODES:
            digits = yield from Look(source).skip(1 + _CODES[character])
            try:
                code = chr(int(digits[1:], 16))
            except (ValueError, OverflowError):
                return "\\"
            source.take(len(digits))
            return code
        source.take(1)
        return character if character in _SAME else _ESCAPES.get(character, "\\" + character)

    def _passes(self, mark: str) -> Reading[bool]:
        look = Look(self._source)
        found = yield from look.literal(mark)
        look.take()
        return bool(found)


def _bare(word: str, types: Types) -> str:
    """A number, a constant, or a word without quotes."""
    if types == STRING:
        return json.dumps(word, ensure_ascii=False)
    written = as_json(word, ANY)
    if not written.startswith('"'):
        return written
    for read in (lambda text: int(text, 0), float):
        try:
            return Parsed(str(read(word))).written
        except ValueError:
            continue
    return written
