"""What exact text does the model see? A Chat through the chat template of the model's own file.

What a template cannot express is found out once, by trying, when the template is loaded.
"""

from __future__ import annotations

import hashlib
import itertools
from collections import OrderedDict
from collections.abc import Collection
from typing import Any, Literal

import jinja2
import msgspec
from msgspec import Struct
from msgspec.structs import replace

from pensieve.core.chat import Chat, Text, Thinking, Turn
from pensieve.core.errors import RequestError, SettingsError
from pensieve.core.sequences import common_prefix
from pensieve.prompts.chatml import CHATML
from pensieve.prompts.controls import Controls, find_controls
from pensieve.prompts.environment import Compiled
from pensieve.prompts.literals import Literals
from pensieve.prompts.probe import find_shape, finds_text
from pensieve.prompts.shape import Message, Shape, listed, shaped
from pensieve.prompts.tools import described, plainly_described

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

MOST_OPENINGS = 16
"""System prompts that are remembered as rendered."""
_OTHER_WORDS = "\ue000other words\ue000"
_END_OF_PREFILL = "\ue000end of prefill\ue000"
_CALL = "\ue000call {}\ue000"


class Rendered(Struct, frozen=True):
    """`text` is cut where somebody's words spell a token of the model (`core/literal.py`).

    `thought`: does the text end inside a thought (`open`), may the model begin one (`free`), or neither?"""

    text: str
    thought: Literal["none", "open", "free"]


