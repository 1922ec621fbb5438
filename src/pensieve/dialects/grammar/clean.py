"""A client's JSON Schema, whatever it is, as one that llguidance can be given safely.

llguidance recurses on the machine's stack, and a schema nested or chained deeply enough ends the process: so depth and
size are bounded here, before it sees anything. What it does not know is left out, and what is no schema is no bound.
"""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Callable, Iterator
from typing import Any

Schema = dict[str, Any]

DEEPEST = 40
MOST_NODES = 3000
MOST_MEMBERS = 400
MOST_ALTERNATIVES = 500
LARGEST_COUNT = 2000
LARGEST_ENUMS = 300_000
LARGEST_NUMBER = 10**15 - 1
"""Every number in this range is the same in every JSON library; without a bound a model may write digits for ever."""

TYPES = ("string", "number", "integer", "boolean", "null", "array", "object")
BY_NAME = ("properties", "patternProperties", "$defs", "definitions")
LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
SINGLE = ("additionalProperties", "items", "additionalItems")
APPLICATORS = ("allOf", "anyOf", "oneOf", "$ref")
COUNTS = ("minItems", "maxItems", "minProperties", "maxProperties", "minLength", "maxLength")
NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
FORMATS = ("date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid")
"""Those that llguidance knows in every version that an engine may carry; others, as `uri`, are only said, not bound."""
LOST = (
    *("not", "if", "then", "else", "contains", "minContains", "maxContains", "uniqueItems"),
    *("dependentRequired", "dependentSchemas", "dependencies", "unevaluatedItems", "unevaluatedProperties"),
    *("$dynamicRef", "$recursiveRef"),
)
"""Keywords that bind and that llguidance does not know."""
HARMLESS: dict[str, Any] = {"uniqueItems": False, "unevaluatedItems": True, "unevaluatedProperties": True}


class TooLarge(ValueError):
    """The schema is beyond what may be compiled."""


class Cleaner:
    """Cleans one schema. `lost` tells whether a bound was left out, so that valid output may still break the schema."""

    def __init__(self, closed: bool) -> None:
        self._closed = closed
        self._nodes = 0
        self._enum_bytes = 0
        self.lost = False

    def clean(self, schema: Any) -> Schema:
        """Raises TooLarge."""
        cleaned = self._node(schema, 0)
        if cleaned is False:
            self.lost = True
        root = cleaned if isinstance(cleaned, dict) else {}
        if _longest(root) > DEEPEST:
            raise TooLarge("nested too deeply")
        for endless in _endless(root):
            self.lost = True
            endless.clear()
        return root

    def _node(self, schema: Any, depth: int) -> Schema | bool:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise TooLarge("too many parts")
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, dict) or depth > DEEPEST:
            self.lost = True
            return True
        result: Schema = {}
        for key, value in schema.items():
            kept = self._keyword(str(key), value, depth)
            if kept is not None:
                result[str(key)] = kept
            elif key in LOST and value is not HARMLESS.get(key):
                self.lost = True
        self._name_rules(schema, result)
        self._close(schema, result)
        _new_tuples(result)
        _bound_numbers(result)
        return result

    def _keyword(self, key: str, value: Any, depth: int) -> Any:
        """What is kept of a keyword's value, None: nothing. A value of the wrong kind is dropped."""
        if key in BY_NAME:
            if not isinstance(value, dict) or len(value) > MOST_MEMBERS:
                return self._drop()
            return {str(name): self._node(one, depth + 1) for name, one in value.items()}
        if key in LISTS or (key == "items" and isinstance(value, list)):
            if not isinstance(value, list) or not value or len(value) > MOST_ALTERNATIVES:
                return self._drop()
            return [self._node(one, depth + 1) for one in value]
        if key in SINGLE:
            return self._node(value, depth + 1)
        if key == "format":
            return value if value in FORMATS else None
        if key not in PLAIN or (key == "required" and value == []):
            return None
        kept = PLAIN[key](value)
        if key == "enum":
            self._enum_bytes += size(value)
            kept = kept if self._enum_bytes < LARGEST_ENUMS else None
        if kept is None and not _wider(key, value):
            self.lost = True
        return kept

    def _drop(self) -> None:
        self.lost = True

    def _name_rules(self, schema: Schema, result: Schema) -> None:
        """`propertyNames`, where names are given by a pattern or a list, in the words that llguidance knows."""
        names, others = schema.get("propertyNames"), result.get("additionalProperties", True)
        if names is None or names in (True, {}, {"type": "string"}) or others is False:
            return
        if not isinstance(names, dict) or {"properties", "patternProperties"} & result.keys():
            self.lost = True
        elif set(names) <= {"type", "pattern"} and isinstance(names.get("pattern"), str):
            result |= {"patternProperties": {names["pattern"]: others}, "additionalProperties": False}
        elif set(names) <= {"type", "enum"} and _is_texts(names.get("enum")) and len(names["enum"]) <= MOST_MEMBERS:
            self._nodes += len(names["enum"])
            result |= {"properties": dict.fromkeys(names["enum"], others), "additionalProperties": False}
        else:
            self.lost = True

    def _close(self, schema: Schema, result: Schema) -> None:
        """Where a schema names members and says nothing of others, there are none: models invent them otherwise."""
        open_to_more = {*APPLICATORS, "patternProperties", "if", "dependentSchemas", "unevaluatedProperties"}
        if self._closed and result.get("properties") and not open_to_more & schema.keys():
            required = set(result.get("required", ()))
            if required <= result["properties"].keys():
                result.setdefault("additionalProperties", False)


