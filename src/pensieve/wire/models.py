"""`ModelInfo` and its page, as the official SDK types them. Capabilities tell the truth about this server."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Support(Struct, frozen=True):
    supported: bool = False


class ContextManagement(Support, frozen=True):
    clear_thinking_20251015: Support = Support()
    clear_tool_uses_20250919: Support = Support()
    compact_20260112: Support = Support()


class Effort(Support, frozen=True):
    low: Support = Support()
    medium: Support = Support()
    high: Support = Support()
    xhigh: Support = Support()
    max: Support = Support()


class ServerTools(Support, frozen=True):
    code_execution: Support = Support()
    web_search: Support = Support()


class ThinkingTypes(Struct, frozen=True):
    adaptive: Support = Support()
    between_tools: Support = Support()
    disabled: Support = Support(True)
    enabled: Support = Support()


class Thinking(Support, frozen=True):
    types: ThinkingTypes = ThinkingTypes()


class Capabilities(Struct, frozen=True):
    batch: Support = Support()
    citations: Support = Support()
    code_execution: Support = Support()
    context_management: ContextManagement = ContextManagement()
    effort: Effort = Effort()
    image_input: Support = Support()
    pdf_input: Support = Support()
    server_tools: ServerTools = ServerTools()
    structured_outputs: Support = Support()
    thinking: Thinking = Thinking()


class ModelInfo(Struct, frozen=True, tag="model", tag_field="type"):
    """`created_at` is an RFC 3339 time: that of the model's file."""

    id: str
    display_name: str
    created_at: str
    max_input_tokens: int
    max_tokens: int
    capabilities: Capabilities = Capabilities()
    lifecycle: Literal["active"] = "active"
    deprecated_at: None = None
    retires_at: None = None
    line: None = None


class ModelPage(Struct, frozen=True):
    data: tuple[ModelInfo, ...]
    has_more: bool
    first_id: str | None
    last_id: str | None
