"""`thinking` and `output_config`: every shape that the SDK types, and which field an error names."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pensieve.core.errors import RequestError
from pensieve.wire.options import (
    JsonSchemaFormat,
    OutputConfig,
    ThinkingAdaptive,
    ThinkingBetweenTools,
    ThinkingConfig,
    ThinkingDisabled,
    ThinkingEnabled,
)
from pensieve.wire.request import MessagesRequest, parse_messages_request

FORMAT = {"type": "json_schema", "schema": {"type": "object", "required": ["a"]}}
READ_FORMAT = JsonSchemaFormat({"type": "object", "required": ["a"]})


def parsed(**fields: Any) -> MessagesRequest:
    body = {"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}], **fields}
    return parse_messages_request(json.dumps(body).encode())


@pytest.mark.parametrize(
    ("thinking", "expected"),
    [
        ({"type": "enabled", "budget_tokens": 1024}, ThinkingEnabled(budget_tokens=1024)),
        ({"type": "enabled", "budget_tokens": 1}, ThinkingEnabled(budget_tokens=1)),
        ({"type": "enabled", "budget_tokens": 99_999}, ThinkingEnabled(budget_tokens=99_999)),
        (
            {"type": "enabled", "budget_tokens": 1024, "display": "omitted"},
            ThinkingEnabled(budget_tokens=1024, display="omitted"),
        ),
        ({"type": "adaptive"}, ThinkingAdaptive()),
        ({"type": "adaptive", "display": "summarized"}, ThinkingAdaptive("summarized")),
        ({"type": "adaptive", "display": "updates", "block_binding": {}}, ThinkingAdaptive("updates")),
        ({"type": "adaptive", "display": None}, ThinkingAdaptive()),
        ({"type": "disabled"}, ThinkingDisabled()),
        ({"type": "between_tools"}, ThinkingBetweenTools()),
    ],
)
def test_every_way_to_think_is_taken(thinking: Any, expected: ThinkingConfig) -> None:
    assert parsed(thinking=thinking).thinking == expected


@pytest.mark.parametrize("effort", ["low", "medium", "high", "xhigh", "max", None])
def test_every_effort_is_taken(effort: Any) -> None:
    assert parsed(output_config={"effort": effort}).output_config == OutputConfig(effort)


@pytest.mark.parametrize("fields", [{"output_config": {"format": FORMAT}}, {"output_format": FORMAT}])
def test_the_format_may_stand_in_the_config_or_beside_it(fields: dict[str, Any]) -> None:
    assert parsed(**fields).output_config == OutputConfig(None, READ_FORMAT)


def test_the_format_in_the_config_counts_more() -> None:
    other = {"type": "json_schema", "schema": {}}
    assert parsed(output_config={"format": FORMAT}, output_format=other).output_config.format == READ_FORMAT
    assert parsed(output_config={"effort": "low"}, output_format=other).output_config == OutputConfig(
        "low", JsonSchemaFormat({})
    )


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"thinking": "adaptive"}, "thinking", "expected object | null, got str"),
        ({"thinking": {}}, "thinking.type", "field required"),
        ({"thinking": {"type": "hard"}}, "thinking.type", "invalid value 'hard'"),
        ({"thinking": {"type": "enabled"}}, "thinking.budget_tokens", "field required"),
        ({"thinking": {"type": "enabled", "budget_tokens": -1}}, "thinking.budget_tokens", "expected int >= 0"),
        ({"thinking": {"type": "enabled", "budget_tokens": "9"}}, "thinking.budget_tokens", "expected int, got str"),
        ({"thinking": {"type": "adaptive", "display": 5}}, "thinking.display", "expected str | null, got int"),
        ({"output_config": []}, "output_config", "expected object | null, got array"),
        ({"output_config": {"effort": "some"}}, "output_config.effort", "invalid enum value 'some'"),
        ({"output_config": {"format": {"type": "xml"}}}, "output_config.format.type", "invalid value 'xml'"),
        ({"output_config": {"format": {"type": "json_schema"}}}, "output_config.format.schema", "field required"),
        ({"output_format": {"type": "json_schema", "schema": 5}}, "output_format.schema", "expected object, got int"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], field: str, message: str) -> None:
    with pytest.raises(RequestError) as caught:
        parsed(**fields)
    assert (caught.value.field, str(caught.value)) == (field, f"{field}: {message}")
