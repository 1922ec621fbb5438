"""What does this request mean? `MessagesRequest` -> `Chat`."""

from __future__ import annotations

import json

from pensieve.conversation.content import result_text, text_of
from pensieve.core.chat import Chat, Part, Role, Text, Tool, ToolCall, ToolResult, Turn
from pensieve.core.errors import RequestError
from pensieve.wire.blocks import TextBlock, ToolResultBlock, ToolUseBlock
from pensieve.wire.request import InputMessage, MessagesRequest, ToolDefinition

BILLING_HEADER = "x-anthropic-billing-header:"


def normalise(request: MessagesRequest) -> Chat:
    """Raises RequestError that names the field."""
    turns = _Turns(request)
    for index, message in enumerate(request.messages):
        turns.add(index, message)
    system = [_without_billing(block.text) for block in request.system if isinstance(block, TextBlock)]
    done = tuple(turns.turns)
    prefill = done[-1].role == "assistant"
    if prefill and any(isinstance(part, ToolCall) for part in done[-1].parts):
        raise RequestError(
            "a tool_use must be followed by its tool_result", field=f"messages.{len(request.messages) - 1}"
        )
    return Chat(
        system="\n\n".join(text for text in system + turns.environment if text),
        turns=done,
        tools=_offered_tools(request),
        prefill=prefill,
    )


def _without_billing(text: str) -> str:
    """Claude Code's first line changes with every conversation; in front of all, it would spoil every cached prefix."""
    return text.partition("\n")[2] if text.startswith(BILLING_HEADER) else text


class _Turns:
    """Gathers the turns in order; knows the calls seen so far and the tools that results may refer to."""

    def __init__(self, request: MessagesRequest) -> None:
        self.turns: list[Turn] = []
        self.environment: list[str] = []
        self._call_names: dict[str, str] = {}
        self._call_order: dict[str, int] = {}
        self._calls = 0
        self._first_user = next((i for i, message in enumerate(request.messages) if message.role == "user"), None)
        self._model = request.model
        self._tools = {tool.name: tool for tool in request.tools}

    def add(self, index: int, message: InputMessage) -> None:
        field = f"messages.{index}.content"
        parts = self._parts(message, field)
        if message.role == "system" and self._first_user is not None and index == self._first_user + 1:
            # The client describes its environment right after the first user turn. In front of it, a fresh conversation
            # shares that much more of its prefix with the last one.
            self.environment.append(Turn("system", parts).text)
            return
        if self.turns and self.turns[-1].role == message.role:
            parts = self.turns.pop().parts + parts
        if message.role == "user":
            parts = self._in_call_order(parts)
        self.turns.append(Turn(message.role, parts))

    def _parts(self, message: InputMessage, field: str) -> tuple[Part, ...]:
        parts: list[Part] = []
        for position, block in enumerate(message.blocks):
            path = f"{field}.{position}"
            if isinstance(block, ToolUseBlock):
                _require(message.role, "assistant", "tool_use", path)
                self._call_names[block.id] = block.name
                self._calls += 1
                self._call_order[block.id] = self._calls
                parts.append(ToolCall(block.id, block.name, block.input))
            elif isinstance(block, ToolResultBlock):
                _require(message.role, "user", "tool_result", path)
                parts.append(self._result(block, path))
            elif text := text_of(block, path, self._no_image):
                parts.append(Text(text))
        return tuple(parts)

    def _result(self, block: ToolResultBlock, path: str) -> ToolResult:
        name = self._call_names.get(block.tool_use_id)
        if name is None:
            raise RequestError(
                f"no tool_use with the id {block.tool_use_id!r} stands in an earlier assistant message",
                field=f"{path}.tool_use_id",
            )
        return ToolResult(block.tool_use_id, name, result_text(block, path, self._expanded))

    def _no_image(self, path: str) -> str:
        raise RequestError(f"the model {self._model!r} cannot see images", "Load one with vision.", field=path)

    def _expanded(self, name: str) -> str:
        tool = self._tools.get(name)
        if tool is None:
            return f"[The tool {name} is not available.]"
        definition = {"name": name, "description": tool.description, "parameters": tool.input_schema}
        return f"The tool {name} is now available:\n{json.dumps(definition, ensure_ascii=False)}"

    def _in_call_order(self, parts: tuple[Part, ...]) -> tuple[Part, ...]:
        """Clients send the results of parallel calls as they complete; in call order the prefix holds."""
        results = [part for part in parts if isinstance(part, ToolResult)]
        results.sort(key=lambda result: self._call_order[result.call_id])
        return (*results, *(part for part in parts if not isinstance(part, ToolResult)))


def _require(role: Role, expected: Role, block: str, path: str) -> None:
    if role != expected:
        raise RequestError(f"a {block} block belongs in a message of the role {expected}, not {role}", field=path)


def _offered_tools(request: MessagesRequest) -> tuple[Tool, ...]:
    if request.tool_choice.type == "none":
        return ()
    return tuple(_tool(tool) for tool in request.tools if tool.is_custom and not tool.defer_loading)


def _tool(tool: ToolDefinition) -> Tool:
    return Tool(tool.name, tool.description, tool.input_schema or {})