class ChatTemplate:
    """Renders Chats to text. `source` is the model file's template, or None for ChatML.

    `think` are the marks around the family's thoughts. `tools_in_words`: the model is asked in words for Hermes-style
    calls, because the template knows no tools, or because nobody can read the calls that it asks for. `control`: texts
    that are one token of the model's own, and mean it only where the template writes them.
    """

    def __init__(
        self,
        source: str | None,
        bos: str = "",
        eos: str = "",
        think: tuple[str, str] | None = None,
        *,
        tools_in_words: bool = False,
        control: Collection[str] = (),
    ) -> None:
        self.source = source or CHATML
        self._tokens = {"bos_token": bos, "eos_token": eos}
        self._think = think
        self._literals = Literals(frozenset(control) - frozenset(think or ()))
        try:
            self._template = Compiled(self.source)
        except jinja2.TemplateError as error:
            raise SettingsError(
                f"The model's chat template cannot be read: {_words(error)}.", "Use another conversion of this model."
            ) from None
        self._controls = Controls()
        self._others: OrderedDict[bytes, str] = OrderedDict()
        shape = Shape(tools=not tools_in_words)
        if not finds_text(self._try, shape) and finds_text(self._try, replace(shape, listed=True)):
            shape = replace(shape, listed=True)
        self._controls = find_controls(
            self._template.variables, self.source, lambda variables: self._try_with(shape, variables)
        )
        self._shape = find_shape(self._try, shape, think if think and think[0] in self.source else None)
        self.tools_in_words = not self._shape.tools

    @property
    def efforts(self) -> frozenset[str]:
        """The efforts of thinking that the template knows how to ask for."""
        return frozenset(self._controls.efforts)

    def render(self, chat: Chat) -> Rendered:
        """Raises RequestError when the template refuses the conversation."""
        if not chat.prefill:
            return self._asked(chat)
        begun = self._literals.cut(chat).turns[-1].text
        before = replace(chat, turns=chat.turns[:-1], prefill=False)
        if not begun:
            return self._asked(before)
        text = self._begun(chat)
        if text is None:
            # The template would have its answers begun in its own way only: what it begins is gone on with.
            asked = self._asked(before)
            text = asked.text + (f"{self._think[1]}\n\n" if asked.thought == "open" and self._think else "") + begun
        return Rendered(text, "none")

    def opening(self, chat: Chat, text: str) -> str:
        """What every conversation with this system prompt and these tools begins with. `text`: the Chat, rendered."""
        system = tuple(itertools.takewhile(lambda turn: turn.role == "system", chat.turns))
        other = replace(chat, turns=(*system, Turn("user", (Text(_OTHER_WORDS),))), prefill=False)
        key = hashlib.sha256(msgspec.json.encode(other)).digest()
        if key not in self._others:
            self._others[key] = self._try(other, self._shape)
            if len(self._others) > MOST_OPENINGS:
                self._others.popitem(last=False)
        self._others.move_to_end(key)
        return common_prefix(text, self._others[key])

    def _asked(self, chat: Chat) -> Rendered:
        text = self._run(chat, self._shape)
        return Rendered(text, self._thought(text.rstrip(), chat.thinking))

    def _thought(self, text: str, thinking: Thinking) -> Literal["none", "open", "free"]:
        if self._think is None or text.endswith(self._think[1].rstrip()):
            return "none"
        if text.endswith(self._think[0].rstrip()):
            return "open"
        knows = self._think[0] in self.source or self._shape.thoughts == "keys"
        return "free" if knows and (thinking.on or not self._controls.can_rest) else "none"

    def _begun(self, chat: Chat) -> str | None:
        """The text up to where the answer that was begun goes on, if the template lets it stand at the end."""
        # The template would close the assistant's turn: a mark at its end tells where to cut.
        last = chat.turns[-1]
        thoughts = tuple(part for part in last.parts if not isinstance(part, Text))
        marked = Turn(last.role, (*thoughts, Text(last.text + _END_OF_PREFILL)))
        try:
            text = self._run(replace(chat, turns=(*chat.turns[:-1], marked)), self._shape)
        except RequestError:
            return None
        text, found, _ = text.rpartition(_END_OF_PREFILL)
        return text if found else None

    def _run(self, chat: Chat, shape: Shape) -> str:
        try:
            return self._written(chat, shape)
        except RecursionError:
            raise RequestError("nested too deeply", field="messages") from None

    def _written(self, chat: Chat, shape: Shape) -> str:
        chat = self._literals.cut(chat)
        messages = shaped(chat, shape, self._think)
        words = _taken_out(messages) if shape.opening else []
        messages = listed(messages) if shape.listed else messages
        variables = self._controls.variables(chat.thinking)
        tools = chat.tools if shape.tools else ()
        try:
            text = self._run_template(messages, [described(tool) for tool in tools], not chat.prefill, variables)
        except RequestError:
            if not tools:
                raise
            plain = [plainly_described(tool) for tool in tools]
            text = self._run_template(messages, plain, not chat.prefill, variables)
        for number, part in enumerate(words):
            mark = _CALL.format(number)
            text = text.replace(shape.opening + mark, part + shape.opening).replace(mark, "")
        return text

    def _run_template(
        self, messages: list[Message], tools: list[dict[str, Any]], ask: bool, variables: dict[str, Any]
    ) -> str:
        try:
            return self._template.run(
                {
                    "messages": messages,
                    "tools": tools or None,
                    "documents": None,
                    "add_generation_prompt": ask,
                    **self._tokens,
                    **variables,
                }
            )
        except TEMPLATE_FAILURES as error:
            raise RequestError(
                f"the model's chat template refuses this conversation: {_words(error)}", field="messages"
            ) from error

    def _try(self, chat: Chat, shape: Shape) -> str:
        try:
            return self._run(chat, shape)
        except RequestError:
            return ""

    def _try_with(self, shape: Shape, variables: dict[str, Any]) -> str | None:
        messages = shaped(Chat("", (Turn("user", (Text("?"),)),)), shape, None)
        try:
            return self._run_template(listed(messages) if shape.listed else messages, [], True, variables)
        except RequestError:
            return None


def _taken_out(messages: list[Message]) -> list[str]:
    """Takes the words out of messages with calls, and marks where they belong."""
    words: list[str] = []
    for message in messages:
        if message.get("tool_calls") and message["content"]:
            called = message["tool_calls"][0]["function"]
            called["name"] = _CALL.format(len(words)) + called["name"]
            words.append(message["content"])
            message["content"] = ""
    return words


def _words(error: Exception) -> str:
    return str(error).rstrip(".") or type(error).__name__
