"""Foreign calls that begin a line with a word: Python, a name and its input, `Action:` and `Action Input:`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from pensieve.dialects.foreign.calls import LONGEST_HELD, Call
from pensieve.dialects.foreign.objects import ObjectCalls
from pensieve.dialects.foreign.python import calls_in, value_of
from pensieve.dialects.scan import Look, Reading
from pensieve.dialects.schemas import Schemas

LONGEST_WORD = 80
_WORD = re.compile(r"[\w.:-]")
_BLANK = re.compile(r"[ \t]")
_PREFIXES = ("functions.", "default_api.", "tools.")
"""What some models write in front of a tool's name."""
_PYTHON = re.compile(r"[\"'()\[\]{}]")


class WordCalls:
    """Looks ahead; takes nothing."""

    def __init__(self, schemas: Schemas, objects: ObjectCalls) -> None:
        self._schemas = schemas
        self._objects = objects

    def listed(self, look: Look) -> Reading[list[Call]]:
        """Behind `[`: Python calls."""
        name = yield from self._name_and(look, "(")
        written = (yield from self._objects.balanced(look, 1, "[" + name)) if name else ""
        return list(self._python(written))

    def literal(self, look: Look) -> Reading[list[Call] | None]:
        """Behind `{`: an object as Python writes it."""
        before = look.further()
        if not (yield from self._closed(look)):
            return None
        try:
            return self._objects.of_value(value_of("{" + look.since(before)))
        except ValueError:
            return None

    def line(self, look: Look) -> Reading[list[Call]]:
        """Python calls, or a name and its input, at the beginning of a line."""
        before = look.further()
        yield from look.run(_BLANK)
        name = yield from self._name_and(look, "(", "{", ":")
        if not name:
            return []
        if name.endswith("("):
            closed = yield from self._closed(look)
            return list(self._python(look.since(before).strip())) if closed else []
        word = name[:-1].strip()
        if word == "Action" and name.endswith(":"):
            yield from look.spaces()
            word = yield from look.run(_WORD)
            yield from look.spaces()
            if not (yield from look.literal("Action Input:")):
                return []
        offered = self._schemas.offered(word)
        if not self._schemas.has(offered):
            return []
        yield from look.spaces()
        if not name.endswith("{") and not (yield from look.literal("{")):
            return []
        written = yield from self._objects.balanced(look, 1, "{")
        return (self._objects.call(offered, written) or []) if written and self._objects.fits(offered, written) else []

    def _name_and(self, look: Look, *behind: str) -> Reading[str]:
        """A word that may call a tool, with what stands behind it; "" if there is none."""
        word = ""
        while len(word) <= LONGEST_WORD:
            letter = yield from look.peek()
            if not _WORD.match(letter) or (letter == ":" and ":" in behind):
                break
            word += yield from look.skip(1)
            if not self._may_begin(word):
                return ""
        if not word or not (word in ("Action", "print") or self._known(word)):
            return ""
        yield from look.spaces()
        found = yield from look.literal(*behind)
        return word + found if found else ""

    def _may_begin(self, word: str) -> bool:
        """Whether a word that goes on may become one of those that call a tool."""
        if any(other.startswith(word) for other in (*_PREFIXES, "Action", "print")):
            return True
        for prefix in _PREFIXES:
            word = word.removeprefix(prefix)
        return self._schemas.may_begin(word)

    def _known(self, word: str) -> bool:
        return self._schemas.has(self._schemas.offered(word))

    def _closed(self, look: Look) -> Reading[bool]:
        """Passes what stands up to the bracket that closes the call. Strings may hold brackets."""
        depth = 1
        while found := (yield from look.past(_PYTHON, LONGEST_HELD)):
            if found in "'\"":
                quote = found * 3 if (yield from look.literal(found * 2)) else found
                if len(quote) == 3 or not (yield from look.further().literal(*",)")):
                    yield from self._python_string(look, quote)
            elif found in "([{":
                depth += 1
            else:
                depth -= 1
                if depth == 0:
                    return True
        return False

    def _python_string(self, look: Look, quote: str) -> Reading[None]:
        ends = re.compile(f"[{quote[0]}\\\\]")
        while found := (yield from look.past(ends, LONGEST_HELD)):
            if found == "\\":
                yield from look.skip(1)
            elif len(quote) == 1 or (yield from look.literal(quote[1:])):
                return

    def _python(self, written: str) -> Iterator[Call]:
        schemas = self._schemas
        for name, positional, named in calls_in(written) or ():
            offered = schemas.offered(name)
            keys = schemas.keys(offered)
            if not schemas.has(offered) or len(positional) > len(keys):
                return
            if len(positional) == 1 and isinstance(positional[0], dict) and not named:
                values = positional[0]
            else:
                values = dict(zip(keys, positional, strict=False)) | named
            yield Call(offered, json.dumps(values, ensure_ascii=False))
