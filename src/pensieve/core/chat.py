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


class Thought(Struct, frozen=True, tag=True):
    """What the model thought in an earlier turn, as it wrote it."""

    text: str


class Written(Struct, frozen=True, array_like=True):
    """A call as a model wrote it: its `input`, and what a CallStart `said` of it. `model` is that model's id."""

    input: str
    said: str | None = None
    model: str = ""


class ToolCall(Struct, frozen=True, tag=True):
    """`written` is None where nobody knows: clients send the input back rearranged."""

    id: str
    name: str
    input: dict[str, Any]
    written: Written | None = None


class ToolResult(Struct, frozen=True, tag=True):
    """What a tool answered, already in words: the model sees text, and an error is said to be one."""

    call_id: str
    name: str
    text: str


Part = Text | Thought | ToolCall | ToolResult


class Turn(Struct, frozen=True):
    role: Role
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        return "\n".join(part.text for part in self.parts if isinstance(part, Text))


class Tool(Struct, frozen=True):
    """`eager`: the client wants the input as it is written, whole or not."""

    name: str
    description: str
    schema: dict[str, Any]
    eager: bool = False


class Choice(Struct, frozen=True):
    """Whether the model may, must or must not call a tool; `name` goes with `tool`. Without `parallel`: one at most."""

    kind: Literal["auto", "any", "tool", "none"] = "auto"
    name: str = ""
    parallel: bool = True


class Thinking(Struct, frozen=True):
    """`budget`: the most tokens it may take, None: any number. `effort`: low, medium, high, or not said."""

    on: bool = False
    budget: int | None = None
    effort: str | None = None


class Chat(Struct, frozen=True):
    """`turns` alternate, save for system turns in between. With `prefill` the last one is to be continued.

    `format` is the JSON Schema that the answer's text is to have.
    """

    system: str
    turns: tuple[Turn, ...]
    tools: tuple[Tool, ...] = ()
    prefill: bool = False
    choice: Choice = Choice()
    thinking: Thinking = Thinking()
    format: dict[str, Any] | None = None
