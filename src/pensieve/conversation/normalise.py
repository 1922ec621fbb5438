"""What does this request mean? `MessagesRequest` -> `Normalised`, a Chat and which tools may be called in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct

from pensieve.conversation.thinking import thinking_of
from pensieve.conversation.toolbox import SearchKind, Toolbox, announcement
from pensieve.conversation.turns import Turns, found_text
from pensieve.core.chat import Chat, Part, Tool, ToolCall, ToolResult, Turn, Written
from pensieve.core.errors import RequestError
from pensieve.wire.blocks import TextBlock
from pensieve.wire.request import InputMessage, MessagesRequest

BILLING_HEADER = "x-anthropic-billing-header:"


class Normalised(Struct, frozen=True):
    """The prompt shows `chat.tools` from the start; of them and of later ones, `callable` may be called in the end.

    `searches` are the tools that this server runs itself, by their names, and `deferred` is what they search. `notice`
    is what the server itself says in front of the answer.
    """

    chat: Chat
    callable: tuple[Tool, ...] = ()
    searches: dict[str, SearchKind] = {}
    deferred: tuple[Tool, ...] = ()
    notice: str = ""

    def after_search(self, said: Sequence[Part], call: ToolCall, found: Sequence[str]) -> Normalised:
        """The conversation when the answer so far was `said` and then `call`, and its search has `found` these tools.

        The next request, which brings the same as blocks, means the same.
        """
        tools = [tool for name in found for tool in self.deferred if tool.name == name]
        words = found_text([announcement(tool, self.chat.tools) for tool in tools])
        return self._continued(said, call, words, tools)

    def after_failed_search(self, said: Sequence[Part], call: ToolCall, words: str) -> Normalised:
        return self._continued(said, call, f"The tool failed: {words}", [])

    def _continued(self, said: Sequence[Part], call: ToolCall, words: str, tools: list[Tool]) -> Normalised:
        turns = self.chat.turns
        before: tuple[Part, ...] = ()
        if self.chat.prefill:
            *earlier, last = turns
            turns, before = tuple(earlier), last.parts
        answer = Turn("assistant", (*before, *said, call))
        result = Turn("user", (ToolResult(call.id, call.name, words),))
        choice = self.chat.choice
        if choice.kind == "tool" and choice.name == call.name:
            # It has made the call that it had to make.
            choice = msgspec.structs.replace(choice, kind="auto", name="")
        chat = msgspec.structs.replace(self.chat, turns=(*turns, answer, result), prefill=False, choice=choice)
        known = {tool.name for tool in self.callable}
        fresh = tuple(tool for tool in tools if tool.name not in known)
        return msgspec.structs.replace(self, chat=chat, callable=self.callable + fresh)


def _nothing(_: str) -> None:
    return None


def _unknown(_: InputMessage) -> bool:
    return False


def normalise(
    request: MessagesRequest,
    *,
    unseal: Callable[[str], str | None] = _nothing,
    written: Callable[[str], Written | None] = _nothing,
    pictures_known: Callable[[InputMessage], bool] = _unknown,
) -> Normalised:
    """`unseal` gives the thought in a signature of this server; `written` a call as a model wrote it, by its id;
    `pictures_known` whether the client knows already that the pictures of a message cannot be seen.

    Raises RequestError that names the field.
    """
    toolbox = Toolbox(request)
    turns = Turns(request, toolbox, unseal, written, pictures_known)
    for index, message in enumerate(request.messages):
        turns.add(index, message)
    done = tuple(turns.turns)
    prefill = done[-1].role == "assistant"
    if prefill and any(isinstance(part, ToolCall) for part in done[-1].parts):
        raise RequestError(
            "a tool_use must be followed by its tool_result", field=f"messages.{len(request.messages) - 1}"
        )
    if prefill and request.output_config.format is not None:
        raise RequestError(
            "the answer cannot begin with an assistant message: leave that out", field="output_config.format"
        )
    system = [_without_billing(block.text) for block in request.system if isinstance(block, TextBlock)]
    output = request.output_config
    chat = Chat(
        system="\n\n".join(text for text in [*system, *turns.environment, toolbox.note()] if text),
        turns=done,
        tools=toolbox.header,
        prefill=prefill,
        choice=toolbox.choice(request),
        thinking=thinking_of(request, done),
        format=None if output.format is None else output.format.json_schema,
    )
    free = chat.choice.kind == "auto" and chat.format is None
    notice = toolbox.notice() if free and not any(turn.role == "assistant" for turn in done) else ""
    return Normalised(chat, toolbox.callable, toolbox.searches, toolbox.deferred, notice)


def _without_billing(text: str) -> str:
    """Claude Code's first line changes with every conversation; in front of all, it would spoil every cached prefix."""
    return text.partition("\n")[2] if text.startswith(BILLING_HEADER) else text
