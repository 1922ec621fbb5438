"""JSON values in GBNF, llama.cpp's own grammar language: for vocabularies that llguidance cannot be used with there.

https://github.com/ggml-org/llama.cpp/blob/master/grammars/README.md. Written as everywhere here: `, ` and `: ` and no
other white space. It says less of a schema than llguidance's does; what is left out is seen to when the input is whole
(`fitting.py`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

from pensieve.dialects.grammar.clean import LARGEST_NUMBER as LARGEST, resolve
from pensieve.dialects.grammar.digits import decimals, integers

Schema = dict[str, Any]

MOST_COUNTED = 64
"""llama.cpp writes repetitions out: larger bounds are not kept."""
DEEPEST = 40
MOST_NODES = 5000
BINDING = {"type", "properties", "required", "additionalProperties", "patternProperties", "items", "prefixItems",
           "minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum",
           "exclusiveMaximum", "format", "enum", "const", "anyOf", "oneOf", "$ref"}  # fmt: skip
_NEVER = "[^\\x00-\\U0010FFFF]"
_FREE = {
    "value": 'object | array | string | number | "true" | "false" | "null"',
    "object": '"{" (member (", " member)*)? "}"',
    "member": 'string ": " value',
    "array": '"[" (value (", " value)*)? "]"',
    "string": '"\\"" char* "\\""',
    # What it may be, not what not: of a token that is a part of a letter, llama.cpp asks whether any fits.
    "char": '[ !#-\\[\\]-~\\U00000080-\\U0000D7FF\\U0000E000-\\U0010FFFF] | "\\\\" (["\\\\/bfnrt] | "u" escape)',
    "escape": "[0-9a-cA-CefEF] hex hex hex | [dD] [0-7] hex hex",
    "hex": "[0-9a-fA-F]",
    "number": 'integer ("." [0-9]{1,15})? ([eE] [-+]? [0-9]{1,2})?',
    "integer": '"-"? ("0" | [1-9] [0-9]{0,14})',
    "boolean": '"true" | "false"',
    "null": '"null"',
}
_OCTET = '("25" [0-5] | "2" [0-4] [0-9] | "1" [0-9] [0-9] | [1-9]? [0-9])'
_DAYS = (
    '("0" [13578] | "1" [02]) "-" ("0" [1-9] | [12] [0-9] | "3" [01])',
    '("0" [469] | "11") "-" ("0" [1-9] | [12] [0-9] | "30")',
    '"02-" ("0" [1-9] | "1" [0-9] | "2" [0-8])',
)
_DATE = f'[1-9] [0-9]{{3}} "-" ({" | ".join(_DAYS)})'
_HOUR = '("0" [0-9] | "1" [0-9] | "2" [0-3])'
_TIME = f'{_HOUR} ":" [0-5] [0-9] ":" [0-5] [0-9] ("." [0-9]{{1,6}})? ("Z" | [+-] {_HOUR} ":" [0-5] [0-9])'
FORMATS = {
    "date": _DATE,
    "time": _TIME,
    "date-time": f'{_DATE} "T" {_TIME}',
    "ipv4": f'{_OCTET} ("." {_OCTET}){{3}}',
    "uuid": 'hex{8} "-" hex{4} "-" hex{4} "-" hex{4} "-" hex{12}',
}
"""Those of which nearly all texts can be said: of dates, a 29th of February is not."""


def literal(text: str) -> str:
    """The text as a GBNF string."""
    return '"' + "".join(_sign(letter) for letter in text) + '"'


def _sign(letter: str) -> str:
    if letter in '"\\':
        return "\\" + letter
    return letter if letter.isprintable() else f"\\U{ord(letter):08X}"


def either(options: Iterable[str]) -> str:
    return " | ".join(dict.fromkeys(options))


class Gbnf:
    """Rules, written one by one; equal ones once."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._bodies: dict[str, str] = {}

    def rule(self, body: str) -> str:
        """The name of a rule with this body."""
        if body not in self._names:
            self._names[body] = name = f"r{len(self._bodies)}"
            self._bodies[name] = body
        return self._names[body]

    def promise(self) -> str:
        """The name of a rule whose body comes later, by `keep`."""
        name = f"r{len(self._bodies)}"
        self._bodies[name] = ""
        return name

    def keep(self, name: str, body: str) -> None:
        self._bodies[name] = body

    def text(self, root: str) -> str:
        rules = {"root": root} | self._bodies | _FREE
        return "".join(f"{name} ::= {body}\n" for name, body in rules.items())


