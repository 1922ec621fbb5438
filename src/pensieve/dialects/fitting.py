"""Inputs that break their tool's schema: where another reading of a value fits, and means the same, it is taken.

A grammar leaves little to do here. But a schema may be more than a grammar can say, an engine may know none, and
llama.cpp hides some spaces from it (`HIDDEN`).
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from itertools import islice
from typing import Any

import jsonschema_rs

from pensieve.core.chat import Tool
from pensieve.core.errors import quoted
from pensieve.dialects.grammar.clean import size
from pensieve.dialects.jsontext import Parsed

log = logging.getLogger(__name__)

HIDDEN = re.compile(r" (?=[?!.,]|'(?:[sm]|re|ve))")
"""Spaces that llama.cpp leaves out when it shows a grammar the text of a token, if the vocabulary is of a kind that
"cleans up spaces" (Llama 3's and GLM 4's are): what was held to four characters may have five."""
MARKS = re.compile("\ufffd{2,4}")
"""What llama.cpp's grammars take for one letter, in a longer form than UTF-8 allows, is shown as several."""
LARGEST_SCHEMA = 400_000
MOST_ERRORS = 20
ANY_NUMBER = 2**31 - 1
"""A bound as large as this is none that a person has thought of."""
NO_NUMBER = (0, -1)
"""What stands for no number where a schema allows neither."""
_ABSENT = object()


class Fitter:
    def __init__(self, tools: tuple[Tool, ...]) -> None:
        self._schemas = {tool.name: tool.schema for tool in tools}
        self._validators: dict[str, jsonschema_rs.Validator | None] = {}

    def fitted(self, name: str, value: dict[str, Any]) -> dict[str, Any]:
        """The value itself if it fits, if nothing better is known, or if the tool has no schema to go by."""
        schema = self._schemas.get(name)
        if name not in self._validators:
            self._validators[name] = _validator(schema)
        validator = self._validators[name]
        value = _without_nothing(schema or {}, value)
        if validator is None or not (errors := _errors(validator, value)):
            return value
        for error in errors:
            changed = _better(validator, value, list(error.instance_path), error.instance)
            value = value if changed is None else changed
        if errors := _errors(validator, value):
            rules = ", ".join("/".join(map(str, error.schema_path)) for error in errors[:3])
            log.warning("the input of %s breaks its schema: %s", name, quoted(rules))
        return value


def _without_nothing(schema: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    """Without the optional members that say nothing: an empty text, a number that is none or any."""
    kept = {
        name: one
        for name, one in value.items()
        if not (_is_optional(schema, name) and _says_nothing(schema, name, one))
    }
    return value if len(kept) == len(value) else kept


def _is_optional(schema: dict[str, Any], name: str) -> bool:
    members, required = schema.get("properties"), schema.get("required", ())
    return isinstance(members, dict) and isinstance(members.get(name), dict) and name not in required


def _says_nothing(schema: dict[str, Any], name: str, value: Any) -> bool:
    member = schema["properties"][name]
    if value == "":
        return not ({"enum", "const", "default"} & set(member))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    low, high = (
        member.get("exclusiveMinimum", member.get("minimum")),
        member.get("exclusiveMaximum", member.get("maximum")),
    )
    if abs(value) >= ANY_NUMBER:
        return value in (low, high)
    return (
        value in NO_NUMBER and isinstance(low, int | float) and (value < low or value == member.get("exclusiveMinimum"))
    )


def _validator(schema: dict[str, Any] | None) -> jsonschema_rs.Validator | None:
    if schema is None or size(schema) > LARGEST_SCHEMA:
        return None
    try:
        return jsonschema_rs.validator_for(schema, validate_formats=True, offline=True)
    except ValueError:
        return None


def _errors(validator: jsonschema_rs.Validator, value: dict[str, Any]) -> list[jsonschema_rs.ValidationError]:
    return list(islice(validator.iter_errors(value), MOST_ERRORS))


def _better(
    validator: jsonschema_rs.Validator, value: dict[str, Any], path: list[str | int], found: Any
) -> dict[str, Any] | None:
    """The value with something else at the path, if fewer errors are left then."""
    if not path:
        return None
    before = len(_errors(validator, value))
    for other in _readings(found):
        changed = deepcopy(value)
        holder: Any = changed
        for step in path[:-1]:
            holder = holder[step]
        if other is _ABSENT and isinstance(holder, dict):
            del holder[path[-1]]
        elif other is not _ABSENT:
            holder[path[-1]] = other
        if len(_errors(validator, changed)) < before:
            return changed
    return None


def _readings(value: Any) -> Iterator[Any]:
    """What else a model may have meant: `"[1]"` for a list, 5 for a text, null for no value."""
    match value:
        case None:
            yield _ABSENT
        case str():
            with suppress(ValueError):
                yield Parsed(value).value
            yield HIDDEN.sub("", value)
            yield MARKS.sub("\ufffd", value)
        case bool() | int() | float():
            yield json.dumps(value)
