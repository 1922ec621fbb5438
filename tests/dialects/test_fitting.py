"""Inputs that break their schema: what can be read in another way that fits is, and all else stays as it is."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from pensieve.core.chat import Tool
from pensieve.dialects.fitting import Fitter

LINES = {"type": "array", "items": {"type": "string"}}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "path": {"type": "string"},
        "limit": {"type": "integer", "minimum": 0},
        "exact": {"type": "boolean"},
        "lines": LINES,
        "either": {"anyOf": [LINES, {"type": "null"}]},
        "mode": {"enum": ["v1.5", "v2"]},
        "short": {"type": "string", "maxLength": 4},
        "day": {"type": "string", "format": "date"},
        "deep": {"$ref": "#/$defs/deep"},
    },
    "required": ["path"],
    "additionalProperties": False,
    "$defs": {"deep": {"type": "object", "properties": {"sizes": {"type": "array", "items": {"type": "number"}}}}},
}

FITTED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"path": "a", "limit": "5"}, {"path": "a", "limit": 5}),
    ({"path": 5}, {"path": "5"}),
    ({"path": True}, {"path": "true"}),
    ({"path": "a", "exact": "true"}, {"path": "a", "exact": True}),
    ({"path": "a", "lines": '["x", "y"]'}, {"path": "a", "lines": ["x", "y"]}),
    ({"path": "a", "lines": ["x", 3]}, {"path": "a", "lines": ["x", "3"]}),
    ({"path": "a", "either": '["x"]'}, {"path": "a", "either": ["x"]}),
    ({"path": "a", "limit": None}, {"path": "a"}),
    ({"path": "a", "mode": "v1 .5"}, {"path": "a", "mode": "v1.5"}),
    ({"path": "a", "short": ", ..."}, {"path": "a", "short": ",..."}),
    ({"path": "a", "short": "a\ufffd\ufffd\ufffd.b"}, {"path": "a", "short": "a\ufffd.b"}),
    ({"path": "a", "deep": '{"sizes": [1]}'}, {"path": "a", "deep": {"sizes": [1]}}),
    ({"path": "a", "deep": {"sizes": ["1", 2]}}, {"path": "a", "deep": {"sizes": [1, 2]}}),
    ({"path": 1, "limit": "2", "exact": "false"}, {"path": "1", "limit": 2, "exact": False}),
    ({"path": "a", "limit": "5", "other": 1}, {"path": "a", "limit": 5, "other": 1}),
]

LEFT: list[dict[str, Any]] = [
    {"path": "a", "limit": 5, "exact": False},
    {"path": None},
    {"path": "git add ."},
    {"path": "[1]"},
    {"path": "a", "limit": "five"},
    {"path": "a", "limit": "-5"},
    {"path": "a", "limit": "NaN"},
    {"path": "a", "lines": "x"},
    {"path": "a", "lines": "[1"},
    {"path": "a", "short": "hello"},
    {"path": "a", "day": "tomorrow"},
    {"path": "a", "other": 1},
    {},
]


def fitted(value: dict[str, Any], schema: dict[str, Any] = SCHEMA) -> dict[str, Any]:
    return Fitter((Tool("f", "", schema),)).fitted("f", value)


@pytest.mark.parametrize(("value", "other"), FITTED)
def test_what_has_another_reading_that_fits_is_read_so(value: dict[str, Any], other: dict[str, Any]) -> None:
    before = repr(value)
    assert fitted(value) == other
    assert repr(value) == before


@pytest.mark.parametrize("value", LEFT)
def test_what_fits_or_has_no_such_reading_stays(value: dict[str, Any]) -> None:
    assert fitted(value) is value


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "http://127.0.0.1:1/schema.json"},
        {"$ref": "#/nowhere"},
        {"type": "nothing"},
        {"properties": {"a": {"pattern": "("}}},
        {"properties": {"a": {"enum": ["x" * 500_000]}}},
        {"$ref": "#"},
    ],
)
def test_a_schema_that_says_nothing_or_too_much_changes_nothing(schema: dict[str, Any]) -> None:
    value = {"a": "1"}
    assert fitted(value, schema) is value


def test_a_tool_that_nobody_offers_has_no_schema_to_break() -> None:
    value = {"path": 5}
    assert Fitter(()).fitted("f", value) is value


def test_a_pattern_that_takes_for_ever_does_not() -> None:
    schema = {"properties": {"a": {"pattern": "^(a+)+$"}, "b": {"pattern": "^(?=(b+)+c).*$"}}}
    value = {"a": "a" * 50_000 + "!", "b": "b" * 50_000}
    assert fitted(value, schema) is value


def test_what_still_breaks_is_logged_without_a_word_of_it(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        fitted({"path": "a", "limit": "secret"})
    assert caplog.messages == ["the input of f breaks its schema: 'properties/limit/type'"]
