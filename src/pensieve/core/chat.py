"""A conversation as pure values: what was said, by whom, and which tools are offered.

Ids, cache marks, storage and the wire's spelling are deliberately absent. `conversation` makes a Chat from a request
and `prompts` turns it into text.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

Role = Literal["system", "user", "assistant"]


class Text(Struct, frozen=True, tag=True):
    text: str


class ToolCall(Struct, frozen=True, tag=True):
    id: str
    name: str
    input: dict[str, Any]


class ToolResult(Struct, frozen=True, tag=True):
    """What a tool answered, already in words: the model sees text, and an error is said to be one."""

    call_id: str
    name: str
    text: str


Part = Text | ToolCall | ToolResult


class Turn(Struct, frozen=True):
    role: Role
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        return "\n".join(part.text for part in self.parts if isinstance(part, Text))


class Tool(Struct, frozen=True):
    name: str
    description: str
    schema: dict[str, Any]


class Chat(Struct, frozen=True):
    """`turns` alternate, save for system turns in between. With `prefill` the last one is to be continued."""

    system: str
    turns: tuple[Turn, ...]
    tools: tuple[Tool, ...] = ()
    prefill: bool = False
