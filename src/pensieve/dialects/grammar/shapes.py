"""What a cleaned schema allows, in simple terms: for families whose values or arguments are not JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from llguidance import regex_to_lark
from msgspec import Struct

from pensieve.dialects.grammar.clean import APPLICATORS, TYPES, Schema, resolve
from pensieve.dialects.grammar.lark import ANY
from pensieve.dialects.grammar.schemas import refused

MOST = 12
MOST_STEPS = 300
DEEPEST = 8


class Member(Struct, frozen=True):
    name: str
    schema: Any
    required: bool


class Others(Struct, frozen=True):
    """Members that the schema does not name: their names fit this pattern, as a terminal's body."""

    names: str
    schema: Any


class Members(Struct, frozen=True):
    named: tuple[Member, ...]
    others: tuple[Others, ...]


def alternatives(schema: Any, root: Schema) -> list[Schema]:
    """The schema as a choice of schemas without references, `allOf`, `anyOf` and `oneOf` at their top; [] for none.

    Where there are too many ways, anything of the type goes.
    """
    return _Alternatives(root).of(schema)


class _Alternatives:
    def __init__(self, root: Schema) -> None:
        self._root = root
        self._left = MOST_STEPS

    def of(self, schema: Any, depth: int = 0) -> list[Schema]:
        if isinstance(schema, bool):
            return [{}] if schema else []
        base = {key: value for key, value in schema.items() if key not in APPLICATORS}
        loose: Schema = {"type": base["type"]} if "type" in base else {}
        self._left -= 1
        if depth > DEEPEST or self._left < 0:
            return [loose]
        found = [base]
        for choices in self._applied(schema, depth + 1):
            joined = (join(one, other) for one in found for other in choices[: MOST + 1])
            found = [one for one in joined if one is not None]
            if len(found) > MOST:
                return [loose]
        return found

    def _applied(self, schema: Schema, depth: int) -> Iterator[list[Schema]]:
        if "$ref" in schema:
            target = resolve(self._root, schema["$ref"])
            yield self.of(target if isinstance(target, dict | bool) else True, depth)
        for one in schema.get("allOf", ()):
            yield self.of(one, depth)
        for key in ("anyOf", "oneOf"):
            if key in schema:
                yield [simple for one in schema[key] for simple in self.of(one, depth)]


def join(one: Schema, other: Schema) -> Schema | None:
    """What fits both, as far as that is easily said; None: nothing."""
    result = one | other
    both = one.keys() & other.keys()
    if "type" in both:
        kinds = types(one) & types(other)
        if not kinds:
            return None
        result["type"] = [kind for kind in TYPES if kind in kinds]
    if "enum" in both:
        result["enum"] = [value for value in one["enum"] if value in other["enum"]]
    if "required" in both:
        result["required"] = list(dict.fromkeys([*one["required"], *other["required"]]))
    for key in ("properties", "patternProperties"):
        if key in both:
            result[key] = one[key] | other[key]
            for name in one[key].keys() & other[key].keys():
                result[key][name] = {"allOf": [one[key][name], other[key][name]]}
    return result


def types(schema: Schema) -> set[str]:
    """The types of values that a simple schema allows."""
    values = constants(schema)
    if values is not None:
        return {type_of(value) for value in values}
    kinds = schema.get("type", TYPES)
    found = {kinds} if isinstance(kinds, str) else set(kinds)
    return found | {"integer"} if "number" in found else found


def type_of(value: Any) -> str:
    match value:
        case bool():
            return "boolean"
        case str():
            return "string"
        case int():
            return "integer"
        case float():
            return "number"
        case list():
            return "array"
        case dict():
            return "object"
    return "null"


def constants(schema: Schema) -> list[Any] | None:
    """The only values that are allowed, if they are listed."""
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    if values is None or "type" not in schema:
        return values
    kinds = schema["type"]
    allowed = {kinds} if isinstance(kinds, str) else set(kinds)
    allowed |= {"integer"} if "number" in allowed else set()
    return [value for value in values if type_of(value) in allowed]


def members(schema: Schema) -> Members:
    """The members of an object, in the order of the schema."""
    properties = schema.get("properties", {})
    required = schema.get("required", [])
    rest = schema.get("additionalProperties", True)
    order = dict.fromkeys([*properties, *required])
    named = [Member(name, properties.get(name, rest), name in required) for name in order]
    known = named_by(order)
    others = [Others(f"({body} & {known})", one) for pattern, one in schema.get("patternProperties", {}).items()
              if one is not False and (body := searched(pattern))]  # fmt: skip
    if rest is not False:
        others.append(Others(known, rest))
    return Members(tuple(one for one in named if one.required or one.schema is not False), tuple(others))


def objects(root: Schema) -> list[Members]:
    """The objects that a tool's whole schema allows."""
    return [members(one) for one in alternatives(root, root) if "object" in types(one)] or [members({})]


def named_by(known: dict[str, Any]) -> str:
    """A terminal's body: a plain name that is none of these."""
    plain = [re.escape(name) for name in known if re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII)]
    return "/[A-Za-z_][A-Za-z0-9_]{0,39}/" + (f" & ~/{'|'.join(plain)}/" if plain else "")


def text_body(schema: Schema) -> str:
    """A terminal's body for the texts that a simple schema of a string allows."""
    body = searched(schema["pattern"]) if "pattern" in schema else ""
    low, high = schema.get("minLength", 0), schema.get("maxLength")
    if low or high is not None:
        length = f"/(?s:.{{{low},{'' if high is None else high}}})/"
        return f"({body} & {length})" if body else length
    return body or ANY


def searched(pattern: str) -> str:
    """A JSON Schema's pattern, found anywhere in the text, as a terminal's body; "" if llguidance cannot read it."""
    whole = []
    for option in _options(pattern):
        start = "" if option.startswith("^") else "(?s:.*)"
        end = "" if re.search(r"(?<!\\)(\\\\)*\$$", option) else "(?s:.*)"
        inner = option.removeprefix("^")
        whole.append(f"{start}({inner if end else inner[:-1]}){end}")
    body = regex_to_lark("|".join(whole), "dw").replace("\n", "\\n")
    body = f"/{body}/"
    return "" if refused(f"%llguidance {{}}\nstart: T\nT: {body} & {ANY}\n") else body


def _options(pattern: str) -> list[str]:
    """The options of the outermost alternation."""
    options, depth, start = [], 0, 0
    for match in re.finditer(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[()|]", pattern, re.DOTALL):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if match[0] == "|" and depth == 0:
            options.append(pattern[start : match.start()])
            start = match.end()
    return [*options, pattern[start:]]
