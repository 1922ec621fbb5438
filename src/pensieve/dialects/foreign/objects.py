"""Foreign calls that are JSON objects, alone, in a list, or in an object that holds a list."""

from __future__ import annotations

import json
import re
from typing import Any

from pensieve.dialects.base import Head
from pensieve.dialects.foreign.calls import LONGEST_HELD, Call
from pensieve.dialects.jsontext import Parsed
from pensieve.dialects.scan import Look, Reading
from pensieve.dialects.schemas import Schemas

NAME_KEYS = ("name", "tool_name", "tool", "function_name", "action", "recipient_name")
INPUT_KEYS = ("arguments", "parameters", "input", "args", "tool_input", "action_input", "tool_arguments")
OTHER_KEYS = ("type", "id", "index", "call_id", "tool_call_id")
OBJECT_KEYS = ("function", "tool", "tool_call", "function_call", "action")
"""Of an object that holds the call."""
DEEPEST = 3
"""Objects around the call."""
LIST_KEYS = ("tool_calls", "function_calls", "calls")
_STRUCTURE = re.compile(r'["{}\[\]]')
_IN_STRING = re.compile(r'["\\]')
_BARE = re.compile(r"[\w.+-]")


class ObjectCalls:
    """Looks ahead; takes nothing."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self.heads = 0
        """How many have begun."""
        self.head: Head | None = None
        """The last of them."""

    def listed(self, look: Look) -> Reading[list[Call] | None]:
        """Behind `[{`. None: it is no list of calls."""
        calls = (yield from self.object(look, inner=True)) or []
        while calls:
            yield from look.spaces()
            yield from look.literal(",", ";")
            yield from look.spaces()
            if (yield from look.literal("]")) or not (yield from look.literal("{")):
                return calls
            more = yield from self.object(look, inner=True)
            if not more:
                return None
            calls += more
        return None

    def object(self, look: Look, inner: bool = False) -> Reading[list[Call] | None]:
        """Behind `{`: a call or, if it is not an `inner` object, one that holds a list of them."""
        name, name_at, written = "", 0, ""
        # Some write every bracket twice, as in a template.
        nested = 1 if (yield from look.literal("{")) else 0
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
            if key in LIST_KEYS and not name and not inner:
                if not (yield from look.literal("[")):
                    return None
                yield from look.spaces()
                calls = (yield from self.listed(look)) if (yield from look.literal("{")) else None
                yield from look.spaces()
                yield from look.literal("}")
                return calls
            if key in OBJECT_KEYS and nested < DEEPEST and (yield from look.literal("{")):
                nested += 1
            elif key in (*NAME_KEYS, "function") and not name:
                name_at = look.position + 1
                name = (yield from self._string(look)) or ""
                if not name:
                    return None
            elif key in INPUT_KEYS and not written:
                value = look.further()
                begun = bool(name and (yield from look.further().literal("{")))
                if begun:
                    self._begin(name, name_at, key, value_at)
                written = yield from self._value(look)
                if not written:
                    cut = begun and self._known(name) and (yield from look.ended())
                    return [Call(self._schemas.offered(name), look.since(value), cut=True)] if cut else None
            elif key in OTHER_KEYS:
                if not (yield from self._value(look)):
                    return None
            elif not name and self._schemas.has(key):
                name, written = key, (yield from self._value(look))
                if not self.fits(name, written):
                    return None
            else:
                return None
        return self.call(name, written)

    def of_value(self, value: Any) -> list[Call] | None:
        """Of an object that was read already."""
        if isinstance(value, list):
            calls = [self.of_value(one) for one in value]
            return [call for found in calls if found for call in found] if all(calls) else None
        if not isinstance(value, dict):
            return None
        for key in OBJECT_KEYS:
            if isinstance(value.get(key), dict):
                return self.of_value(value[key])
        name = next((value[key] for key in NAME_KEYS if isinstance(value.get(key), str)), "")
        written = next((value[key] for key in INPUT_KEYS if isinstance(value.get(key), dict)), None)
        if not name or written is None or not set(value) <= {*NAME_KEYS, *INPUT_KEYS, *OTHER_KEYS}:
            return None
        return self.call(name, json.dumps(written, ensure_ascii=False))

    def fits(self, name: str, written: str) -> bool:
        """Whether it is an object all of whose members are arguments of the tool."""
        try:
            value = Parsed(written, strict=False).value
        except ValueError:
            return False
        return isinstance(value, dict) and set(value) <= set(self._schemas.keys(name))

    def _begin(self, name: str, name_at: int, key: str, input_at: int) -> None:
        self.heads += 1
        self.head = Head(self._schemas.offered(name) if self._known(name) else "", name_at, key, input_at)

    def _known(self, name: str) -> bool:
        return self._schemas.has(self._schemas.offered(name))

    def call(self, name: str, written: str) -> list[Call] | None:
        """The call of a name with its input, as JSON or as a string of it. None: it calls nothing."""
        name = self._schemas.offered(name)
        known = self._schemas.has(name)
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
            opened = look.since(before)
            doubled = opened == "{" and (yield from look.literal("{"))
            body = yield from self.balanced(look, 1, opened)
            return body if not (body and doubled) or (yield from look.literal("}")) else ""
        if (yield from look.literal("'")):
            # JSON in quotes that JSON does not have.
            inner = (yield from self._value(look)) if (yield from look.further().literal("{")) else ""
            return inner if (yield from look.literal("'")) else ""
        yield from look.run(_BARE)
        return look.since(before)

    def balanced(self, look: Look, depth: int, written: str) -> Reading[str]:
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
