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


def text_of(block: AnyBlock, path: str, image: Callable[[str], str]) -> str:
    """The block as text; empty for what earlier turns thought and for kinds that nobody knows.

    `image` says what becomes of an image at a path: a note, or a RequestError.
    """
    match block:
        case TextBlock(text=text):
            return text
        case DocumentBlock():
            return _document_text(block, path, image)
        case ImageBlock():
            return image(path)
        case UnknownBlock(type=kind):
            log.debug("unknown_block type=%s at=%s", kind, path)
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
            case ToolReferenceBlock(tool_name=name):
                texts.append(expanded(name))
            case _:
                texts.append(text_of(inner, f"{path}.content.{index}", lambda _: IMAGE_NOTE))
    text = "\n".join(filter(None, texts))
    return f"The tool failed: {text}" if block.is_error else text


def _document_text(block: DocumentBlock, path: str, image: Callable[[str], str]) -> str:
    return "\n".join(filter(None, (block.title, block.context, _source_text(block.source, path, image))))


def _source_text(source: dict[str, Any], path: str, image: Callable[[str], str]) -> str:
    match source:
        case {"type": "text", "data": str(data)}:
            return data
        case {"type": "content", "content": str(content)}:
            return content
        case {"type": "content", "content": list(content)}:
            blocks = parse_blocks(content, f"{path}.source.content")
            texts = (text_of(block, f"{path}.source.content.{index}", image) for index, block in enumerate(blocks))
            return "\n".join(filter(None, texts))
        case {"type": "base64", "media_type": "text/plain", "data": str(data)}:
            try:
                return base64.b64decode(data, validate=True).decode("utf-8")
            except (binascii.Error, UnicodeDecodeError):
                raise RequestError("not base64 of UTF-8 text", field=f"{path}.source.data") from None
        case _:
            return "[A document stands here that this server cannot read yet.]"
