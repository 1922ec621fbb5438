"""Calls in a form that is not the family's own: fenced or bare JSON, other families' marks, Python, name and input.

What counts is what a model writes, not what its template taught it. A call in any of these forms is read by looking
ahead, and nothing of it leaves before it is certain: a call of an offered tool is one if it begins the answer, or if
nothing but other calls follows it. With text on both sides it is an example, and stays text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from msgspec import Struct

from pensieve.dialects.base import Behind, Head
from pensieve.dialects.calls import Desk
from pensieve.dialects.jsontext import Parsed
from pensieve.dialects.pythontext import calls_in
from pensieve.dialects.scan import SPACE, Look, Reading
from pensieve.dialects.schemas import as_json

NAME_KEYS = ("name", "tool_name", "tool", "function_name", "action", "recipient_name")
INPUT_KEYS = ("arguments", "parameters", "input", "args", "tool_input", "action_input", "tool_arguments")
OTHER_KEYS = ("type", "id", "index", "call_id", "tool_call_id")
LIST_KEYS = ("tool_calls", "function_calls", "calls")
WRAPPERS = {
    "<tools>": "</tools>",
    "<tool>": "</tool>",
    "<tool_call>": "</tool_call>",
    "<tool_calls>": "</tool_calls>",
    "<tool_use>": "</tool_use>",
    "<function>": "</function>",
    "<function_call>": "</function_call>",
    "<function_calls>": "</function_calls>",
    "<functioncall>": "</functioncall>",
    "<json>": "</json>",
    "<|tool_call|>": "<|/tool_call|>",
    "<|python_tag|>": "<|eom_id|>",
    "<|tool_call_start|>": "<|tool_call_end|>",
    "[TOOL_CALLS]": "[/TOOL_CALLS]",
    "[TOOL_REQUEST]": "[END_TOOL_REQUEST]",
    "<TOOLCALL>": "</TOOLCALL>",
}
"""Marks that models put around calls, in one family or another, and what ends each."""
FUNCTION, INVOKE, FENCE = "<function=", "<invoke name=", "```"
LANGUAGES = (
    "json", "jsonc", "json5", "javascript", "js", "python", "py", "xml", "text", "plaintext", "txt", "tool",
    "tool_call", "tool_calls", "tool_code", "tool_use", "function", "function_call", "functions", "call", "action",
)  # fmt: skip
"""What may stand behind a fence that holds calls. Other fences show something."""
LONGEST_WORD = 80
LONGEST_HELD = 200_000
"""Characters of one call. What is longer is text."""
_CLOSES = tuple(dict.fromkeys((*WRAPPERS.values(), FENCE, "</invoke>", "<|im_end|>")))
_EXAMPLE = re.compile(r"\b(example|e\.g\.|for instance|looks? like|syntax|format)\b[^\n]*\s*\Z", re.IGNORECASE)
_WORD = re.compile(r"[\w.:-]")
_STRUCTURE = re.compile(r'["{}\[\]]')
_BLANK = re.compile(r"[ \t]")
_PREFIXES = ("functions.", "default_api.", "tools.")
"""What some models write in front of a tool's name."""
_IN_STRING = re.compile(r'["\\]')
_BARE = re.compile(r"[\w.+-]")
_PARAMETER = re.compile(r"<parameter(?:=| name=)\"?([^>\"]+)\"?>\n?(.*?)\n?</parameter>", re.DOTALL)
_TEXT_KEPT = 160


class Call(Struct, frozen=True):
    """`written` is the input as JSON."""

    name: str
    written: str


