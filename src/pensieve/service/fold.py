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
    Event,
    InputJsonDelta,
    Message,
    MessageDelta,
    MessageStart,
    TextContent,
    ToolUseContent,
)


async def fold(batches: AsyncIterator[list[Event]]) -> Message:
    message: Message | None = None
    content: list[Content] = []
    parts: list[str] = []
    async for batch in batches:
        for event in batch:
            match event:
                case MessageStart():
                    message = event.message
                case ContentBlockStart():
                    content.append(event.content_block)
                    parts = []
                case ContentBlockDelta(delta=delta):
                    parts.append(delta.partial_json if isinstance(delta, InputJsonDelta) else delta.text)
                case ContentBlockStop():
                    content[-1] = _filled(content[-1], "".join(parts))
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


def _filled(block: Content, joined: str) -> Content:
    if isinstance(block, TextContent):
        return TextContent(joined)
    call_input: dict[str, Any] = msgspec.json.decode(joined) if joined else {}
    return ToolUseContent(block.id, block.name, call_input)
