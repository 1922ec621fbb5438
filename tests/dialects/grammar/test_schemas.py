"""What a client calls a schema: whatever it is, it compiles, and binds as much as it can."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pensieve.dialects.families import HERMES
from pensieve.dialects.grammar.schemas import accept, compiles
from schemas import BROKEN, CORNERS, REAL, SCHEMAS
from walker import Walker

CANNOT_SAY = {"unique_items", "conditional"}


def fits(schema: Any, value: Any, *, object_only: bool = True) -> bool:
    text = f"%llguidance {{}}\nstart: {accept(schema, object_only=object_only).json()}\n"
    return Walker(HERMES, {}).takes(text, json.dumps(value, ensure_ascii=False))


@pytest.mark.parametrize("name", SCHEMAS | BROKEN)
def test_every_schema_compiles(name: str) -> None:
    accepted = accept((SCHEMAS | BROKEN)[name])
    assert compiles(accepted)
    assert accepted.relaxed == ((name in BROKEN and name != "x_guidance") or name in CANNOT_SAY)


@pytest.mark.parametrize("schema", [None, True, False, 5, "x", [], [{}], {"type": []}, {1: 2}])
def test_what_is_no_schema_at_all_is_any_object(schema: Any) -> None:
    assert fits(schema, {"a": [1, None]})
    assert not fits(schema, [])


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("Glob", {"pattern": "*"}, {"path": "/"}),
        ("get_weather", {"location": "here"}, {"location": "here", "when": "now"}),
        ("create_entities", {"entities": []}, {"entities": [{"name": "x"}]}),
        ("empty", {"x": 1}, []),
        ("recursion", {"tree": {"value": 1, "children": [{"value": 2}]}}, {"tree": {"value": 1, "children": [{}]}}),
        ("bounds", {"n": -5}, {"n": 6}),
        ("more_members", {"id": 1, "x": True}, {"id": 1, "x": 1}),
        ("names_by_pattern", {"x_a": 1}, {"a": 1}),
        ("names_by_list", {"a": 1, "b": 2}, {"c": 1}),
        ("old_tuple", {"pair": [True, 1]}, {"pair": [1, True]}),
        ("all_of", {"a": "", "b": 1}, {"a": ""}),
        ("required_or", {"b": 1}, {}),
        ("nullable", {"name": None}, {"name": 1}),
    ],
)
def test_a_schema_binds(name: str, good: Any, bad: Any) -> None:
    assert fits(SCHEMAS[name], good)
    assert not fits(SCHEMAS[name], bad)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("bad_pattern", {"a": "x", "b": 1}, {"a": "x", "b": "y"}),
        ("lookaround", {"a": "y"}, {"a": 1}),
        ("no_such_definition", {"a": [1], "b": 1}, {"a": [1], "b": "x"}),
        ("unknown_type", {"a": [1]}, {"b": 1}),
        ("endless", {"a": {}}, []),
        ("nothing_fits", {"a": 1}, 1),
        ("a_megabyte", {"a": "x"}, {"a": 1}),
        ("large_counts", {"a": [], "b": ""}, {"a": 1}),
    ],
)
def test_of_a_broken_schema_only_the_broken_part_does_not_bind(name: str, good: Any, bad: Any) -> None:
    assert fits(BROKEN[name], good)
    assert not fits(BROKEN[name], bad)


def test_a_format_may_be_other_than_an_object_and_stays_open() -> None:
    assert fits({"type": "array", "items": {"type": "integer"}}, [1, 2], object_only=False)
    assert fits({"type": "object", "properties": {"a": {}}}, {"b": 1}, object_only=False)


def test_numbers_and_white_space_end() -> None:
    text = f"%llguidance {{}}\nstart: {accept(REAL['sequential_thinking']).json()}\n"
    walker = Walker(HERMES, {})
    begun = '{"thought": "", "nextThoughtNeeded": true, "thoughtNumber": '
    assert walker.takes(text, begun + "9" * 15 + "}")
    assert not walker.goes_on(text, begun + "9" * 16)
    assert not walker.goes_on(text, '{ "thought"') and not walker.goes_on(text, "{\n")


def test_members_stand_in_the_order_of_the_schema() -> None:
    assert list(accept(CORNERS["unicode"]).schema["properties"]) == ["naïve", "größe", "名前"]
    assert not fits(CORNERS["unicode"], {"größe": 1, "naïve": ""})
