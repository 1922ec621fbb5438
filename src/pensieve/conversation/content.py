"""Content blocks in words: what the model is told of each kind that is not plain text."""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Callable
from typing import Any

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
    UnknownBlock,
    parse_blocks,
)

log = logging.getLogger(__name__)

IMAGE_NOTE = "[An image stands here. This model cannot see images.]"


def text_of(block: AnyBlock, path: str) -> str:
    """The block as text; empty for what earlier turns thought and for kinds that nobody knows."""
    match block:
        case TextBlock(text=text):
            return text
        case DocumentBlock():
            return _document_text(block, path)
        case ImageBlock():
            raise RequestError("this model cannot see images; load a model with vision", field=path)
        case UnknownBlock(type=kind):
            log.info("unknown_block type=%s at=%s", kind, path)
            return ""
        case ThinkingBlock() | RedactedThinkingBlock():
            return ""
        case _:
            return ""


def result_text(block: ToolResultBlock, path: str, expanded: Callable[[str], str]) -> str:
    """A tool's answer in words. `expanded` describes a tool that a tool_reference names."""
    texts: list[str] = []
    for index, inner in enumerate(parse_blocks(block.content, f"{path}.content")):
        match inner:
            case ImageBlock():
                texts.append(IMAGE_NOTE)
            case ToolReferenceBlock(tool_name=name):
                texts.append(expanded(name))
            case _:
                texts.append(text_of(inner, f"{path}.content.{index}"))
    text = "\n".join(texts)
    return f"The tool failed: {text}" if block.is_error else text


def _document_text(block: DocumentBlock, path: str) -> str:
    title = f"{block.title}\n" if block.title else ""
    return title + _source_text(block.source, path)


def _source_text(source: dict[str, Any], path: str) -> str:
    match source:
        case {"type": "text", "data": str(data)}:
            return data
        case {"type": "content", "content": str(content)}:
            return content
        case {"type": "content", "content": list(content)}:
            blocks = parse_blocks(content, f"{path}.source.content")
            return "\n".join(text_of(block, f"{path}.source.content.{index}") for index, block in enumerate(blocks))
        case {"type": "base64", "media_type": "text/plain", "data": str(data)}:
            try:
                return base64.b64decode(data, validate=True).decode("utf-8")
            except (binascii.Error, UnicodeDecodeError):
                raise RequestError("not base64 of UTF-8 text", field=f"{path}.source.data") from None
        case _:
            return "[A document stands here that this server cannot read yet.]"
