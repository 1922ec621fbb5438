"""Values that are not JSON: Python's literals, and Gemma's. The rules follow the schema as JSON's do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Protocol

from pensieve.dialects.grammar.clean import TYPES, Schema
from pensieve.dialects.grammar.lark import Marks, Rules, either, literal, without
from pensieve.dialects.grammar.schemas import Accepted, compiles
from pensieve.dialects.grammar.shapes import Members, alternatives, constants, members, objects, text_body, types

DEEPEST = 24
MOST = 1500
PLAIN_NUMBER = {"minimum": -(10**15 - 1), "maximum": 10**15 - 1}


class Style(Protocol):
    """How one family writes what is not a number."""

    words: Mapping[str, str]
    comma: str
    colon: str

    def text(self, schema: Schema) -> str: ...

    def one_of(self, texts: list[str]) -> str: ...

    def key(self, name: str) -> str: ...

    def keys(self, names: str) -> str: ...


class PythonStyle:
    words: Mapping[str, str] = MappingProxyType({"null": "None", "true": "True", "false": "False"})
    comma = ", "
    colon = ": "

    def __init__(self, rules: Rules) -> None:
        self._rules = rules

    def text(self, schema: Schema) -> str:
        if "pattern" in schema:
            return self._rules.terminal(f'"\'" ({text_body(schema)} & /[^\'\\\\\\x00-\\x1f]*/) "\'"')
        low, high = schema.get("minLength", 0), schema.get("maxLength", "")
        count = f"{{{low},{high}}}" if low or high != "" else "*"
        inner = r"([^%s\\\x00-\x1f]|\\[\\'\x22nrt])" + count
        return self._rules.terminal(" | ".join(f"/{q}{inner % q}{q}/" for q in ("'", "\\x22")))

    def one_of(self, texts: list[str]) -> str:
        both = (_python_text(text, quote) for text in texts for quote in ("'", '"'))
        return self._rules.terminal(either(map(literal, both)))

    def key(self, name: str) -> str:
        return self.one_of([name])

    def keys(self, names: str) -> str:
        return self._rules.terminal(f'"\'" ({names}) "\'"')


class JsonStyle:
    """JSON whose strings hold none of a family's marks, because its readers look for them there too."""

    words: Mapping[str, str] = MappingProxyType({"null": "null", "true": "true", "false": "false"})
    comma = ", "
    colon = ": "

    def __init__(self, rules: Rules, unmarked: str) -> None:
        """`unmarked`: the body of a terminal for texts without such a mark. The closing quote may be the end of one."""
        self._rules, self._unmarked = rules, unmarked

    def text(self, schema: Schema) -> str:
        if "pattern" in schema:
            inner = f'({text_body(schema)} & /[^"\\\\\\x00-\\x1f]*/)'
        else:
            low, high = schema.get("minLength", 0), schema.get("maxLength", "")
            count = f"{{{low},{high}}}" if low or high != "" else "*"
            inner = r"/([^\x22\\\x00-\x1f]|\\([\\\x22nrtbf]|u00[0-7][0-9a-f]))" + count + "/"
        return self._rules.terminal(f'("\\"" {inner} "\\"") & {self._unmarked}')

    def one_of(self, texts: list[str]) -> str:
        return self._rules.terminal(either(literal(json.dumps(text).replace("<", "\\u003c")) for text in texts))

    def key(self, name: str) -> str:
        return self.one_of([name])

    def keys(self, names: str) -> str:
        return self._rules.terminal(f'"\\"" ({names}) "\\""')


class GemmaStyle:
    words: Mapping[str, str] = MappingProxyType({"null": "null", "true": "true", "false": "false"})
    comma = ","
    colon = ":"

    def __init__(self, rules: Rules, marks: Marks, quote: str) -> None:
        self._rules, self._marks, self._quote = rules, marks, quote

    def text(self, schema: Schema) -> str:
        body = f"({text_body(schema)} & {without([self._quote])})"
        return self._rules.rule(
            self._marks.write(self._quote) + " " + self._marks.until(self._rules, body, self._quote)
        )

    def one_of(self, texts: list[str]) -> str:
        quote = self._marks.write(self._quote)
        return f"({quote} {self._rules.terminal(either(map(literal, texts)))} {quote})"

    def key(self, name: str) -> str:
        return bare_name(name)

    def keys(self, names: str) -> str:
        return self._rules.terminal(names)


