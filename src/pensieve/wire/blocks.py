"""Content blocks as clients send them.

A block of a type that nobody here knows becomes `UnknownBlock`: what a newer client adds to its history must not
fail the request. A known type with a wrong field is an error that names the field.
"""

from __future__ import annotations

from typing import Any, get_args

import msgspec
from msgspec import Struct

from pensieve.wire.paths import field_error
from pensieve.wire.tools import ToolDefinition, checked_tool


class Block(Struct, tag_field="type", frozen=True):
    pass


class TextBlock(Block, tag="text", frozen=True):
    text: str


class ImageBlock(Block, tag="image", frozen=True):
    source: dict[str, Any]


class DocumentBlock(Block, tag="document", frozen=True):
    source: dict[str, Any]
    title: str | None = None
    context: str | None = None


class ThinkingBlock(Block, tag="thinking", frozen=True):
    thinking: str
    signature: str = ""


class RedactedThinkingBlock(Block, tag="redacted_thinking", frozen=True):
    data: str


class ToolUseBlock(Block, tag="tool_use", frozen=True):
    id: str
    name: str
    input: dict[str, Any]


class ToolReferenceBlock(Block, tag="tool_reference", frozen=True):
    tool_name: str


class ToolResultBlock(Block, tag="tool_result", frozen=True):
    tool_use_id: str
    content: str | list[dict[str, Any]] | None = None
    is_error: bool | None = None


class ServerToolUseBlock(Block, tag="server_tool_use", frozen=True):
    """A call that the server itself answered, within the same message."""

    id: str
    name: str
    input: dict[str, Any]


class ToolsFound(Struct, tag_field="type", tag="tool_search_tool_search_result", frozen=True):
    tool_references: list[ToolReferenceBlock]


class ToolSearchFailed(Struct, tag_field="type", tag="tool_search_tool_result_error", frozen=True):
    error_code: str
    error_message: str | None = None


class ToolSearchResultBlock(Block, tag="tool_search_tool_result", frozen=True):
    tool_use_id: str
    content: ToolsFound | ToolSearchFailed


class ToolChange(Struct, tag_field="type", frozen=True):
    """Which tool, or which of them, a conversation gains or loses at some place."""


class ToolNamed(ToolChange, tag="tool_reference", frozen=True):
    name: str


class McpToolNamed(ToolChange, tag="mcp_tool_reference", frozen=True):
    name: str
    server_name: str


class McpToolsetNamed(ToolChange, tag="mcp_toolset_reference", frozen=True):
    server_name: str


class ToolDefined(ToolChange, tag="tool_definition", frozen=True):
    definition: ToolDefinition


AnyToolChange = ToolNamed | McpToolNamed | McpToolsetNamed | ToolDefined


class ToolAdditionBlock(Block, tag="tool_addition", frozen=True):
    tool: AnyToolChange


class ToolRemovalBlock(Block, tag="tool_removal", frozen=True):
    tool: AnyToolChange


class UnknownBlock(Struct, frozen=True):
    type: str


KnownBlock = (
    TextBlock
    | ImageBlock
    | DocumentBlock
    | ThinkingBlock
    | RedactedThinkingBlock
    | ToolUseBlock
    | ToolReferenceBlock
    | ToolResultBlock
    | ServerToolUseBlock
    | ToolSearchResultBlock
    | ToolAdditionBlock
    | ToolRemovalBlock
)
AnyBlock = KnownBlock | UnknownBlock

_KNOWN_TYPES = frozenset(str(block.__struct_config__.tag) for block in get_args(KnownBlock))


def parse_blocks(content: str | list[dict[str, Any]] | None, path: str) -> tuple[AnyBlock, ...]:
    """A string is one text block. Raises RequestError with the block's path, such as `messages.0.content.1.text`."""
    if content is None:
        return ()
    if isinstance(content, str):
        return (TextBlock(content),)
    return tuple(_parse_block(raw, f"{path}.{index}") for index, raw in enumerate(content))


def _parse_block(raw: dict[str, Any], path: str) -> AnyBlock:
    kind = raw.get("type")
    if isinstance(kind, str) and kind not in _KNOWN_TYPES:
        return UnknownBlock(kind)
    try:
        block: KnownBlock = msgspec.convert(raw, KnownBlock)
    except msgspec.ValidationError as error:
        raise field_error(error, path) from None
    match block:
        case ToolAdditionBlock(tool=ToolDefined(definition=definition)):
            return ToolAdditionBlock(ToolDefined(checked_tool(definition, f"{path}.tool.definition")))
        case _:
            return block
