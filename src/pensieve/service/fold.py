"""The answer that is not streamed: a fold of the same events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from pensieve.core.errors import PensieveError
from pensieve.wire.answer import (
    Content,
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    Delta,
    Event,
    InputJsonDelta,
    Message,
    MessageDelta,
    MessageStart,
    ServerToolUseContent,
    SignatureDelta,
    TextContent,
    TextDelta,
    ThinkingContent,
    ThinkingDelta,
    ToolSearchResultContent,
    ToolUseContent,
)


async def fold(batches: AsyncIterator[list[Event]]) -> Message:
    message: Message | None = None
    content: list[Content] = []
    deltas: list[Delta] = []
    async for batch in batches:
        for event in batch:
            match event:
                case MessageStart():
                    message = event.message
                case ContentBlockStart():
                    content.append(event.content_block)
                    deltas = []
                case ContentBlockDelta(delta=delta):
                    deltas.append(delta)
                case ContentBlockStop():
                    content[-1] = _filled(content[-1], deltas)
                case MessageDelta() if message is not None:
                    message = msgspec.structs.replace(
                        message,
                        stop_reason=event.delta.stop_reason,
                        stop_sequence=event.delta.stop_sequence,
                        usage=event.usage,
                    )
                case _:
                    pass
    if message is None or message.stop_reason is None:
        raise PensieveError("The answer ended before it was complete.")
    return msgspec.structs.replace(message, content=tuple(content))


def _filled(block: Content, deltas: list[Delta]) -> Content:
    match block:
        case TextContent():
            return TextContent("".join(delta.text for delta in deltas if isinstance(delta, TextDelta)))
        case ThinkingContent():
            return ThinkingContent(
                "".join(delta.thinking for delta in deltas if isinstance(delta, ThinkingDelta)),
                "".join(delta.signature for delta in deltas if isinstance(delta, SignatureDelta)),
            )
        case ToolUseContent() | ServerToolUseContent():
            return msgspec.structs.replace(block, input=_input(deltas))
        case ToolSearchResultContent():
            return block


def _input(deltas: list[Delta]) -> dict[str, Any]:
    """Input that was cut off in the middle is shown as it is, under the name that the API gives such."""
    joined = "".join(delta.partial_json for delta in deltas if isinstance(delta, InputJsonDelta))
    try:
        return msgspec.json.decode(joined, type=dict[str, Any]) if joined else {}
    except (msgspec.DecodeError, RecursionError):
        return {"INVALID_JSON": joined}
