"""JSON as text: copied while it is written, parsed as clients will parse it."""

from __future__ import annotations

import json
import math
import re
import sys
from typing import Any, NoReturn

from pensieve.dialects.scan import Marks, Reading, Sink, Source

_IN_STRING = re.compile(r'(?:[^"\\]++|\\.)++', re.DOTALL)
_BARE = re.compile(r"[^\s,:{}\[\]<\"]+")

MOST_DIGITS = 308
"""Of a whole number: all such are finite for clients that read every number as a double."""

WHOLE = "whole"
CUT = "cut"


class ValueCopier:
    """Copies one JSON value as it stands. Outside of strings, a stop mark ends it: the writer forgot to close it."""

    def __init__(self, source: Source, *stops: str) -> None:
        self._source = source
        self._stops = stops
        self._brackets = Marks('"', "{", "}", "[", "]", *stops)

    def copy(self, sink: Sink) -> Reading[str]:
        """`WHOLE`, `CUT` by the end of the text, or the stop mark that was taken."""
        character = yield from self._source.peek()
        if character == '"':
            return (yield from self.string(sink))
        if character not in ("{", "["):
            yield from self._source.run(_BARE, sink)
            return WHOLE
        depth = 0
        while True:
            mark = yield from self._source.until(self._brackets, sink)
            if not mark:
                return CUT
            if mark in self._stops:
                return mark
            sink(mark)
            if mark == '"':
                if (yield from self._rest_of_string(sink)) == CUT:
                    return CUT
            else:
                depth += 1 if mark in "{[" else -1
                if depth <= 0:
                    return WHOLE

    def string(self, sink: Sink) -> Reading[str]:
        sink(self._source.take(1))
        return (yield from self._rest_of_string(sink))

    def _rest_of_string(self, sink: Sink) -> Reading[str]:
        yield from self._source.run(_IN_STRING, sink, begun="\\")
        if (yield from self._source.peek()) != '"':
            return CUT
        sink(self._source.take(1))
        return WHOLE


def string_inside(text: str) -> str:
    """A stretch of a JSON string, without the quotes."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


class Parsed:
    """What a client would read. `same`: any client reads `text` as this value.

    Numbers that JSON can write and no client can read (`1e999`, ten thousand digits) become the largest that all can.
    """

    def __init__(self, text: str, strict: bool = True) -> None:
        """ValueError: it is not JSON, or has numbers that JSON does not have, or half characters."""
        self.same = strict
        try:
            self.value: Any = json.loads(
                text,
                strict=strict,
                parse_constant=_refuse,
                parse_float=self._float,
                parse_int=self._int,
                object_pairs_hook=self._members,
            )
            self.written = json.dumps(self.value, ensure_ascii=False, allow_nan=False)
        except RecursionError as error:
            raise ValueError("too many brackets in brackets") from error
        (self.written + text).encode()

    def _members(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs):
            self.same = False
        return members

    def _int(self, text: str) -> int | float:
        if len(text.lstrip("-")) <= MOST_DIGITS:
            return int(text)
        self.same = False
        return self._float(text)

    def _float(self, text: str) -> float:
        number = float(text)
        if math.isfinite(number):
            return number
        self.same = False
        return math.copysign(sys.float_info.max, number)


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text[:50]} is no number that JSON has")
