"""Tools in words, which are part of the conversation's text, so that any template can carry them.

For models whose template knows no tools, all of it, with calls in Hermes' style, which most models have seen. For those
that do not write the calls that their template asks for, the calls as they wrote them, and the results.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

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

MOST_ASKED = 400
"""Characters of a question that are said once more."""
_ASKS = re.compile(
    r"\?|\b(?:tell me|explain|summari[sz]e|describe|what|which|who|whose|where|when|why|how)\b", re.IGNORECASE
)
_CHANGES = re.compile(
    r"\b(?:add|change|commit|correct|create|delete|edit|fix|implement|install|make|move|refactor|remove|rename|replace|save|"
    r"update|write)\b",
    re.IGNORECASE,
)
_REMINDER = re.compile(r"<system-reminder>.*?(?:</system-reminder>|\Z)", re.DOTALL)


def in_words(chat: Chat) -> Chat:
    """The same conversation without tools, calls and results: in their place stands text."""
    system = "\n\n".join(text for text in (chat.system, _described(chat.tools)) if text)
    return replace(chat, system=system, turns=tuple(_turn(turn) for turn in chat.turns), tools=())


def as_written(chat: Chat, said: Callable[[ToolCall], str | None]) -> Chat:
    """The same conversation with the calls that are `said` as text, and their results in words.

    Behind results stands once more what the user has asked: that is what small models lose sight of. Behind a question
    they are told to answer it if they can, or they would go on calling.
    """
    texts = {
        part.id: text
        for turn in chat.turns
        for part in turn.parts
        if isinstance(part, ToolCall) and (text := said(part)) is not None
    }
    if not texts:
        return chat
    turns, asked = [], ""
    for turn in chat.turns:
        own = own_words(turn) if turn.role == "user" else ""
        turns.append(_as_written(turn, texts, "" if own else asked))
        asked = own or asked
    return replace(chat, turns=tuple(turns))


def is_question(text: str) -> bool:
    """Whether it asks for words alone: for nothing that is to be changed or done."""
    return bool(_ASKS.search(text)) and not _CHANGES.search(text)


def own_words(turn: Turn) -> str:
    """What a user said, without what Claude Code puts beside it."""
    return _REMINDER.sub("", turn.text).strip()


def _as_written(turn: Turn, texts: dict[str, str], asked: str) -> Turn:
    parts: list[Part] = []
    answered = False
    for part in turn.parts:
        if isinstance(part, ToolCall) and part.id in texts:
            words = texts[part.id]
            # As it was generated, with the model's own white space in front, if it has any.
            gap = "\n" if words and not words[0].isspace() else ""
        elif isinstance(part, ToolResult) and part.call_id in texts:
            words, gap, answered = f"Result of {part.name}:\n{part.text}", "\n\n", True
        else:
            parts.append(part)
            continue
        if parts and isinstance(before := parts[-1], Text):
            parts[-1] = Text(before.text + gap + words)
        else:
            parts.append(Text(words))
    if answered and asked:
        once_more = asked if len(asked) <= MOST_ASKED else f"{asked[:MOST_ASKED]}..."
        answer = "\nIf this answers it, answer in words." if is_question(asked) else ""
        parts.append(Text(f"\nI asked: {once_more}{answer}"))
    return Turn(turn.role, tuple(parts))


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
    written = call.written.input if call.written else json.dumps(call.input, ensure_ascii=False)
    return f'<tool_call>\n{{"name": {json.dumps(call.name)}, "arguments": {written}}}\n</tool_call>'
