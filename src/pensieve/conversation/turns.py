"""Messages -> turns, in order: merged, split and sorted so that the same history is always the same prompt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from pensieve.conversation.content import IMAGE_NOTE, result_text, text_of
from pensieve.conversation.toolbox import Toolbox
from pensieve.core.chat import Part, Role, Text, Thought, ToolCall, ToolResult, Turn, Written
from pensieve.core.errors import RequestError, quoted
from pensieve.wire.blocks import (
    AnyBlock,
    ServerToolUseBlock,
    ThinkingBlock,
    ToolAdditionBlock,
    ToolRemovalBlock,
    ToolResultBlock,
    ToolSearchFailed,
    ToolSearchResultBlock,
    ToolsFound,
    ToolUseBlock,
)
from pensieve.wire.request import InputMessage, MessagesRequest


class Turns:
    """Gathers the turns in order; knows the calls seen so far."""

    def __init__(
        self,
        request: MessagesRequest,
        toolbox: Toolbox,
        unseal: Callable[[str], str | None],
        written: Callable[[str], Written | None],
        pictures_known: Callable[[InputMessage], bool],
    ) -> None:
        self.turns: list[Turn] = []
        self.environment: list[str] = []
        self._toolbox = toolbox
        self._unseal = unseal
        self._written = written
        self._call_names: dict[str, str] = {}
        self._call_order: dict[str, int] = {}
        self._calls = 0
        users = [index for index, message in enumerate(request.messages) if message.role == "user"]
        self._first_user = users[0] if users else None
        self._last_user = users[-1] if users else None
        self._messages = request.messages
        self._pictures_known = pictures_known
        self._model = request.model

    def add(self, index: int, message: InputMessage) -> None:
        stretches = self._stretches(message, f"messages.{index}.content")
        if message.role == "system" and self._first_user is not None and index == self._first_user + 1:
            # The client describes its environment right after the first user turn. In front of it, a fresh conversation
            # shares that much more of its prefix with the last one.
            self.environment += [stretch.text for stretch in stretches]
            return
        for stretch in stretches:
            self._append(stretch)

    def _append(self, turn: Turn) -> None:
        role, parts = turn.role, turn.parts
        if self.turns and self.turns[-1].role == role:
            parts = self.turns.pop().parts + parts
        if role == "user":
            parts = self._in_call_order(parts)
        self.turns.append(Turn(role, parts))

    def _stretches(self, message: InputMessage, field: str) -> list[Turn]:
        """One turn, or more: what this server searched in the middle of an answer was a call and its result, and tools
        that come and go are told by the system after what they came with."""
        done: list[Turn] = []
        parts: list[Part] = []
        changes: list[Part] = []
        searched = {block.tool_use_id for block in message.blocks if isinstance(block, ToolSearchResultBlock)}
        for position, block in enumerate(message.blocks):
            path = f"{field}.{position}"
            match block:
                case ServerToolUseBlock() if block.id in searched:
                    _require(message.role, "assistant", "server_tool_use", path)
                    parts.append(self._call(block.id, block.name, block.input))
                case ToolSearchResultBlock() if block.tool_use_id in self._call_names:
                    done += [Turn(message.role, tuple(parts)), Turn("user", (self._found(block),))]
                    parts = []
                case ToolAdditionBlock() | ToolRemovalBlock():
                    words = self._changed(block)
                    (parts if message.role == "system" else changes).extend([Text(words)] if words else [])
                case _:
                    parts.extend(self._part(message.role, block, path))
        if parts or not done:
            done.append(Turn(message.role, tuple(parts)))
        if changes:
            done.append(Turn("system", tuple(changes)))
        return done

    def _part(self, role: Role, block: AnyBlock, path: str) -> list[Part]:
        match block:
            case ToolUseBlock():
                _require(role, "assistant", "tool_use", path)
                return [self._call(block.id, block.name, block.input)]
            case ToolResultBlock():
                _require(role, "user", "tool_result", path)
                return [self._result(block, path)]
            case ThinkingBlock():
                # What no key of this server has sealed may be anything: the model never thought it.
                thought = self._unseal(block.signature) if role == "assistant" and block.signature else None
                return [Thought(thought)] if thought else []
            case _:
                text = text_of(block, path, self._image)
                if role == "assistant":
                    # The model has not said it, and sees what it has said.
                    text = text.removeprefix(self._toolbox.notice())
                return [Text(text)] if text else []

    def _call(self, id: str, name: str, input: dict[str, Any]) -> ToolCall:
        self._call_names[id] = name
        self._calls += 1
        self._call_order[id] = self._calls
        return ToolCall(id, name, input, self._written(id))

    def _result(self, block: ToolResultBlock, path: str) -> ToolResult:
        name = self._call_names.get(block.tool_use_id)
        if name is None:
            raise RequestError(
                f"no tool_use with the id {quoted(block.tool_use_id)} stands in an earlier assistant message",
                field=f"{path}.tool_use_id",
            )
        return ToolResult(block.tool_use_id, name, result_text(block, path, self._toolbox.referenced))

    def _found(self, block: ToolSearchResultBlock) -> ToolResult:
        match block.content:
            case ToolsFound(tool_references=references):
                words = found_text([self._toolbox.referenced(reference.tool_name) for reference in references])
            case ToolSearchFailed(error_code=code, error_message=message):
                words = f"The tool failed: {message or code}"
        return ToolResult(block.tool_use_id, self._call_names[block.tool_use_id], words)

    def _changed(self, block: ToolAdditionBlock | ToolRemovalBlock) -> str:
        match block:
            case ToolAdditionBlock(tool=tool):
                return self._toolbox.added(tool)
            case ToolRemovalBlock(tool=tool):
                return self._toolbox.removed(tool)

    def _image(self, path: str) -> str:
        """An image that is being asked about is refused. An old one must not end the conversation: it is noted."""
        if path.startswith(f"messages.{self._last_user}.") and self._refuses_images:
            raise RequestError(
                f"the model {quoted(self._model)} cannot see images.",
                "Ask again without the image, or just go on: then a note takes its place.",
                field=path,
            )
        return IMAGE_NOTE

    @cached_property
    def _refuses_images(self) -> bool:
        return self._last_user is not None and not self._pictures_known(self._messages[self._last_user])

    def _in_call_order(self, parts: tuple[Part, ...]) -> tuple[Part, ...]:
        """Clients send the results of parallel calls as they complete; in call order the prefix holds."""
        results = [part for part in parts if isinstance(part, ToolResult)]
        results.sort(key=lambda result: self._call_order[result.call_id])
        return (*results, *(part for part in parts if not isinstance(part, ToolResult)))


def found_text(announcements: Sequence[str]) -> str:
    """A tool search's result in words."""
    return "\n".join(announcements) or "No tool matches."


def _require(role: Role, expected: Role, block: str, path: str) -> None:
    if role != expected:
        raise RequestError(f"a {block} block belongs in a message of the role {expected}, not {role}", field=path)
