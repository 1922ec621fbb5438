"""Content blocks: known ones are checked to the last field, unknown ones never fail a request."""

from __future__ import annotations

from typing import Any

import pytest

from pensieve.core.errors import RequestError
from pensieve.wire.blocks import (
    AnyBlock,
    DocumentBlock,
    ImageBlock,
    RedactedThinkingBlock,
    TextBlock,
    ThinkingBlock,
    ToolReferenceBlock,
    ToolResultBlock,
    ToolUseBlock,
    UnknownBlock,
    parse_blocks,
)

TEXT = {"type": "text", "text": "a"}
SOURCE = {"type": "text", "data": "x"}


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


@pytest.mark.parametrize("kind", ["search_result", "tool_addition", "server_tool_use", "Text", ""])
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
    ],
)
def test_a_wrong_field_is_named_with_its_path(raw: dict[str, Any], field: str, message: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_blocks([TEXT, raw], "messages.0.content")
    assert str(caught.value) == f"messages.0.content.1.{field}: {message}"
    assert caught.value.field == f"messages.0.content.1.{field}"
