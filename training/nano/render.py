"""Conversations as the text that Nano sees and writes, by the template that ships with it."""

from __future__ import annotations

from pathlib import Path

from pensieve.prompts.environment import make_environment
from training.nano.messages import Conversation

TEMPLATE = Path(__file__).with_name("template.jinja")
_template = make_environment().from_string(TEMPLATE.read_text())


def rendered(conversation: Conversation, turns: int | None = None, *, ask: bool = False) -> str:
    """The first `turns` messages (default: all); with `ask`, up to where Nano goes on."""
    text: str = _template.render(
        messages=conversation.messages[:turns], tools=conversation.tools or None, add_generation_prompt=ask
    )
    return text if ask else text.rstrip("\n")
