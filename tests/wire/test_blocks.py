"""Content blocks: known ones are checked to the last field, unknown ones never fail a request."""

from __future__ import annotations

from typing import Any

import pytest

from pensieve.core.errors import RequestError
from pensieve.wire.blocks import (
    AnyBlock,
    DocumentBlock,
    ImageBlock,
    McpToolNamed,
    McpToolsetNamed,
    RedactedThinkingBlock,
    ServerToolUseBlock,
    TextBlock,
    ThinkingBlock,
    ToolAdditionBlock,
    ToolDefined,
    ToolNamed,
    ToolReferenceBlock,
    ToolRemovalBlock,
    ToolResultBlock,
    ToolSearchFailed,
    ToolSearchResultBlock,
    ToolsFound,
    ToolUseBlock,
    UnknownBlock,
    parse_blocks,
)
from pensieve.wire.tools import ToolDefinition

TEXT = {"type": "text", "text": "a"}
SOURCE = {"type": "text", "data": "x"}
FOUND = {"type": "tool_search_tool_search_result", "tool_references": [{"type": "tool_reference", "tool_name": "f"}]}
FAILED = {"type": "tool_search_tool_result_error", "error_code": "unavailable", "error_message": None}
NAMED = {"type": "tool_reference", "name": "f"}
DEFINED = {"type": "tool_definition", "definition": {"name": "f", "input_schema": {}, "defer_loading": True}}


def search_result(content: Any) -> dict[str, Any]:
    return {"type": "tool_search_tool_result", "tool_use_id": "1", "content": content}


def addition(tool: Any) -> dict[str, Any]:
    return {"type": "tool_addition", "tool": tool, "cache_control": None}


def test_a_string_is_one_text_block() -> None:
    assert parse_blocks("hi", "system") == (TextBlock("hi"),)
    assert parse_blocks("", "system") == (TextBlock(""),)


def test_nothing_is_no_block() -> None:
    assert parse_blocks(None, "system") == parse_blocks([], "system") == ()


@pytest.mark.parametrize(
    ("raw", "block"),
    [
        (TEXT, TextBlock("a")),
        ({"type": "image", "source": SOURCE}, ImageBlock(SOURCE)),
        ({"type": "document", "source": SOURCE}, DocumentBlock(SOURCE)),
        ({"type": "document", "source": SOURCE, "title": "t", "context": "c"}, DocumentBlock(SOURCE, "t", "c")),
        ({"type": "document", "source": SOURCE, "title": None, "context": None}, DocumentBlock(SOURCE)),
        ({"type": "thinking", "thinking": "hm", "signature": "s"}, ThinkingBlock("hm", "s")),
        ({"type": "thinking", "thinking": "hm"}, ThinkingBlock("hm", "")),
        ({"type": "redacted_thinking", "data": "d"}, RedactedThinkingBlock("d")),
        (
            {"type": "tool_use", "id": "1", "name": "f", "input": {"a": [1, None]}},
            ToolUseBlock("1", "f", {"a": [1, None]}),
        ),
        ({"type": "tool_reference", "tool_name": "f"}, ToolReferenceBlock("f")),
        ({"type": "tool_result", "tool_use_id": "1"}, ToolResultBlock("1")),
        ({"type": "tool_result", "tool_use_id": "1", "content": None}, ToolResultBlock("1")),
        ({"type": "tool_result", "tool_use_id": "1", "content": "x"}, ToolResultBlock("1", "x")),
        (
            {"type": "tool_result", "tool_use_id": "1", "content": [TEXT], "is_error": True},
            ToolResultBlock("1", [TEXT], True),
        ),
        (
            {"type": "server_tool_use", "id": "1", "name": "s", "input": {}, "caller": {"type": "direct"}},
            ServerToolUseBlock("1", "s", {}),
        ),
        (search_result(FOUND), ToolSearchResultBlock("1", ToolsFound([ToolReferenceBlock("f")]))),
        (search_result(FAILED), ToolSearchResultBlock("1", ToolSearchFailed("unavailable"))),
        (addition(NAMED), ToolAdditionBlock(ToolNamed("f"))),
        (addition(DEFINED), ToolAdditionBlock(ToolDefined(ToolDefinition("f", None, "", {}, True)))),
        (
            addition({"type": "mcp_tool_reference", "name": "f", "server_name": "s"}),
            ToolAdditionBlock(McpToolNamed("f", "s")),
        ),
        (addition({"type": "mcp_toolset_reference", "server_name": "s"}), ToolAdditionBlock(McpToolsetNamed("s"))),
        ({"type": "tool_removal", "tool": NAMED}, ToolRemovalBlock(ToolNamed("f"))),
    ],
)
def test_every_known_kind_is_read(raw: dict[str, Any], block: AnyBlock) -> None:
    assert parse_blocks([raw], "p") == (block,)