class Values:
    """The expressions of one schema and its parts."""

    def __init__(self, rules: Gbnf, schema: Schema) -> None:
        self._rules, self._root = rules, schema
        self._references: dict[str, str] = {}
        self._made: dict[str, str] = {}
        self._nodes = 0
        self._leading: set[str] = set()
        """References that are being written, with no sign of JSON in front of what comes now."""

    def whole(self) -> str:
        return self.value(self._root)

    def value(self, schema: Any, depth: int = 0) -> str:
        """The name of a rule, or something as short; `_NEVER` where nothing fits."""
        if schema is False:
            return _NEVER
        self._nodes += 1
        if not isinstance(schema, dict) or depth > DEEPEST or self._nodes > MOST_NODES:
            return "value"
        if "$ref" in schema:
            return self._reference(schema["$ref"])
        key = json.dumps(schema)
        if key not in self._made:
            self._made[key] = self._new(schema, depth)
        return self._made[key]

    def _new(self, schema: Schema, depth: int) -> str:
        if "const" in schema:
            return literal(json.dumps(schema["const"], ensure_ascii=False))
        if "enum" in schema:
            return self._either(literal(json.dumps(one, ensure_ascii=False)) for one in schema["enum"])
        for key in ("anyOf", "oneOf"):
            if key in schema:
                base = {name: value for name, value in schema.items() if name != key}
                return self._either(self.value(_both(base, option), depth + 1) for option in schema[key])
        if "allOf" in schema:
            return self._all_of(schema, depth)
        kinds = schema.get("type", _guessed(schema))
        if isinstance(kinds, list):
            return self._either(self._kind(kind, schema, depth) for kind in kinds)
        return self._kind(kinds, schema, depth)

    def _either(self, options: Iterable[str]) -> str:
        possible = either(option for option in options if option != _NEVER)
        return self._rules.rule(possible) if possible else _NEVER

    def _all_of(self, schema: Schema, depth: int) -> str:
        base: Any = {name: value for name, value in schema.items() if name != "allOf"}
        parts = schema["allOf"]
        if len(parts) == 1 and not BINDING & base.keys():
            return self.value(parts[0], depth + 1)
        for part in parts:
            base = _both(base, self._resolved(part))
        return self.value(base, depth + 1)

    def _kind(self, kind: str, schema: Schema, depth: int) -> str:
        match kind:
            case "object" | "array":
                leading, self._leading = self._leading, set()
                made = self._object(schema, depth) if kind == "object" else self._array(schema, depth)
                self._leading = leading
                return made
            case "string":
                return self._string(schema)
            case "integer":
                return self._either([_integers(schema) or _NEVER])
            case "number":
                return self._either([_decimals(schema) or _NEVER])
        return kind

    def _reference(self, pointer: str) -> str:
        """May lead back to where it stands. As a choice in itself it adds nothing, and llama.cpp refuses such rules."""
        if pointer in self._leading:
            return _NEVER
        if pointer not in self._references:
            self._references[pointer] = name = self._rules.promise()
            self._leading.add(pointer)
            self._rules.keep(name, self.value(resolve(self._root, pointer)))
            self._leading.discard(pointer)
        return self._references[pointer]

    def _resolved(self, schema: Any) -> Any:
        if isinstance(schema, dict) and "$ref" in schema:
            rest = {key: value for key, value in schema.items() if key != "$ref"}
            target = resolve(self._root, schema["$ref"])
            return _both(target, rest) if isinstance(target, dict) and "$ref" not in target else {}
        return schema

    def _object(self, schema: Schema, depth: int) -> str:
        named = dict(schema.get("properties", {}))
        required = {name for name in schema.get("required", []) if isinstance(name, str)}
        named |= {name: {} for name in sorted(required) if name not in named}
        further = schema.get("additionalProperties", not named and "patternProperties" not in schema)
        if not named and further is True:
            return "object"
        options = [*schema.get("patternProperties", {}).values(), *([] if further is False else [further])]
        values = either(value for option in options if (value := self.value(option, depth + 1)) != _NEVER)
        members = self._members(named, required, self._rules.rule(f'string ": " ({values})') if values else "", depth)
        return self._rules.rule(f'"{{" {members} "}}"')

    def _members(self, named: dict[str, Any], required: set[str], further: str, depth: int) -> str:
        """In the order of the schema; `behind` and `first`: with and without a member before, from the last one on."""
        behind = f'(", " {further})*' if further else '""'
        first = f'({further} (", " {further})*)?' if further else '""'
        for name, schema in reversed(named.items()):
            value = self.value(schema, depth + 1)
            if value == _NEVER and name not in required:
                continue
            member = self._rules.rule(f"{literal(json.dumps(name, ensure_ascii=False) + ': ')} {value}")
            with_comma, alone = self._rules.rule(f'", " {member} {behind}'), self._rules.rule(f"{member} {behind}")
            if name not in required:
                with_comma, alone = self._rules.rule(f"{with_comma} | {behind}"), self._rules.rule(f"{alone} | {first}")
            behind, first = with_comma, alone
        return first

    def _array(self, schema: Schema, depth: int) -> str:
        least, most = schema.get("minItems", 0), schema.get("maxItems", math.inf)
        before = [self.value(one, depth + 1) for one in schema.get("prefixItems", [])]
        item = self.value(schema.get("items", True), depth + 1)
        if most < least or (item == _NEVER and len(before) < least):
            return _NEVER
        if before:
            if most < len(before) or _NEVER in before:
                return "array"
            more = "" if item == _NEVER else f'(", " {item}){_times(max(0, least - len(before)), most - len(before))}'
            return self._rules.rule(f'"[" {" ".join(_joined(before))} {more} "]"')
        if item == _NEVER or most == 0:
            return literal("[]")
        several = f'({item} (", " {item}){_times(max(0, least - 1), most - 1)}){"" if least else "?"}'
        return self._rules.rule(f'"[" {several} "]"')

    def _string(self, schema: Schema) -> str:
        if schema.get("format") in FORMATS:
            return self._rules.rule(f'"\\"" {FORMATS[schema["format"]]} "\\""')
        least, most = schema.get("minLength", 0), schema.get("maxLength", math.inf)
        if most < least:
            return _NEVER
        if not least and most > MOST_COUNTED:
            return "string"
        return self._rules.rule(f'"\\"" char{_times(least, most)} "\\""')


