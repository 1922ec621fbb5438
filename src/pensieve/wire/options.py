"""How the answer is to be thought about and shaped: `thinking` and `output_config`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

LARGEST_INT = 2**31 - 1
"""Engines count in 32 bits. What asks for more tokens than any window has means as many as there are."""


class ThinkingConfig(Struct, frozen=True, tag_field="type"):
    """`display` "omitted": thoughts are sealed into the signature and not shown. Any other shows them."""

    display: str | None = None


class ThinkingEnabled(ThinkingConfig, frozen=True, tag="enabled", kw_only=True):
    """The API asks for 1024 tokens at least and less than `max_tokens`; here any budget is taken."""

    budget_tokens: Annotated[int, Meta(ge=0)]


class ThinkingAdaptive(ThinkingConfig, frozen=True, tag="adaptive"):
    pass


class ThinkingDisabled(ThinkingConfig, frozen=True, tag="disabled"):
    pass


class ThinkingBetweenTools(ThinkingConfig, frozen=True, tag="between_tools"):
    pass


AnyThinking = ThinkingEnabled | ThinkingAdaptive | ThinkingDisabled | ThinkingBetweenTools


class JsonSchemaFormat(Struct, frozen=True, tag="json_schema", tag_field="type"):
    json_schema: dict[str, Any] = field(name="schema")


class OutputConfig(Struct, frozen=True):
    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = None
    format: JsonSchemaFormat | None = None