class Values:
    """The rules for values of one tool's schema."""

    def __init__(self, rules: Rules, style: Style, accepted: Accepted) -> None:
        self._rules, self._style = rules, style
        self.root = accepted.schema
        self._known: dict[str, str] = {}
        self._anything = ""
        self._left = MOST

    def value(self, schema: Any, depth: int = 0) -> str:
        """An expression for the values that fit, "" if there are none."""
        if schema is True or schema == {} or depth > DEEPEST:
            return self._any()
        key = json.dumps(schema)
        if key not in self._known:
            self._left -= 1
            if self._left < 0:
                return self._any()
            self._known[key] = name = self._rules.reserve()
            options = [one for simple in alternatives(schema, self.root) for one in self._simple(simple, depth)]
            if not options:
                self._known[key] = ""
                return ""
            self._rules.define(name, either(options))
        return self._known[key]

    def arguments(self, colon: str) -> str:
        """All that the whole schema allows, as arguments: names without quotes where that can be."""
        options = []
        for one in objects(self.root):
            named = [(bare_name(one.name), one.schema, one.required) for one in one.named]
            others = [(self._rules.terminal(one.names), one.schema) for one in one.others]
            options.append(self._series(named, others, colon, 0))
        return self._rules.rule(either(options))

    def _object(self, of: Members, depth: int) -> str:
        style = self._style
        named = [(style.key(one.name), one.schema, one.required) for one in of.named]
        others = [(style.keys(one.names), one.schema) for one in of.others]
        inner = self._series(named, others, literal(style.colon), depth)
        return f'"{{" {inner} "}}"'

    def _series(self, named: list[tuple[str, Any, bool]], others: list[tuple[str, Any]], colon: str, depth: int) -> str:
        """Members with commas between them; any of those that are not required may be missing."""
        comma = literal(self._style.comma)
        extra = [f"{key} {colon} {value}" for key, schema in others if (value := self.value(schema, depth + 1))]
        more, first = '""', '""'
        if extra:
            one = self._rules.rule(either(extra))
            more = self._rules.rule(f"({comma} {one})*")
            first = self._rules.rule(f"({one} {more})?")
        for key, schema, required in reversed(named):
            value = self.value(schema, depth + 1) or (self._any() if required else "")
            if not value:
                continue
            pair = self._rules.rule(f"{key} {colon} {value}")
            first = self._rules.rule(f"{pair} {more}" + ("" if required else f" | {first}"))
            more = self._rules.rule(f"{comma} {pair} {more}" if required else f"({comma} {pair})? {more}")
        return first

    def _simple(self, schema: Schema, depth: int) -> Iterable[str]:
        values = constants(schema)
        if values is not None:
            texts = [value for value in values if isinstance(value, str)]
            yield from [self._style.one_of(texts)] if texts else []
            yield from (self._constant(value) for value in values if not isinstance(value, str))
            return
        kinds = types(schema)
        if "string" in kinds:
            yield self._style.text(schema)
        if "boolean" in kinds:
            yield from (literal(self._style.words[word]) for word in ("true", "false"))
        if "null" in kinds:
            yield literal(self._style.words["null"])
        if kinds & {"number", "integer"}:
            yield self._number(schema, "number" if "number" in kinds else "integer")
        if "array" in kinds:
            yield self._array(schema, depth)
        if "object" in kinds:
            yield self._object(members(schema), depth)

    def _number(self, schema: Schema, kind: str) -> str:
        bounds = {key: value for key, value in schema.items() if "imum" in key or key == "multipleOf"}
        for wanted in (bounds, {}):
            number = Accepted(PLAIN_NUMBER | wanted | {"type": kind})
            if compiles(number):
                break
        return self._rules.rule(number.json())

    def _array(self, schema: Schema, depth: int) -> str:
        low, high = schema.get("minItems", 0), schema.get("maxItems")
        comma = literal(self._style.comma)
        first = [value for one in schema.get("prefixItems", ()) if (value := self.value(one, depth + 1))]
        if first:
            return f'"[" {f" {comma} ".join(first)} "]"'
        item = self.value(schema.get("items", True), depth + 1)
        if not item or high == 0:
            return '"[]"'
        count = f"{{{max(low - 1, 0)},{'' if high is None else high - 1}}}"
        some = f'"[" {item} ({comma} {item}){count} "]"'
        return self._rules.rule(some if low else f'"[]" | {some}')

    def _constant(self, value: Any) -> str:
        style = self._style
        match value:
            case str():
                return style.one_of([value])
            case bool() | None:
                return literal(style.words[json.dumps(value)])
            case list():
                inner = f" {literal(style.comma)} ".join(map(self._constant, value))
                return f'("[" {inner} "]")'
            case dict():
                pairs = [f"{style.key(str(k))} {literal(style.colon)} {self._constant(v)}" for k, v in value.items()]
                return f'("{{" {f" {literal(style.comma)} ".join(pairs)} "}}")'
        return literal(json.dumps(value))

    def _any(self) -> str:
        """Any value: what `{}` allows, which speaks of itself."""
        if not self._anything:
            self._anything = name = self._rules.reserve()
            kinds = [simple for kind in TYPES if kind != "integer" for simple in self._simple({"type": kind}, 0)]
            self._rules.define(name, either(kinds))
        return self._anything


def bare_name(name: str) -> str:
    """A name without quotes, or in quotes if it could not be told from what is around it."""
    if re.fullmatch(r"[^\s,:=<>(){}\[\]\"']+", name):
        return literal(name)
    return literal(f"'{name}'" if '"' in name else f'"{name}"')


def _python_text(text: str, quote: str) -> str:
    """The text as Python writes it between these quotes."""
    chars = ("\\" + char if char in ("\\", quote) else char if char in "'\"" else repr(char)[1:-1] for char in text)
    return quote + "".join(chars) + quote
