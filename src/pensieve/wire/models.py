"""`ModelInfo` and its page, as the official SDK types them. Capabilities tell the truth about this server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from pensieve.core.errors import RequestError, shortened


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


class PageQuery(Struct, frozen=True):
    """Which part of a list: so many behind one id, or in front of another."""

    limit: Annotated[int, Meta(ge=1, le=1000)] = 20
    after_id: str | None = None
    before_id: str | None = None

    def page(self, infos: Sequence[ModelInfo]) -> ModelPage:
        """Raises RequestError for an id that is not in the list."""
        begin = 0 if self.after_id is None else _place("after_id", self.after_id, infos) + 1
        end = len(infos) if self.before_id is None else _place("before_id", self.before_id, infos)
        asked = infos[begin:end]
        data = asked[-self.limit :] if self.before_id is not None else asked[: self.limit]
        first, last = (data[0].id, data[-1].id) if data else (None, None)
        return ModelPage(tuple(data), len(data) < len(asked), first, last)


def parse_page_query(query: Mapping[str, str]) -> PageQuery:
    """Raises RequestError that names the field."""
    try:
        return msgspec.convert(dict(query), PageQuery, strict=False)
    except msgspec.ValidationError as error:
        words, _, where = str(error).partition(" - at `$.")
        raise RequestError(shortened(words), field=where.rstrip("`")) from None


def _place(field: str, id: str, infos: Sequence[ModelInfo]) -> int:
    ids = [info.id for info in infos]
    if id not in ids:
        raise RequestError("no model of the list has this id", field=field)
    return ids.index(id)
