"""Tools for models whose template knows none: described, called and answered in words.

The calls are Hermes-style, the form that most models have seen. The words are part of the conversation's text, so any
template can carry them.
"""

from __future__ import annotations

import json

from msgspec.structs import replace

from pensieve.core.chat import Chat, Part, Text, Tool, ToolCall, ToolResult, Turn

_BEFORE_TOOLS = """\
# Tools

You can use the tools below. Each line between <tools> and </tools> describes one of them in JSON: its name, what it
does, and the JSON Schema of its arguments.

<tools>
"""
_AFTER_TOOLS = """
</tools>

To use a tool, write its name and its arguments as one JSON object between <tool_call> and </tool_call>, like this:

<tool_call>
{"name": "tool_name", "arguments": {"argument": "value"}}
</tool_call>

Then stop: the tool is run, and its result is given to you between <tool_response> and </tool_response>. For several \
calls, write several such blocks, one after the other. Use a tool whenever it helps; if none is needed, just answer."""


def in_words(chat: Chat) -> Chat:
    """The same conversation without tools, calls and results: in their place stands text."""
    system = "\n\n".join(text for text in (chat.system, _described(chat.tools)) if text)
    return replace(chat, system=system, turns=tuple(_turn(turn) for turn in chat.turns), tools=())


def _described(tools: tuple[Tool, ...]) -> str:
    if not tools:
        return ""
    lines = [
        json.dumps({"name": tool.name, "description": tool.description, "parameters": tool.schema}, ensure_ascii=False)
        for tool in tools
    ]
    return _BEFORE_TOOLS + "\n".join(lines) + _AFTER_TOOLS


def _turn(turn: Turn) -> Turn:
    """Calls come last, as templates have it."""
    calls = tuple(Text(_call(part)) for part in turn.parts if isinstance(part, ToolCall))
    return Turn(turn.role, (*(_part(part) for part in turn.parts if not isinstance(part, ToolCall)), *calls))


def _part(part: Part) -> Part:
    if isinstance(part, ToolResult):
        return Text(f"<tool_response>\n{part.text}\n</tool_response>")
    return part


def _call(call: ToolCall) -> str:
    written = call.written or json.dumps(call.input, ensure_ascii=False)
    return f'<tool_call>\n{{"name": {json.dumps(call.name)}, "arguments": {written}}}\n</tool_call>'