def composed(schema: Any, depth: int = 0) -> bool:
    """Whether schemas are joined anywhere in it: then no part may be closed, lest no object satisfies all."""
    if isinstance(schema, list):
        return depth <= 2 * DEEPEST and any(composed(one, depth + 1) for one in schema)
    if not isinstance(schema, dict) or depth > 2 * DEEPEST:
        return False
    named = bool({"properties", "additionalProperties"} & schema.keys())
    if "allOf" in schema or (named and {"$ref", "anyOf", "oneOf"} & schema.keys()):
        return True
    return any(composed(value, depth + 1) for value in schema.values())


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)


def _types(value: Any) -> Any:
    if isinstance(value, str):
        return value if value in TYPES else None
    known = [one for one in value if isinstance(one, str) and one in TYPES] if isinstance(value, list) else []
    return list(dict.fromkeys(known)) if known and len(known) == len(value) else None


def _count(value: Any) -> int | None:
    good = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LARGEST_COUNT
    return int(value) if good and value == int(value) else None


def _number(value: Any) -> int | float | None:
    good = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST_NUMBER
    return value if good else None


def _wider(key: str, value: Any) -> bool:
    """Whether the bound is one that the own bound on numbers lies within."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return value > LARGEST_NUMBER if "axi" in key else value < -LARGEST_NUMBER if "ini" in key else False


def _ref(value: Any) -> str | None:
    return value if isinstance(value, str) and (value == "#" or value.startswith("#/")) else None


PLAIN: dict[str, Callable[[Any], Any]] = {
    "type": _types,
    "enum": lambda value: value if isinstance(value, list) and value else None,
    "const": lambda value: value,
    "required": lambda value: list(dict.fromkeys(value)) if _is_texts(value) else None,
    "pattern": lambda value: value if isinstance(value, str) else None,
    "$ref": _ref,
    **dict.fromkeys(COUNTS, _count),
    **dict.fromkeys(NUMBERS, _number),
}


def _new_tuples(node: Schema) -> None:
    """A list of schemas as `items` is the old way to write `prefixItems`."""
    more = node.pop("additionalItems", True)
    if isinstance(node.get("items"), list):
        node["prefixItems"], node["items"] = node["items"], more


def _bound_numbers(node: Schema) -> None:
    kinds = node.get("type", ())
    numeric = {"integer", "number"} & ({kinds} if isinstance(kinds, str) else set(kinds))
    if numeric and not {"enum", "const", "multipleOf", *APPLICATORS} & node.keys():
        if "exclusiveMinimum" not in node:
            node.setdefault("minimum", -LARGEST_NUMBER)
        if "exclusiveMaximum" not in node:
            node.setdefault("maximum", LARGEST_NUMBER)


def children(node: Any) -> Iterator[Any]:
    """The schemas that stand directly in this one, definitions too."""
    if not isinstance(node, dict):
        return
    for key in BY_NAME:
        yield from node.get(key, {}).values()
    for key in (*LISTS, *SINGLE):
        value = node.get(key)
        if value is not None:
            yield from value if isinstance(value, list) else [value]


def resolve(root: Schema, ref: str) -> Any:
    """What `#/...` points at, None: nothing."""
    found: Any = root
    for step in urllib.parse.unquote(ref.removeprefix("#")).split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict) and name in found:
            found = found[name]
        elif isinstance(found, list) and name.isascii() and name.isdigit() and int(name) < len(found):
            found = found[int(name)]
        else:
            return None
    return found


def _longest(root: Schema) -> int:
    """The longest way down through the schema and its references; no recursion, and bounded.

    In a circle it depends on where one begins: both orders are tried.
    """
    return max(_way_down(root, 1), _way_down(root, -1))


def _way_down(root: Schema, order: int) -> int:
    depths: dict[int, int] = {}
    open_nodes: set[int] = set()
    stack: list[tuple[Any, list[Any] | None]] = [(root, None)]
    while stack:
        node, below = stack.pop()
        if below is not None:
            open_nodes.discard(id(node))
            depths[id(node)] = 1 + max((depths.get(id(one), 0) for one in below), default=0)
        elif isinstance(node, dict) and id(node) not in depths and id(node) not in open_nodes:
            open_nodes.add(id(node))
            below = [one for one in children(node) if isinstance(one, dict)]
            if "$ref" in node:
                below.append(resolve(root, node["$ref"]))
            stack.append((node, below))
            stack.extend((one, None) for one in below[::order])
    return depths.get(id(root), 0)


def _endless(root: Schema) -> list[Schema]:
    """The schemas that no finite value fits: those that require themselves."""
    nodes: dict[int, Schema] = {}
    stack: list[Any] = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, dict) and id(node) not in nodes:
            nodes[id(node)] = node
            stack.extend(children(node))
    finite: set[int] = set()

    def ends(node: Any) -> bool:
        return id(node) in finite if isinstance(node, dict) else bool(node)

    grown = True
    while grown:
        found = {key for key, node in nodes.items() if key not in finite and _ends(node, root, ends)}
        grown = bool(found)
        finite |= found
    return [node for key, node in nodes.items() if key not in finite]


def _ends(node: Schema, root: Schema, ends: Callable[[Any], bool]) -> bool:
    """Whether a finite value fits, given which schemas one fits."""
    if "$ref" in node and isinstance(target := resolve(root, node["$ref"]), dict) and not ends(target):
        return False
    if not all(map(ends, node.get("allOf", ()))):
        return False
    if not all(any(map(ends, node[key])) for key in ("anyOf", "oneOf") if key in node):
        return False
    kinds = node.get("type", TYPES)
    kinds = {kinds} if isinstance(kinds, str) else set(kinds)
    if kinds - {"object", "array"} or "enum" in node or "const" in node:
        return True
    properties = node.get("properties", {})
    good_object = all(ends(properties.get(name, True)) for name in node.get("required", ()))
    few = not node.get("minItems") or ("prefixItems" in node or ends(node.get("items", True)))
    return ("object" in kinds and good_object) or ("array" in kinds and few)


def size(value: Any) -> int:
    """The length of the value as JSON; a value that is none is endlessly large."""
    try:
        return len(json.dumps(value, allow_nan=False))
    except (RecursionError, TypeError, ValueError):
        return 1 << 62