def _times(least: int, most: float) -> str:
    """How often, as far as it is counted. Never more at least than at most: llama.cpp would write rules for ever."""
    return f"{{{min(least, MOST_COUNTED)},{int(most) if most <= MOST_COUNTED else ''}}}"


def _joined(values: list[str]) -> list[str]:
    return [part for number, value in enumerate(values) for part in (['", "'] if number else []) + [value]]


def _guessed(schema: Schema) -> str:
    if "properties" in schema or "required" in schema or "additionalProperties" in schema:
        return "object"
    return "array" if "items" in schema or "prefixItems" in schema else "value"


def _both(base: Any, more: Any) -> Any:
    """One schema for what has to fit two."""
    if not isinstance(base, dict) or not isinstance(more, dict) or not base:
        return more if not isinstance(base, dict) or isinstance(more, dict) or more is False else base
    merged = base | more
    if "type" in base and "type" in more:
        kinds = [_narrower(one, other) for one in _kinds(base) for other in _kinds(more)]
        merged["type"] = [kind for kind in dict.fromkeys(kinds) if kind]
        if not merged["type"]:
            return False
    for key in ("properties", "$defs"):
        if key in base and key in more:
            merged[key] = base[key] | more[key]
    if "required" in base and "required" in more:
        merged["required"] = [*base["required"], *more["required"]]
    if base.get("additionalProperties") is False and "properties" in more:
        merged["additionalProperties"] = False
    return merged


def _kinds(schema: Schema) -> list[str]:
    return schema["type"] if isinstance(schema["type"], list) else [schema["type"]]


def _narrower(one: str, other: str) -> str:
    """What is of both kinds; "" if nothing is."""
    return "integer" if {one, other} == {"integer", "number"} else one if one == other else ""


def _integers(schema: Schema) -> str:
    low = max(schema.get("minimum", -LARGEST), math.floor(schema.get("exclusiveMinimum", -LARGEST - 1)) + 1)
    high = min(schema.get("maximum", LARGEST), math.ceil(schema.get("exclusiveMaximum", LARGEST + 1)) - 1)
    return integers(math.ceil(low), math.floor(high))


def _decimals(schema: Schema) -> str:
    low, above = max((schema.get("minimum", -math.inf), False), (schema.get("exclusiveMinimum", -math.inf), True))
    high, below = min((schema.get("maximum", math.inf), True), (schema.get("exclusiveMaximum", math.inf), False))
    return decimals(low, high, above=above, below=not below)
