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
_LEADS = ("Action", "print", "functools")
"""Words that may stand in front of calls."""
_PYTHON = re.compile(r"[\"'()\[\]{}]")


class WordCalls:
    """Looks ahead; takes nothing."""

    def __init__(self, schemas: Schemas, objects: ObjectCalls) -> None:
        self._schemas = schemas
        self._objects = objects

    def brackets(self, opened: str, look: Look) -> Reading[list[Call] | None]:
        """Behind `{` or `[{`: objects as JSON writes them, or as Python does."""
        before = look.further()
        calls = yield from (self._objects.object(look) if opened == "{" else self._objects.listed(look))
        if calls or not (yield from before.further().literal("'")):
            return calls
        look.go_to(before)
        if not (yield from self._closed(look, depth=len(opened))):
            return None
        try:
            return self._objects.of_value(value_of(opened + look.since(before)))
        except ValueError:
            return None

    def line(self, look: Look) -> Reading[list[Call]]:
        """The calls at the beginning of a line, behind white space."""
        yield from look.run(_BLANK)
        if (yield from look.literal("[")):
            return (yield from self._list(look)) or []
        before = look.further()
        word = yield from self._word(look)
        if not word:
            return []
        behind = yield from look.literal("(", "{", "[ARGS]", "[", ":")
        if behind == "(":
            closed = yield from self._closed(look)
            return list(self._python(look.since(before))) if closed else []
        if word in _LEADS:
            if behind == ":":
                return (yield from self._action(look)) or []
            return ((yield from self._list(look)) or []) if behind == "[" else []
        if behind == "[" or not (behind or (yield from look.further().literal("\n"))):
            return []
        return (yield from self._input(look, word, begun=behind == "{")) or []

    def _list(self, look: Look) -> Reading[list[Call] | None]:
        """Behind `[` at the beginning of a line: objects, Python calls, or a name, which its input follows."""
        yield from look.spaces()
        if (yield from look.literal("{")):
            return (yield from self.brackets("[{", look))
        before = look.further()
        word = yield from self._word(look)
        if word and (yield from look.literal("]")):
            return (yield from self._input(look, word))
        if not word or not (yield from look.literal("(")) or not (yield from self._closed(look, depth=2)):
            return None
        return list(self._python("[" + look.since(before)))

    def _action(self, look: Look) -> Reading[list[Call] | None]:
        """Behind `Action:`: a name and `Action Input:`, or objects."""
        yield from look.spaces()
        if (yield from look.literal("```")):
            yield from look.run(_WORD)
            yield from look.spaces()
        opened = yield from look.literal("{", "[")
        if opened == "[":
            calls = yield from self._list(look)
        elif opened:
            calls = yield from self.brackets(opened, look)
        else:
            word = yield from self._word(look)
            yield from look.spaces()
            named = bool(word) and bool((yield from look.literal("Action Input:")))
            return (yield from self._input(look, word)) if named else None
        yield from look.spaces()
        yield from look.literal("```")
        return calls

    def _input(self, look: Look, word: str, begun: bool = False) -> Reading[list[Call] | None]:
        """The JSON behind a name, if it is an input of that tool."""
        name = self._schemas.offered(word)
        yield from look.spaces()
        if not self._schemas.has(name) or not (begun or (yield from look.literal("{"))):
            return None
        written = yield from self._objects.balanced(look, 1, "{")
        return self._objects.call(name, written) if written and self._objects.fits(name, written) else None

    def _word(self, look: Look) -> Reading[str]:
        """A word that may call a tool, and the blanks behind it; "" if there is none."""
        word = ""
        while len(word) <= LONGEST_WORD and _WORD.match((yield from look.peek())):
            word += yield from look.skip(1)
            if not self._may_begin(word):
                return ""
        if word.endswith(":"):
            look.back(1)
            word = word[:-1]
        if word not in _LEADS and not self._schemas.has(self._schemas.offered(word)):
            return ""
        yield from look.run(_BLANK)
        return word

    def _may_begin(self, word: str) -> bool:
        """Whether a word that goes on may become one of those that call a tool."""
        if any(other.startswith(word) for other in (*_PREFIXES, *(f"{lead}:" for lead in _LEADS))):
            return True
        for prefix in _PREFIXES:
            word = word.removeprefix(prefix)
        return self._schemas.may_begin(word.removesuffix(":").partition(":")[0])

    def _closed(self, look: Look, depth: int = 1) -> Reading[bool]:
        """Passes what stands up to the bracket that closes all of so many. Strings may hold brackets."""
        while found := (yield from look.past(_PYTHON, LONGEST_HELD)):
            if found in "'\"":
                quote = found * 3 if (yield from look.literal(found * 2)) else found
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
            for prefix in _PREFIXES:
                name = name.removeprefix(prefix)
            # Methods and functions of Python are called alike: only the name itself will do.
            offered = name if schemas.has(name) else ""
            keys = schemas.keys(offered)
            if not offered or len(positional) > len(keys):
                return
            if len(positional) == 1 and isinstance(positional[0], dict) and not named:
                values = positional[0]
            else:
                values = dict(zip(keys, positional, strict=False)) | named
            yield Call(offered, json.dumps(values, ensure_ascii=False))
