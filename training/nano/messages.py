"""Messages in the shape that chat templates take, and what Nano's template makes of a tool's result."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Message = dict[str, Any]

LONGEST_RESULT = 300
"""Bytes of a result that the template lets through; then it says so with the mark of the cut."""
CUT = " [cut]"


@dataclass
class Conversation:
    """`kind` names the skill. All messages of the role assistant are what Nano is to say."""

    kind: str
    messages: list[Message]
    tools: list[Message] = field(default_factory=list)

    @property
    def calls(self) -> list[Message]:
        """The functions that are called, in order."""
        return [call["function"] for message in self.messages for call in message.get("tool_calls", [])]


def tool(name: str, parameters: list[str], type: str = "string") -> Message:
    schema = {"type": "object", "properties": {p: {"type": type} for p in parameters}, "required": parameters}
    return {"type": "function", "function": {"name": name, "description": "", "parameters": schema}}


def call(name: str, *arguments: dict[str, Any]) -> Message:
    """One call of a tool, or several in one turn."""
    calls = [{"type": "function", "function": {"name": name, "arguments": given}} for given in arguments]
    return {"role": "assistant", "content": "", "tool_calls": calls}


def result(name: str, content: str) -> Message:
    return {"role": "tool", "name": name, "content": content}


def say(text: str) -> Message:
    return {"role": "assistant", "content": text}


def seen(content: str) -> str:
    """A result as Nano sees it."""
    encoded = content.encode()
    # A character that the cut divides goes.
    return content if len(encoded) <= LONGEST_RESULT else encoded[:LONGEST_RESULT].decode(errors="ignore").strip() + CUT


def rename_parameter(made: Conversation, tool_name: str, parameter: str) -> None:
    """Gives the first parameter of a tool another name, in what is offered and in what is called."""
    schema = next(t for t in made.tools if t["function"]["name"] == tool_name)["function"]["parameters"]
    old, *others = schema["required"]
    if parameter in others:
        return
    schema["properties"] = {parameter if name == old else name: kind for name, kind in schema["properties"].items()}
    schema["required"] = [parameter, *others]
    for function in made.calls:
        if function["name"] == tool_name:
            given = function["arguments"]
            function["arguments"] = {parameter if name == old else name: value for name, value in given.items()}
