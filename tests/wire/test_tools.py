"""Tools and the choice among them: what is taken, and which field an error names."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pensieve.core.errors import RequestError
from pensieve.wire.request import MessagesRequest, parse_messages_request
from pensieve.wire.tools import ToolChoice, ToolDefinition

NAME = "expected 1 to 128 of the characters a-z, A-Z, 0-9, _ and -, got "


def parsed(**fields: Any) -> MessagesRequest:
    body = {"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}], **fields}
    return parse_messages_request(json.dumps(body).encode())


def tool(name: Any = "f", **fields: Any) -> dict[str, Any]:
    return {"name": name, "input_schema": {}, **fields}


def test_all_that_can_be_said_of_a_tool_is_taken() -> None:
    said = tool(description="d", strict=True, eager_input_streaming=True, defer_loading=True, type="custom")
    extra = {"allowed_callers": ["direct"], "input_examples": [{}], "cache_control": {"type": "ephemeral"}}
    assert parsed(tools=[{**said, **extra}]).tools == (ToolDefinition("f", "custom", "d", {}, True, True, True),)


@pytest.mark.parametrize("flag", ["defer_loading", "strict", "eager_input_streaming"])
def test_a_flag_may_be_null(flag: str) -> None:
    assert not getattr(parsed(tools=[tool(**{flag: None})]).tools[0], flag)


@pytest.mark.parametrize("kind", [{}, {"type": None}, {"type": "custom"}])
def test_a_tool_of_no_type_or_custom_is_custom(kind: dict[str, Any]) -> None:
    assert parsed(tools=[tool(**kind)]).tools[0].is_custom


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ({"type": "web_search_20250305", "name": "web_search", "max_uses": 5}, "web_search"),
        ({"type": "tool_search_tool_bm25", "name": "tool_search_tool_bm25"}, "tool_search_tool_bm25"),
        ({"type": "browser_toolset_20260801"}, "browser_toolset_20260801"),
        ({"type": "mcp_toolset", "mcp_server_name": "s"}, "mcp_toolset"),
    ],
)
def test_a_tool_of_a_server_needs_no_schema_and_no_name(sent: dict[str, Any], name: str) -> None:
    assert [(tool.name, tool.is_custom) for tool in parsed(tools=[sent]).tools] == [(name, False)]


def test_several_toolsets_of_one_type_may_come_without_names() -> None:
    assert len(parsed(tools=[{"type": "mcp_toolset"}, {"type": "mcp_toolset"}]).tools) == 2


@pytest.mark.parametrize("name", ["a", "A-b_9", "_", "-", "x" * 128, "mcp__git__status"])
def test_a_name_that_the_api_takes_is_taken(name: str) -> None:
    assert parsed(tools=[tool(name)]).tools[0].name == name


def test_any_schema_is_taken() -> None:
    huge = {"type": "object", "properties": {"x": {"enum": [f"value {n}" for n in range(70_000)]}}}
    assert len(json.dumps(huge)) > 1_000_000
    sent = [{}, {"$schema": "x", "anyOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {}}}, {"type": ["object"]}, huge]
    tools = parsed(tools=[tool(f"t{n}", input_schema=schema) for n, schema in enumerate(sent)]).tools
    assert [tool.input_schema for tool in tools] == sent


def test_three_hundred_tools_are_taken() -> None:
    assert len(parsed(tools=[tool(f"t{n}") for n in range(300)]).tools) == 300


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"type": "auto"}, ToolChoice()),
        ({"type": "any", "disable_parallel_tool_use": True}, ToolChoice("any", None, True)),
        ({"type": "tool", "name": "f", "disable_parallel_tool_use": False}, ToolChoice("tool", "f", False)),
        ({"type": "none"}, ToolChoice("none")),
        ({"type": "auto", "disable_parallel_tool_use": None}, ToolChoice()),
    ],
)
def test_every_choice_is_taken(choice: dict[str, Any], expected: ToolChoice) -> None:
    assert parsed(tools=[tool()], tool_choice=choice).tool_choice == expected


@pytest.mark.parametrize(
    ("tools", "field", "message"),
    [
        ({}, "tools", "expected array | null, got object"),
        ([5], "tools.0", "expected object, got int"),
        ([tool(), {"input_schema": {}}], "tools.1.name", "field required"),
        ([tool("")], "tools.0.name", "field required"),
        ([tool(5)], "tools.0.name", "expected str, got int"),
        ([tool("a b")], "tools.0.name", NAME + "'a b'. Rename the tool."),
        ([tool("a\n")], "tools.0.name", NAME + "'a\\n'. Rename the tool."),
        ([tool("grüße")], "tools.0.name", NAME + "'grüße'. Rename the tool."),
        ([tool("x" * 129)], "tools.0.name", NAME + f"'{'x' * 100}...'. Rename the tool."),
        ([{"name": "a"}], "tools.0.input_schema", "field required"),
        ([{"name": "a", "type": "custom"}], "tools.0.input_schema", "field required"),
        ([tool(input_schema=[])], "tools.0.input_schema", "expected object | null, got array"),
        ([tool(strict="yes")], "tools.0.strict", "expected bool | null, got str"),
        ([tool(defer_loading=1)], "tools.0.defer_loading", "expected bool | null, got int"),
        ([tool(eager_input_streaming={})], "tools.0.eager_input_streaming", "expected bool | null, got object"),
        (
            [tool("a"), tool("b"), tool("a")],
            "tools.2.name",
            "tool names must be unique, 'a' is not. Rename one of the two, or leave it out.",
        ),
        (
            [tool("web_search"), {"type": "web_search_20250305", "name": "web_search"}],
            "tools.1.name",
            "tool names must be unique, 'web_search' is not. Rename one of the two, or leave it out.",
        ),
    ],
)
def test_a_wrong_tool_is_named_with_its_field(tools: Any, field: str, message: str) -> None:
    with pytest.raises(RequestError) as caught:
        parsed(tools=tools)
    assert (caught.value.field, str(caught.value)) == (field, f"{field}: {message}")
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("choice", "field", "message"),
    [
        ("auto", "tool_choice", "expected object | null, got str"),
        ({"type": "some"}, "tool_choice.type", "invalid enum value 'some'"),
        ({"type": "tool"}, "tool_choice.name", "field required"),
        ({"type": "tool", "name": None}, "tool_choice.name", "field required"),
        (
            {"type": "any", "disable_parallel_tool_use": "no"},
            "tool_choice.disable_parallel_tool_use",
            "expected bool | null, got str",
        ),
    ],
)
def test_a_wrong_choice_is_named_with_its_field(choice: Any, field: str, message: str) -> None:
    with pytest.raises(RequestError) as caught:
        parsed(tools=[tool()], tool_choice=choice)
    assert (caught.value.field, str(caught.value)) == (field, f"{field}: {message}")
