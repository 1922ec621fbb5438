"""A client's schema as one that llguidance takes: as it is where that works, and relaxed step by step where not."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

from llguidance import LLMatcher
from msgspec import Struct

from pensieve.dialects.grammar.clean import Cleaner, Schema, TooLarge, composed, size

log = logging.getLogger(__name__)

LARGEST = 2_000_000
LARGEST_COMPILED = 400_000
MOST_TRIALS = 60
LARGEST_TRIED = 50_000
ANY_OBJECT: Schema = {"type": "object"}
WRITING = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
"""As Python's json.dumps writes, because templates render history that way. White space is bounded by being fixed:
where it was free, a model that had closed a string too early wrote nothing else."""
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength")


class Accepted(Struct, frozen=True):
    """A schema that compiles. `relaxed`: what fits it may still break the client's schema."""

    schema: Schema
    relaxed: bool = False
    lenient: bool = False

    def json(self, part: Any = None) -> str:
        """What stands behind `%json` for the schema, or for a part of it: a part may refer to all of it."""
        document = self.schema if part is None else _within(part, self.schema)
        document = document if isinstance(document, dict) else {} if document else {"enum": []}
        writing = WRITING | ({"lenient": True} if self.lenient else {})
        return "%json " + json.dumps(document | {"x-guidance": writing})

    def unbounded(self) -> Accepted:
        """Without bounds for members that may be missing.

        A model that would write 0 where the least is 1 means nothing by it. Held to the bound it would write 1, which
        means something; what it writes is left out later on.
        """
        members, required = self.schema.get("properties"), self.schema.get("required", ())
        if not isinstance(members, dict):
            return self
        loose = {
            name: {key: value for key, value in member.items() if key not in _BOUNDS}
            if isinstance(member, dict) and name not in required
            else member
            for name, member in members.items()
        }
        return Accepted(self.schema | {"properties": loose}, relaxed=self.relaxed, lenient=self.lenient)


RELAXED = Accepted(ANY_OBJECT, relaxed=True)


def accept(schema: Any, *, object_only: bool = True) -> Accepted:
    """`object_only`: a tool's input, always an object and closed to members that it does not name. Never raises."""
    fallback = RELAXED if object_only else Accepted({}, relaxed=True)
    if size(schema) > LARGEST:
        return fallback
    cleaner = Cleaner(closed=object_only and not composed(schema))
    try:
        cleaned = cleaner.clean(schema)
    except TooLarge:
        return fallback
    if object_only:
        cleaned = _as_object(cleaned)
    if size(cleaned) > LARGEST_COMPILED:
        return fallback
    lost = cleaner.lost or cleaned is ANY_OBJECT
    for number, step in enumerate(_steps(cleaned)):
        if compiles(step):
            return Accepted(step.schema, relaxed=lost or number > 0, lenient=step.lenient)
    return fallback


def compiles(accepted: Accepted) -> bool:
    return not refused(f"%llguidance {{}}\nstart: {accepted.json()}\n")


def refused(grammar: str) -> str:
    """Why llguidance does not take the grammar; "" if it does."""
    failed, messages = LLMatcher.validate_grammar_with_warnings(grammar)
    return "\n".join(messages) if failed else ""


def _as_object(schema: Schema) -> Schema:
    if "enum" in schema or "const" in schema or schema.get("type", "object") == "object":
        return schema | {"type": "object"}
    kinds = schema["type"]
    return schema | {"type": "object"} if isinstance(kinds, list) and "object" in kinds else ANY_OBJECT


def _steps(schema: Schema) -> Iterator[Accepted]:
    """From the schema itself to looser and looser ones, made only when asked for."""
    yield Accepted(schema)
    yield Accepted(schema, lenient=True)
    schema = _without_bad_patterns(schema)
    yield Accepted(schema, lenient=True)
    members = schema.get("properties", {})
    if 0 < len(members) <= MOST_TRIALS and size(schema) <= LARGEST_TRIED:
        rest = {key: value for key, value in schema.items() if key not in ("properties", "required")}
        good = {name: one if compiles(Accepted(rest | {"properties": {name: one}}, lenient=True)) else {}
                for name, one in members.items()}  # fmt: skip
        yield Accepted(schema | {"properties": good}, lenient=True)
        plain = {"type": "object", "properties": good, "required": schema.get("required", [])}
        kept = {key: schema[key] for key in ("$defs", "definitions", "additionalProperties") if key in schema}
        yield Accepted(plain | kept, lenient=True)


def _without_bad_patterns(schema: Schema) -> Any:
    """Patterns that llguidance cannot read (lookaround, mistakes) are no bounds. Each is tried, up to a number."""
    known: dict[str, bool] = {}

    def good(pattern: str) -> bool:
        if pattern not in known:
            known[pattern] = len(known) < MOST_TRIALS and compiles(Accepted({"type": "string", "pattern": pattern}))
        return known[pattern]

    def fix(node: Schema) -> Schema:
        if "pattern" in node and not good(node["pattern"]):
            node = {key: value for key, value in node.items() if key != "pattern"}
        names = node.get("patternProperties")
        if names and not all(good(pattern) for pattern in names):
            node = {key: value for key, value in node.items() if key != "patternProperties"}
            node["additionalProperties"] = True
        return node

    return _mapped(schema, fix)


def _within(part: Any, root: Schema) -> Any:
    """A part of the schema as a document of its own."""
    if not isinstance(part, dict) or part is root or not refers(part):
        return part

    def moved(node: Schema) -> Schema:
        return node | {"$ref": "#/$defs/root" + node["$ref"].removeprefix("#")} if "$ref" in node else node

    own = _mapped(part, moved)
    return own | {"$defs": own.get("$defs", {}) | {"root": _mapped(root, moved)}}


def refers(schema: Any) -> bool:
    """Whether it refers to anything."""
    found = False

    def look(node: Schema) -> Schema:
        nonlocal found
        found = found or "$ref" in node
        return node

    _mapped(schema, look)
    return found


def _mapped(schema: Any, change: Callable[[Schema], Schema]) -> Any:
    """A cleaned schema with every schema in it changed; `enum`s and the like are no schemas and stay."""
    if not isinstance(schema, dict):
        return schema
    result = dict(change(schema))
    for key in ("properties", "patternProperties", "$defs", "definitions"):
        if key in result:
            result[key] = {name: _mapped(one, change) for name, one in result[key].items()}
    for key in ("allOf", "anyOf", "oneOf", "prefixItems"):
        if key in result:
            result[key] = [_mapped(one, change) for one in result[key]]
    for key in ("additionalProperties", "items"):
        if key in result:
            result[key] = _mapped(result[key], change)
    return result
