"""What a tool's schema says of one argument, for families that write arguments without saying what they are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from pensieve.core.chat import Tool
from pensieve.dialects.jsontext import Parsed

Types = frozenset[str]
ANY: Types = frozenset({"string", "number", "integer", "boolean", "null", "array", "object"})
STRING: Types = frozenset({"string"})
_LITERALS = {"True": "true", "False": "false", "None": "null"}
_DEEPEST = 20
_COUNT = re.compile(r":\d+$")
"""The number of the call, which some models write behind the name."""


class Schemas:
    def __init__(self, tools: tuple[Tool, ...]) -> None:
        self._schemas = {tool.name: tool.schema for tool in tools}
        self._folded: dict[str, str] = {}
        for name in self._schemas:
            # Of two names that differ only so, neither is meant by another spelling.
            self._folded[_folded(name)] = "" if _folded(name) in self._folded else name

    def has(self, name: str) -> bool:
        return name in self._schemas

    def may_begin(self, word: str) -> bool:
        """Whether a name, spelled in any way, begins so."""
        begun = _folded(word)
        return any(name.startswith(begun) for name in self._folded)

    def offered(self, name: str) -> str:
        """The name of the tool that is meant; a name that nobody offers stays as it is."""
        name = name.strip().strip("\"'").strip()
        if name in self._schemas:
            return name
        last = _COUNT.sub("", name).replace(":", ".").rpartition(".")[2]
        if last in self._schemas:
            return last
        return self._folded.get(_folded(name)) or self._folded.get(_folded(last)) or name

    def keys(self, name: str) -> tuple[str, ...]:
        """The arguments in their order."""
        properties = self._schemas.get(name, {}).get("properties")
        return tuple(properties) if isinstance(properties, dict) else ()

    def types(self, name: str, key: str) -> Types:
        """What the argument may be; a string if nothing is known of it."""
        schema = self._schemas.get(name, {})
        properties = schema.get("properties")
        if isinstance(properties, dict) and key in properties:
            return _types(properties[key], schema, 0)
        more = schema.get("additionalProperties")
        return _types(more, schema, 0) if isinstance(more, dict) and more else STRING


def _folded(name: str) -> str:
    return name.casefold().replace("_", "").replace("-", "")


def as_json(text: str, types: Types) -> str:
    """The value as JSON: what it may be besides a string, if it is that; otherwise a string."""
    if types != STRING:
        written = _LITERALS.get(text.strip(), text.strip())
        for strict in (True, False):
            try:
                parsed = Parsed(written, strict)
            except ValueError:
                continue
            if (_kinds(parsed.value) - STRING) & types or ("string" not in types and isinstance(parsed.value, str)):
                return written if strict else parsed.written
    return json.dumps(text, ensure_ascii=False)


def _kinds(value: Any) -> Types:
    match value:
        case None:
            return frozenset({"null"})
        case bool():
            return frozenset({"boolean"})
        case int():
            return frozenset({"integer", "number"})
        case float():
            return frozenset({"integer", "number"} if value.is_integer() else {"number"})
        case str():
            return STRING
        case list():
            return frozenset({"array"})
        case _:
            return frozenset({"object"})


def _types(schema: Any, root: dict[str, Any], depth: int) -> Types:
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return ANY
    allowed = ANY
    if isinstance(reference := schema.get("$ref"), str):
        allowed &= _types(_referred(reference, root), root, depth + 1)
    match schema.get("type"):
        case str(kind):
            allowed &= _widened({kind})
        case list(kinds):
            allowed &= _widened({kind for kind in kinds if isinstance(kind, str)})
    if isinstance(values := schema.get("enum"), list):
        allowed &= frozenset[str]().union(*map(_kinds, values))
    if "const" in schema:
        allowed &= _kinds(schema["const"])
    for key in ("anyOf", "oneOf"):
        if isinstance(branches := schema.get(key), list) and branches:
            allowed &= frozenset[str]().union(*_each(branches, root, depth))
    if isinstance(branches := schema.get("allOf"), list):
        for types in _each(branches, root, depth):
            allowed &= types
    return allowed or ANY


def _widened(kinds: set[str]) -> Types:
    return frozenset(kinds | {"integer"} if "number" in kinds else kinds)


def _each(branches: list[Any], root: dict[str, Any], depth: int) -> Iterator[Types]:
    return (_types(branch, root, depth + 1) for branch in branches)


def _referred(reference: str, root: dict[str, Any]) -> Any:
    if not reference.startswith("#"):
        return None
    found: Any = root
    for step in reference[1:].strip("/").split("/"):
        if not step:
            continue
        if not isinstance(found, dict):
            return None
        found = found.get(step.replace("~1", "/").replace("~0", "~"))
    return found
