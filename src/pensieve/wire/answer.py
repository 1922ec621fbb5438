"""What the server sends: a Message, and the stream events that a Message is the fold of."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

StopReason = Literal["end_turn", "max_tokens", "stop_sequence", "tool_use", "model_context_window_exceeded"]


class CacheCreation(Struct, frozen=True):
    ephemeral_1h_input_tokens: int = 0
    ephemeral_5m_input_tokens: int = 0


class OutputTokensDetails(Struct, frozen=True):
    thinking_tokens: int = 0


class Usage(Struct, frozen=True):
    """The whole prompt is input_tokens + cache_read_input_tokens + cache_creation_input_tokens."""

    input_tokens: int
    output_tokens: int
    cache_read_input_tokens: int = 0
    cache_creation_input_tokens: int = 0
    cache_creation: CacheCreation = CacheCreation()
    output_tokens_details: OutputTokensDetails = OutputTokensDetails()


class TextContent(Struct, frozen=True, tag="text", tag_field="type"):
    text: str
    citations: None = None


class ToolUseContent(Struct, frozen=True, tag="tool_use", tag_field="type"):
    id: str
    name: str
    input: dict[str, Any] = field(default_factory=dict)


class ThinkingContent(Struct, frozen=True, tag="thinking", tag_field="type"):
    """The signature is the thought itself, sealed: with an empty `thinking` it still comes back whole."""

    thinking: str
    signature: str = ""


class ServerToolUseContent(Struct, frozen=True, tag="server_tool_use", tag_field="type"):
    id: str
    name: str
    input: dict[str, Any] = field(default_factory=dict)


class ToolReference(Struct, frozen=True, tag="tool_reference", tag_field="type"):
    tool_name: str


class ToolsFound(Struct, frozen=True, tag="tool_search_tool_search_result", tag_field="type"):
    tool_references: tuple[ToolReference, ...] = ()


class ToolSearchFailed(Struct, frozen=True, tag="tool_search_tool_result_error", tag_field="type"):
    error_code: Literal["invalid_tool_input", "unavailable", "too_many_requests", "execution_time_exceeded"]
    error_message: str | None = None


class ToolSearchResultContent(Struct, frozen=True, tag="tool_search_tool_result", tag_field="type"):
    tool_use_id: str
    content: ToolsFound | ToolSearchFailed


Content = TextContent | ThinkingContent | ToolUseContent | ServerToolUseContent | ToolSearchResultContent


class Message(Struct, frozen=True, tag="message", tag_field="type"):
    id: str
    model: str
    usage: Usage
    content: tuple[Content, ...] = ()
    role: Literal["assistant"] = "assistant"
    stop_reason: StopReason | None = None
    stop_sequence: str | None = None


class TextDelta(Struct, frozen=True, tag="text_delta", tag_field="type"):
    text: str


class InputJsonDelta(Struct, frozen=True, tag="input_json_delta", tag_field="type"):
    partial_json: str


class ThinkingDelta(Struct, frozen=True, tag="thinking_delta", tag_field="type", omit_defaults=True):
    """`estimated_tokens`: written since the last delta of a thought that is not shown."""

    thinking: str
    estimated_tokens: int = 0


class SignatureDelta(Struct, frozen=True, tag="signature_delta", tag_field="type"):
    """The last delta of a thinking block."""

    signature: str


Delta = TextDelta | ThinkingDelta | SignatureDelta | InputJsonDelta


class StopDelta(Struct, frozen=True):
    stop_reason: StopReason
    stop_sequence: str | None = None


class ErrorDetail(Struct, frozen=True):
    type: str
    message: str


class Event(Struct, frozen=True, tag_field="type"):
    pass


class MessageStart(Event, frozen=True, tag="message_start"):
    message: Message


class ContentBlockStart(Event, frozen=True, tag="content_block_start"):
    index: int
    content_block: Content


class ContentBlockDelta(Event, frozen=True, tag="content_block_delta"):
    index: int
    delta: Delta


class ContentBlockStop(Event, frozen=True, tag="content_block_stop"):
    index: int


class MessageDelta(Event, frozen=True, tag="message_delta"):
    delta: StopDelta
    usage: Usage


class MessageStop(Event, frozen=True, tag="message_stop"):
    pass


class Ping(Event, frozen=True, tag="ping"):
    pass


class ErrorEvent(Event, frozen=True, tag="error"):
    """In a stream, and with a `request_id` the body of every error answer."""

    error: ErrorDetail
    request_id: str


class TokenCount(Struct, frozen=True):
    input_tokens: int
