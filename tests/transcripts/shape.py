"""What a shape is: an answer as a model really wrote it, and the calls that a client is to be told of.

What is a call, and what only looks like one: a fenced or bare call of an offered tool is one where nothing but white
space and other calls stands in front of it, or behind it. With text on both sides it is text, and so is an example that
the words just in front announce.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pensieve.core.chat import Tool

Call = tuple[str, dict[str, Any]]

_TEXT = {"type": "string"}
_WHOLE = {"type": "integer"}


def _tool(name: str, required: str = "", **properties: dict[str, str]) -> Tool:
    schema = {"type": "object", "properties": properties, "required": required.split(), "additionalProperties": False}
    return Tool(name, "", schema)


OFFERED = (
    _tool("Read", "file_path", file_path=_TEXT, offset=_WHOLE, limit=_WHOLE),
    _tool("Bash", "command", command=_TEXT, description=_TEXT, timeout={"type": "number"}),
    _tool("Write", "file_path content", file_path=_TEXT, content=_TEXT),
    _tool(
        "Edit",
        "file_path old_string new_string",
        file_path=_TEXT,
        old_string=_TEXT,
        new_string=_TEXT,
        replace_all={"type": "boolean"},
    ),
    _tool("Grep", "pattern", pattern=_TEXT, path=_TEXT, glob=_TEXT),
    _tool("Glob", "pattern", pattern=_TEXT, path=_TEXT),
    _tool("List"),
)
"""As Claude Code offers them, shortened; and one without arguments."""


@dataclass(frozen=True)
class Shape:
    name: str
    family: str
    """Of the model that wrote it."""
    source: str
    """Where such an answer was reported: a project and its issue, or the kind of report."""
    written: str
    calls: tuple[Call, ...] = ()
    """None: all of it is text."""
    before: str = ""
    """The text in front of the calls, without white space around it."""
    behind: str = ""
    thought: str = ""
    thinking: bool = False
    """The prompt has opened a thought."""
    unknown: bool = False
    """No such tool is offered. What becomes of it is for a grammar to say; here only that no other call is invented."""
    cut: bool = False
    """The answer ends in the middle of the call: no call, whatever is told of it."""


CART: Call = ("Read", {"file_path": "/shop/cart.py"})
STATUS: Call = ("Bash", {"command": "git status"})
LIST: Call = ("List", {})

READ = '{"name": "Read", "arguments": {"file_path": "/shop/cart.py"}}'
RUN = '{"name": "Bash", "arguments": {"command": "git status"}}'


def fence(body: str, language: str = "json") -> str:
    return f"```{language}\n{body}\n```"
