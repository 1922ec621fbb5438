"""Schemas and answers in GBNF. That llama.cpp takes them, and that dice keep to them, `test_valid_calls.py` shows."""

from __future__ import annotations

from typing import Any

import pytest

from pensieve.core.chat import Choice, Tool
from pensieve.dialects.families import HERMES, MISTRAL_LIST, QWEN_CODER
from pensieve.dialects.grammar.build import ThoughtState
from pensieve.dialects.grammar.cache import Grammars
from pensieve.dialects.grammar.gbnf import Gbnf, Values, literal
from pensieve.dialects.grammar.gbnf_answer import gbnf_of
from pensieve.dialects.grammar.schemas import accept

NEVER = "[^\\x00-\\U0010FFFF]"
TOOLS = (Tool("Read", "", {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}),)


def rules_of(schema: dict[str, Any]) -> dict[str, str]:
    rules = Gbnf()
    text = rules.text(Values(rules, schema).whole())
    return dict(line.split(" ::= ", 1) for line in text.splitlines())


def told(rules: dict[str, str], name: str = "root") -> str:
    """A rule with the names of others replaced by what they stand for, those of all grammars left alone."""
    words = rules[name].split(" ")
    return " ".join(f"({told(rules, word)})" if word in rules and word[1:].isdecimal() else word for word in words)


def test_a_text_is_written_with_its_signs() -> None:
    assert literal('a"b\\c\nd é\u200b') == '"a\\"b\\\\c\\U0000000Ad é\\U0000200B"'


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({}, "value"),
        ({"type": "object"}, "object"),
        ({"type": "string"}, "string"),
        ({"type": "string", "maxLength": 3}, '("\\"" char{0,3} "\\"")'),
        ({"type": "string", "maxLength": 5000}, "string"),
        ({"enum": ["a", 1, None]}, '("\\"a\\"" | "1" | "null")'),
        ({"const": {"a": [1]}}, '"{\\"a\\": [1]}"'),
        ({"type": ["string", "null"]}, "(string | null)"),
        ({"anyOf": [{"type": "string"}, {"type": "boolean"}]}, "(string | boolean)"),
        ({"type": "array", "maxItems": 0}, '"[]"'),
        ({"type": "array", "items": {"type": "null"}, "minItems": 2}, '("[" (null (", " null){1,}) "]")'),
        ({"type": "integer", "minimum": 0, "maximum": 12}, '([0-9] | "1" [0-2])'),
        ({"enum": []}, NEVER),
        (
            {"type": "string", "minLength": 5, "anyOf": [{"maxLength": 2}, {"maxLength": 9}]},
            '(("\\"" char{5,9} "\\""))',
        ),
        ({"type": "array", "minItems": 5, "anyOf": [{"maxItems": 2}]}, NEVER),
        ({"type": ["null", "string"], "anyOf": [{"type": "string"}, {"type": "null"}]}, "((string) | (null))"),
        ({"type": "object", "anyOf": [{"type": "null"}]}, NEVER),
        ({"type": "array", "prefixItems": [{"type": "null"}], "items": False}, '("[" null  "]")'),
        ({"type": "array", "prefixItems": [{"type": "null"}], "minItems": 3}, '("[" null (", " value){2,} "]")'),
        ({"$ref": "#/$defs/a%20b", "$defs": {"a b": {"type": "null"}}}, "(null)"),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/a"}]}}}, "((null))"),
    ],
)
def test_values(schema: dict[str, Any], expected: str) -> None:
    assert told(rules_of(schema)) == expected


def test_members_stand_in_order_and_those_not_required_may_be_left_out() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "null"}, "b": {"type": "null"}}, "required": ["b"]}
    assert told(rules_of(schema)) == (
        '("{" ((("\\"a\\": " null) (", " ("\\"b\\": " null) "")) | (("\\"b\\": " null) "")) "}")'
    )


def test_a_schema_may_lead_back_to_itself() -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}
    rules = rules_of({"$ref": "#/$defs/node", "$defs": {"node": node}})
    name = rules["root"]
    assert sum(name in body for body in rules.values()) >= 2


def test_what_refers_to_itself_in_many_places_stays_small() -> None:
    """As pydantic writes references with a description."""
    again = {"description": "d", "allOf": [{"$ref": "#/$defs/X"}]}
    many = {"type": "object", "properties": {name: again for name in "abcdefgh"}}
    assert len(rules_of({"$ref": "#/$defs/X", "$defs": {"X": many}})) < 60
    bound = again | {"required": ["z"]}
    many = {"type": "object", "properties": {name: bound for name in "abcdefgh"}}
    assert len(rules_of({"$ref": "#/$defs/X", "$defs": {"X": many}})) < 20_000


def test_members_that_a_schema_lets_in_may_follow() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "null"}}, "required": ["a"], "additionalProperties": True}
    rules = rules_of(schema)
    assert told(rules).endswith('(", " r0)*) "}")') and rules["r0"] == 'string ": " (value)'


@pytest.mark.parametrize("thought", ["none", "free", "open"])
@pytest.mark.parametrize("later", [False, True])
def test_there_is_one_for_every_choice(thought: ThoughtState, later: bool) -> None:
    grammars = Grammars(HERMES, {}, "gbnf")
    for choice in (Choice(), Choice(kind="any"), Choice(kind="tool", name="Read"), Choice(kind="any", parallel=False)):
        text = grammars.get(TOOLS, choice, None, thought, later)
        assert literal('{"name": "Read", "arguments": ') in text
        no_more = later and choice.kind == "any" and not choice.parallel
        assert text.startswith('root ::= ""\n') == no_more
    assert grammars.get(TOOLS, Choice(kind="none"), None, thought, later) == ""
    assert "Read" not in grammars.get((), Choice(), {"type": "object"}, thought, later)


def test_calls_in_a_list_and_calls_that_are_no_objects() -> None:
    offered = [(tool, accept(tool.schema)) for tool in TOOLS]
    text = gbnf_of(MISTRAL_LIST, offered, Choice(kind="any"), None, opened=False, later=False)
    assert literal("[TOOL_CALLS]") in text and '"[{' not in text
    assert gbnf_of(QWEN_CODER, offered, Choice(kind="any"), None, opened=False, later=False) == ""
