"""Which tools the model is shown at the start, which join or leave on the way, and which it may call in the end."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import Literal

from pensieve.core.chat import Choice, Tool
from pensieve.core.errors import RequestError, quoted
from pensieve.wire.blocks import AnyToolChange, McpToolNamed, McpToolsetNamed, ToolDefined, ToolNamed
from pensieve.wire.request import MessagesRequest
from pensieve.wire.tools import ToolDefinition

log = logging.getLogger(__name__)

SearchKind = Literal["regex", "bm25"]

_SEARCH_TYPES: dict[str, SearchKind] = {"tool_search_tool_regex": "regex", "tool_search_tool_bm25": "bm25"}
_SEARCH_DESCRIPTIONS: dict[SearchKind, str] = {
    "regex": (
        "Finds more tools. There are tools that you have not been shown: search for them here before you say that "
        "something cannot be done. The query is a regular expression as Python's re.search takes it, matched against "
        "the names, descriptions and arguments of these tools; upper and lower case differ unless it begins with (?i). "
        "What is found can be called from then on."
    ),
    "bm25": (
        "Finds more tools. There are tools that you have not been shown: search for them here before you say that "
        "something cannot be done. The query says in a few plain words what is needed; it is compared with the names, "
        "descriptions and arguments of these tools. What is found can be called from then on."
    ),
}
_QUERY_WORDS: dict[SearchKind, str] = {
    "regex": "A regular expression of 200 characters at most.",
    "bm25": "A few words that say what the tool should do.",
}


class Toolbox:
    """Follows the tools through the conversation.

    `header` never changes on the way: what joins later is told where it joins, so that the prompt before it stays.
    """

    def __init__(self, request: MessagesRequest) -> None:
        self._none = request.tool_choice.type == "none"
        self._known: dict[str, Tool] = {}
        self._header: list[Tool] = []
        self._deferred: list[Tool] = []
        self.searches: dict[str, SearchKind] = {}
        self.elsewhere: list[str] = []
        """Tools that some server would run, but not this one."""
        for definition in request.tools:
            self._declare(definition)
        self._callable = {tool.name: tool for tool in self._header}

    @property
    def header(self) -> tuple[Tool, ...]:
        return tuple(self._header)

    @property
    def deferred(self) -> tuple[Tool, ...]:
        return () if self._none else tuple(self._deferred)

    @property
    def callable(self) -> tuple[Tool, ...]:
        return () if self._none else tuple(self._callable.values())

    def note(self) -> str:
        """What the system prompt says of tools that cannot be had here."""
        if not self.elsewhere:
            return ""
        names = ", ".join(self.elsewhere)
        return f"Not available here: {names}. Do without, and if that is not possible, say so."

    def notice(self) -> str:
        """What the client is told of them, in front of a conversation's first answer."""
        return f"[Not run by this server: {', '.join(self.elsewhere)}.]\n\n" if self.elsewhere else ""

    def referenced(self, name: str) -> str:
        """What a reference to the tool says where it stands. It may be called from there on."""
        tool = self._known.get(name)
        if tool is None or self._none:
            return f"[The tool {name} is not available.]"
        self._callable[name] = tool
        return announcement(tool, self._header)

    def added(self, change: AnyToolChange) -> str:
        match change:
            case ToolNamed(name=name):
                return self.referenced(name)
            case ToolDefined(definition=definition) if definition.is_custom:
                self._known[definition.name] = _tool(definition)
                return self.referenced(definition.name)
            case ToolDefined(definition=definition):
                return f"[The tool {definition.name} is not available.]"
            case McpToolNamed() | McpToolsetNamed():
                return f"[The tools of the MCP server {change.server_name} are not available.]"

    def removed(self, change: AnyToolChange) -> str:
        match change:
            case ToolNamed(name=name) | ToolDefined(definition=ToolDefinition(name=name)):
                self._callable.pop(name, None)
                return f"The tool {name} is no longer available."
            case McpToolNamed() | McpToolsetNamed():
                return ""

    def choice(self, request: MessagesRequest) -> Choice:
        """To be asked when the whole conversation has been read. Raises RequestError."""
        wanted = request.tool_choice
        parallel = not wanted.disable_parallel_tool_use
        if wanted.type in ("any", "tool") and not request.tools and not self._callable:
            raise RequestError(
                f"{wanted.type!r} needs tools, and none are given.",
                "Give tools, or leave tool_choice out.",
                field="tool_choice",
            )
        match wanted.type:
            case "tool" if wanted.name not in self._callable and wanted.name not in self.elsewhere:
                raise self._no_such_choice(wanted.name or "")
            case "tool" if wanted.name in self._callable:
                return Choice("tool", wanted.name, parallel)
            case "any" if self._callable:
                return Choice("any", parallel=parallel)
            case "none":
                return Choice("none")
            case _:
                # Also when the one that is wanted would be run by another server: the model is told, and goes on.
                return Choice(parallel=parallel)

    def _declare(self, definition: ToolDefinition) -> None:
        kind = _search_kind(definition)
        if kind is not None:
            self.searches[definition.name] = kind
            self._show(_search_tool(definition.name, kind))
        elif not definition.is_custom:
            self.elsewhere.append(definition.name)
            log.info("server_tool_not_run type=%.100r", definition.type)
        else:
            tool = _tool(definition)
            self._known[tool.name] = tool
            if definition.defer_loading:
                self._deferred.append(tool)
            else:
                self._show(tool)

    def _show(self, tool: Tool) -> None:
        if not self._none:
            self._header.append(tool)

    def _no_such_choice(self, name: str) -> RequestError:
        if name in self._known:
            return RequestError(
                f"the tool {quoted(name)} is not available at the end of this conversation.",
                "Send it without defer_loading, or refer to it in a message first.",
                field="tool_choice.name",
            )
        return RequestError(
            f"there is no tool of the name {quoted(name)}.", "Choose one of those in tools.", field="tool_choice.name"
        )


def announcement(tool: Tool, header: Sequence[Tool]) -> str:
    """The definition as well, unless the model has seen it from the start."""
    if tool in header:
        return f"The tool {tool.name} is now available."
    definition = {"name": tool.name, "description": tool.description, "parameters": tool.schema}
    return f"The tool {tool.name} is now available:\n{json.dumps(definition, ensure_ascii=False)}"


def _tool(definition: ToolDefinition) -> Tool:
    return Tool(
        definition.name,
        definition.description,
        definition.input_schema or {},
        eager=bool(definition.eager_input_streaming),
    )


def _search_kind(definition: ToolDefinition) -> SearchKind | None:
    for prefix, kind in _SEARCH_TYPES.items():
        if (definition.type or "").startswith(prefix):
            return kind
    return None


def _search_tool(name: str, kind: SearchKind) -> Tool:
    schema = {
        "type": "object",
        "properties": {"query": {"type": "string", "description": _QUERY_WORDS[kind]}},
        "required": ["query"],
        "additionalProperties": False,
    }
    return Tool(name, _SEARCH_DESCRIPTIONS[kind], schema)
