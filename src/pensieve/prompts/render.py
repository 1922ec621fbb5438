"""What exact text does the model see? A Chat through the chat template of the model's own file.

What a template cannot express is found out once, by trying, when the template is loaded.
"""

from __future__ import annotations

from typing import Any

import jinja2

from pensieve.core.chat import Chat, Role, Text, Tool, ToolCall, ToolResult, Turn
from pensieve.core.errors import RequestError, SettingsError
from pensieve.prompts.chatml import CHATML
from pensieve.prompts.environment import make_environment

TEMPLATE_FAILURES = (
    jinja2.TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What running somebody else's template can raise: all that its expressions and the sandbox can."""

_END_OF_PREFILL = "\ue000end of prefill\ue000"


class ChatTemplate:
    """Renders Chats to text. `source` is the model file's template, or None for ChatML."""

    def __init__(self, source: str | None, bos: str = "", eos: str = "") -> None:
        self.source = source or CHATML
        self._tokens = {"bos_token": bos, "eos_token": eos}
        try:
            self._template = make_environment().from_string(self.source)
        except jinja2.TemplateError as error:
            raise SettingsError(
                f"The model's chat template cannot be read: {_words(error)}.", "Use another conversion of this model."
            ) from None
        self._takes_late_system = self._tries(
            [_message("user", "1"), _message("assistant", "2"), _message("system", "3-late-3"), _message("user", "4")],
            "3-late-3",
        )
        self._takes_system = self._tries([_message("system", "1-first-1"), _message("user", "2")], "1-first-1")

    def render(self, chat: Chat) -> str:
        """Raises RequestError when the template refuses the conversation."""
        messages = self._messages(chat)
        if not chat.prefill:
            return self._render(messages, chat.tools, add_generation_prompt=True)
        # The template would close the assistant's turn: a mark at its end tells where to cut.
        beginning = str(messages[-1]["content"])
        messages[-1]["content"] = beginning + _END_OF_PREFILL
        text, found, _ = self._render(messages, chat.tools, add_generation_prompt=False).rpartition(_END_OF_PREFILL)
        if not found:
            raise RequestError("the model's chat template cannot go on from an assistant message", field="messages")
        return text

    def _render(self, messages: list[dict[str, Any]], tools: tuple[Tool, ...], *, add_generation_prompt: bool) -> str:
        try:
            return self._template.render(
                messages=messages,
                tools=[_tool(tool) for tool in tools] or None,
                add_generation_prompt=add_generation_prompt,
                enable_thinking=False,
                **self._tokens,
            )
        except TEMPLATE_FAILURES as error:
            raise RequestError(
                f"the model's chat template refuses this conversation: {_words(error)}", field="messages"
            ) from error

    def _tries(self, messages: list[dict[str, Any]], expected: str) -> bool:
        try:
            return expected in self._render(messages, (), add_generation_prompt=True)
        except RequestError:
            return False

    def _messages(self, chat: Chat) -> list[dict[str, Any]]:
        """The conversation in the shape that templates expect, with what this template cannot take made to fit."""
        system, turns = chat.system, list(chat.turns)
        if system and not self._takes_system:
            turns = _merged([_as_user(Turn("system", (Text(system),))), *turns])
            system = ""
        if not self._takes_late_system:
            turns = _merged([_as_user(turn) if turn.role == "system" else turn for turn in turns])
        messages = [_message("system", system)] if system else []
        for turn in turns:
            messages.extend(_turn_messages(turn))
        return messages


def _words(error: Exception) -> str:
    return str(error).rstrip(".") or type(error).__name__


def _as_user(turn: Turn) -> Turn:
    return Turn("user", (Text(f"<system>\n{turn.text}\n</system>"),))


def _merged(turns: list[Turn]) -> list[Turn]:
    """Neighbours of one role become one turn: many templates insist on alternation."""
    merged: list[Turn] = []
    for turn in turns:
        if merged and merged[-1].role == turn.role:
            merged[-1] = Turn(turn.role, merged[-1].parts + turn.parts)
        else:
            merged.append(turn)
    return merged


def _turn_messages(turn: Turn) -> list[dict[str, Any]]:
    """One message, preceded by one of role `tool` for each tool result."""
    messages = [
        {"role": "tool", "name": part.name, "tool_call_id": part.call_id, "content": part.text}
        for part in turn.parts
        if isinstance(part, ToolResult)
    ]
    calls = [part for part in turn.parts if isinstance(part, ToolCall)]
    if calls:
        message = _message(turn.role, turn.text)
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.input}}
            for call in calls
        ]
        messages.append(message)
    elif turn.text or not messages:
        messages.append(_message(turn.role, turn.text))
    return messages


def _message(role: Role, content: str) -> dict[str, Any]:
    return {"role": role, "content": content}


def _tool(tool: Tool) -> dict[str, Any]:
    return {
        "type": "function",
        "function": {"name": tool.name, "description": tool.description, "parameters": tool.schema},
    }