def test_blocks_keep_their_order() -> None:
    raw = [TEXT, {"type": "tool_reference", "tool_name": "f"}, TEXT]
    assert parse_blocks(raw, "p") == (TextBlock("a"), ToolReferenceBlock("f"), TextBlock("a"))


def test_fields_that_nobody_knows_are_ignored() -> None:
    extra = {"cache_control": {"type": "ephemeral"}, "citations": None, "made_up": [1]}
    assert parse_blocks([{**TEXT, **extra}], "p") == (TextBlock("a"),)


@pytest.mark.parametrize("kind", ["search_result", "web_search_tool_result", "compaction", "Text", ""])
def test_a_kind_that_nobody_knows_becomes_an_unknown_block(kind: str) -> None:
    assert parse_blocks([{"type": kind, "text": 5}], "p") == (UnknownBlock(kind),)


@pytest.mark.parametrize(
    ("raw", "field", "message"),
    [
        ({}, "type", "field required"),
        ({"text": "a"}, "type", "field required"),
        ({"type": 5}, "type", "expected str, got int"),
        ({"type": None, "text": "a"}, "type", "expected str, got null"),
        ({"type": "text"}, "text", "field required"),
        ({"type": "text", "text": 5}, "text", "expected str, got int"),
        ({"type": "text", "text": None}, "text", "expected str, got null"),
        ({"type": "image"}, "source", "field required"),
        ({"type": "image", "source": "x"}, "source", "expected object, got str"),
        ({"type": "document", "source": []}, "source", "expected object, got array"),
        ({"type": "document", "source": SOURCE, "title": 5}, "title", "expected str | null, got int"),
        ({"type": "thinking"}, "thinking", "field required"),
        ({"type": "thinking", "thinking": "", "signature": 1}, "signature", "expected str, got int"),
        ({"type": "redacted_thinking"}, "data", "field required"),
        ({"type": "tool_use", "name": "f", "input": {}}, "id", "field required"),
        ({"type": "tool_use", "id": "1", "input": {}}, "name", "field required"),
        ({"type": "tool_use", "id": "1", "name": "f"}, "input", "field required"),
        ({"type": "tool_use", "id": "1", "name": "f", "input": "{}"}, "input", "expected object, got str"),
        ({"type": "tool_reference"}, "tool_name", "field required"),
        ({"type": "tool_result"}, "tool_use_id", "field required"),
        ({"type": "tool_result", "tool_use_id": 1}, "tool_use_id", "expected str, got int"),
        ({"type": "tool_result", "tool_use_id": "1", "content": 5}, "content", "expected str | array | null, got int"),
        ({"type": "tool_result", "tool_use_id": "1", "content": [TEXT, 5]}, "content.1", "expected object, got int"),
        ({"type": "tool_result", "tool_use_id": "1", "is_error": "no"}, "is_error", "expected bool | null, got str"),
        ({"type": "server_tool_use", "id": "1", "name": "s"}, "input", "field required"),
        (search_result([]), "content", "expected object, got array"),
        (search_result({"type": "made_up"}), "content.type", "invalid value 'made_up'"),
        (search_result({**FOUND, "tool_references": [{}]}), "content.tool_references.0.tool_name", "field required"),
        (addition(None), "tool", "expected object, got null"),
        (addition({"type": "tool_reference"}), "tool.name", "field required"),
        (addition({"type": "made_up"}), "tool.type", "invalid value 'made_up'"),
        (addition({"type": "tool_definition", "definition": {}}), "tool.definition.name", "field required"),
        (
            addition({"type": "tool_definition", "definition": {"name": "f"}}),
            "tool.definition.input_schema",
            "field required",
        ),
    ],
)
def test_a_wrong_field_is_named_with_its_path(raw: dict[str, Any], field: str, message: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_blocks([TEXT, raw], "messages.0.content")
    assert str(caught.value) == f"messages.0.content.1.{field}: {message}"
    assert caught.value.field == f"messages.0.content.1.{field}"
