"""Tools as clients declare them: their own, and by a `type` those that a server would run."""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec
from msgspec import Struct

from pensieve.core.errors import RequestError, quoted

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")


class ToolChoice(Struct, frozen=True):
    type: Literal["auto", "any", "tool", "none"] = "auto"
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class ToolDefinition(Struct, frozen=True):
    """A custom tool, or with a `type` of another name a tool that a server runs."""

    name: str = ""
    type: str | None = None
    description: str = ""
    input_schema: dict[str, Any] | None = None
    defer_loading: bool | None = False
    strict: bool | None = None
    eager_input_streaming: bool | None = None

    @property
    def is_custom(self) -> bool:
        return self.type in (None, "custom")


def checked_tools(tools: list[ToolDefinition]) -> tuple[ToolDefinition, ...]:
    """Raises RequestError that names the field."""
    checked = tuple(checked_tool(tool, f"tools.{index}") for index, tool in enumerate(tools))
    seen: set[str] = set()
    for index, tool in enumerate(tools):
        if tool.name in seen:
            raise RequestError(
                f"tool names must be unique, {quoted(tool.name)} is not.",
                "Rename one of the two, or leave it out.",
                field=f"tools.{index}.name",
            )
        if tool.name:
            seen.add(tool.name)
    return checked


def checked_tool(tool: ToolDefinition, path: str) -> ToolDefinition:
    """Toolsets of servers may come without a name: they are known by their type. Raises RequestError."""
    if not tool.is_custom:
        return tool if tool.name else msgspec.structs.replace(tool, name=tool.type or "")
    if not tool.name:
        raise RequestError("field required", field=f"{path}.name")
    if not _NAME.fullmatch(tool.name):
        raise RequestError(
            f"expected 1 to 128 of the characters a-z, A-Z, 0-9, _ and -, got {quoted(tool.name)}.",
            "Rename the tool.",
            field=f"{path}.name",
        )
    if tool.input_schema is None:
        raise RequestError("field required", field=f"{path}.input_schema")
    return tool


def checked_choice(choice: ToolChoice | None) -> ToolChoice:
    """Whether the tool that it names is there is known only with the conversation. Raises RequestError."""
    if choice is not None and choice.type == "tool" and not choice.name:
        raise RequestError("field required", field="tool_choice.name")
    return choice or ToolChoice()