class ForeignReader:
    """`own`: marks of the family itself, which are its own reader's."""

    def __init__(self, desk: Desk, own: tuple[str, ...], behind: Behind) -> None:
        self._desk = desk
        self._text_before = behind == "text"
        self._tail = ""
        self.heads = 0
        self.head: Head | None = None
        """The last of so many."""
        wanted = (*WRAPPERS, FUNCTION, INVOKE, FENCE, "{", "[")
        self.marks = tuple(mark for mark in wanted if not any(mark in one or one in mark for one in own if one))

    def text(self, text: str) -> None:
        """Passes on text that is none of the calls."""
        if text.strip(SPACE):
            self._text_before = True
        self._tail = (self._tail + text)[-_TEXT_KEPT:]
        self._desk.out.text(text)

    def called(self) -> None:
        """A call of the family's own form has been read."""
        self._text_before, self._tail = False, ""

    def read(self, mark: str) -> Reading[bool]:
        """The calls that begin with a mark that was just taken. False: there are none, and nothing more was taken."""
        look = Look(self._desk.source)
        found = yield from self._marked(mark, look)
        if found is None:
            return False
        return (yield from self._decide(mark, look, found))

    def line(self) -> Reading[bool]:
        """The calls that begin a line with a word, as `read`."""
        look = Look(self._desk.source)
        found = yield from self._words(look)
        if not found:
            return False
        return (yield from self._decide("", look, found))

    def _decide(self, mark: str, look: Look, calls: list[Call]) -> Reading[bool]:
        """Takes what was looked at, as calls or as text."""
        source, out = self._desk.source, self._desk.out
        if self._text_before:
            followed = False
            while not followed:
                rest = look.further()
                yield from self._closed(rest)
                if (yield from rest.ended()):
                    break
                more = yield from self._following(rest)
                followed = not more
                calls += more
                if more:
                    look = rest
            if followed or _EXAMPLE.search(self._tail):
                self.text(mark + look.take())
                return True
        else:
            yield from self._closed(look)
        look.take()
        for call in calls:
            out.start(call.name)
            out.input(call.written)
            out.end()
        source.remember()
        self._text_before, self._tail = False, ""
        return True

    def _following(self, look: Look) -> Reading[list[Call]]:
        mark = yield from look.literal(*self.marks)
        if mark:
            return (yield from self._marked(mark, look)) or []
        return (yield from self._words(look))

    def _closed(self, look: Look) -> Reading[None]:
        """Passes white space and marks that end calls."""
        yield from look.spaces()
        while (yield from look.literal(*_CLOSES, ",", ";", "]")):
            yield from look.spaces()

    def _marked(self, mark: str, look: Look) -> Reading[list[Call] | None]:
        """The calls behind a mark. None: there are none."""
        if mark == FENCE:
            language = yield from look.run(_WORD)
            return (yield from self._inside(look, FENCE)) if not language or language.lower() in LANGUAGES else None
        if mark in (FUNCTION, INVOKE):
            call = yield from self._tagged(mark, look)
            return [call] if call else None
        if mark in WRAPPERS:
            return (yield from self._inside(look, WRAPPERS[mark]))
        if mark == "{":
            return (yield from self._object(look))
        return (yield from self._list(look))

    def _inside(self, look: Look, close: str) -> Reading[list[Call] | None]:
        """All that stands up to the close, if that is calls."""
        calls: list[Call] = []
        while True:
            yield from look.spaces()
            if (yield from look.ended()) or (yield from look.literal(close)):
                return calls or None
            mark = yield from look.literal("{", "[", FUNCTION, INVOKE, *(WRAPPERS if not calls else ()))
            more = (yield from self._marked(mark, look)) if mark else (yield from self._words(look))
            if not more:
                return None
            calls += more
            yield from look.spaces()
            yield from look.literal(",", ";")

    # JSON

    def _list(self, look: Look) -> Reading[list[Call] | None]:
        """Behind `[`: objects, or Python calls."""
        calls: list[Call] = []
        python = look.further()
        while True:
            yield from look.spaces()
            if calls and ((yield from look.literal("]")) or (yield from look.ended())):
                return calls
            if not (yield from look.literal("{")):
                break
            more = yield from self._object(look)
            if not more:
                return None
            calls += more
            yield from look.spaces()
            yield from look.literal(",", ";")
        if calls:
            return calls
        name = yield from self._name_and(python, "(")
        if not name:
            return None
        look.go_to(python)
        written = yield from self._balanced(look, 1, "[" + name)
        return list(self._python(written)) or None

    def _object(self, look: Look) -> Reading[list[Call] | None]:
        """Behind `{`: a call, or an object that holds a list of them."""
        name, name_at, written, nested = "", 0, "", 0
        while True:
            yield from look.spaces()
            if (yield from look.literal("}")):
                if not nested:
                    break
                nested -= 1
                continue
            if (yield from look.literal(",")):
                continue
            key = yield from self._string(look)
            if key is None:
                if not (name and written):
                    return None
                break
            yield from look.spaces()
            if not (yield from look.literal(":")):
                return None
            value_at = look.position
            yield from look.spaces()
            if key in LIST_KEYS and not name:
                if not (yield from look.literal("[")):
                    return None
                calls = yield from self._list(look)
                yield from look.spaces()
                yield from look.literal("}")
                return calls
            if key == "function" and (yield from look.literal("{")):
                nested += 1
            elif key in (*NAME_KEYS, "function") and not name:
                name_at = look.position + 1
                name = (yield from self._string(look)) or ""
                if not name:
                    return None
            elif key in INPUT_KEYS and not written:
                if name and (yield from look.further().literal("{")):
                    self._begin(name, name_at, key, value_at)
                written = yield from self._value(look)
                if not written:
                    return None
            elif key in OTHER_KEYS:
                if not (yield from self._value(look)):
                    return None
            else:
                return None
        return self._call(name, written)

    def _begin(self, name: str, name_at: int, key: str, input_at: int) -> None:
        offered = self._desk.schemas.offered(name)
        self.heads += 1
        self.head = Head(offered if self._desk.schemas.has(offered) else "", name_at, key, input_at)

    def _call(self, name: str, written: str) -> list[Call] | None:
        name = self._desk.schemas.offered(name)
        known = self._desk.schemas.has(name)
        if not name or not (known or written):
            return None
        try:
            value = Parsed(written or "{}", strict=False).value
            if isinstance(value, str):
                written = value
                value = Parsed(value, strict=False).value
        except ValueError:
            # Mended further on, if that is possible.
            return [Call(name, written)] if known else None
        if not isinstance(value, dict) or ("properties" in value and value.get("type") == "object"):
            # What describes a tool calls none.
            return None
        return [Call(name, written or "{}")]

    def _string(self, look: Look) -> Reading[str | None]:
        """The text of a string in double quotes; None if none stands here."""
        before = look.further()
        if not (yield from look.literal('"')):
            return None
        if not (yield from self._rest_of_string(look)):
            return None
        try:
            text: str = json.loads(look.since(before), strict=False)
        except ValueError:
            return None
        return text

    def _rest_of_string(self, look: Look) -> Reading[bool]:
        while found := (yield from look.past(_IN_STRING, LONGEST_HELD)):
            if found == '"':
                return True
            yield from look.skip(1)
        return False

    def _value(self, look: Look) -> Reading[str]:
        """The text of one JSON value; "" if it is cut."""
        before = look.further()
        if (yield from look.literal('"')):
            whole = yield from self._rest_of_string(look)
            return look.since(before) if whole else ""
        if (yield from look.literal("{", "[")):
            return look.since(before)[:1] + (yield from self._balanced(look, 1, ""))
        yield from look.run(_BARE)
        return look.since(before)

    def _balanced(self, look: Look, depth: int, written: str) -> Reading[str]:
        """`written` and what follows up to the bracket that closes all; "" if that does not come."""
        before = look.further()
        while found := (yield from look.past(_STRUCTURE, LONGEST_HELD)):
            if found == '"':
                if not (yield from self._rest_of_string(look)):
                    return ""
            elif found in "{[":
                depth += 1
            elif found in "}]":
                depth -= 1
                if depth == 0:
                    return written + look.since(before)
        return ""

    # Words: Python, name and input, ReAct

    def _words(self, look: Look) -> Reading[list[Call]]:
        """Python calls, or a name and its input, at the beginning of a line."""
        before = look.further()
        yield from look.run(_BLANK)
        name = yield from self._name_and(look, "(", "{", ":")
        if not name:
            return []
        if name.endswith("("):
            closed = yield from self._parentheses(look)
            return list(self._python(look.since(before).strip())) if closed else []
        word = name[:-1].strip()
        if word == "Action" and name.endswith(":"):
            yield from look.spaces()
            word = yield from look.run(_WORD)
            yield from look.spaces()
            if not (yield from look.literal("Action Input:")):
                return []
        offered = self._desk.schemas.offered(word)
        if not self._desk.schemas.has(offered):
            return []
        yield from look.spaces()
        if not name.endswith("{") and not (yield from look.literal("{")):
            return []
        written = yield from self._balanced(look, 1, "{")
        return (self._call(offered, written) or []) if written and self._fits(offered, written) else []

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
        return self._desk.schemas.may_begin(word)

    def _known(self, word: str) -> bool:
        return self._desk.schemas.has(self._desk.schemas.offered(word))

    def _parentheses(self, look: Look) -> Reading[bool]:
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
        schemas = self._desk.schemas
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

    def _fits(self, name: str, written: str) -> bool:
        """Whether all members are arguments of the tool."""
        try:
            value = Parsed(written, strict=False).value
        except ValueError:
            return False
        return isinstance(value, dict) and set(value) <= set(self._desk.schemas.keys(name))

    # Tags

    def _tagged(self, mark: str, look: Look) -> Reading[Call | None]:
        """Behind `<function=` or `<invoke name=`: a name, and parameters in tags of their own, or JSON."""
        before = look.further()
        close = "</function>" if mark == FUNCTION else "</invoke>"
        if not (yield from look.past(_TAG_END, LONGEST_HELD)):
            return None
        name = self._desk.schemas.offered(look.since(before)[:-1].strip("\"' "))
        if not self._desk.schemas.has(name):
            return None
        body = look.further()
        while (yield from look.past(_TAG_START, LONGEST_HELD)):
            if (yield from look.literal(close[1:])):
                written = look.since(body).removesuffix(close).strip()
                if written.startswith("{"):
                    return next(iter(self._call(name, written) or ()), None)
                members = [
                    f"{json.dumps(key)}: {as_json(value, self._desk.schemas.types(name, key))}"
                    for key, value in _PARAMETER.findall(written)
                ]
                return Call(name, "{" + ", ".join(members) + "}")
        return None


_PYTHON = re.compile(r"[\"'()\[\]{}]")
_TAG_END = re.compile(">")
_TAG_START = re.compile("<")
