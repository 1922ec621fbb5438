"""Requests in few words, for the tests of what they mean."""

from __future__ import annotations

import json
from typing import Any

from pensieve.conversation.normalise import Normalised, normalise
from pensieve.core.chat import Part, Text, Turn
from pensieve.wire.request import parse_messages_request

Message = dict[str, Any]
SCHEMA = {"type": "object"}


def meant(
    *messages: Message, unseal: Any = None, written: Any = None, pictures_known: Any = None, **fields: Any
) -> Normalised:
    """What this server has sealed is `sealed:` and the thought."""
    body = {"model": "m", "max_tokens": 5000, "messages": messages, **fields}
    request = parse_messages_request(json.dumps(body).encode())
    return normalise(
        request,
        unseal=unseal or unsealed,
        written=written or (lambda _: None),
        pictures_known=pictures_known or (lambda _: False),
    )


def unsealed(signature: str) -> str | None:
    return signature.removeprefix("sealed:") if signature.startswith("sealed:") else None


def user(*content: Any) -> Message:
    return {"role": "user", "content": content[0] if len(content) == 1 and isinstance(content[0], str) else content}


def assistant(*content: Any) -> Message:
    return {**user(*content), "role": "assistant"}


def system(*content: Any) -> Message:
    return {**user(*content), "role": "system"}


def text(text: str) -> Message:
    return {"type": "text", "text": text}


def thought(signature: str, thinking: str = "") -> Message:
    return {"type": "thinking", "thinking": thinking, "signature": signature}


def use(id: str, name: str = "f", **input: Any) -> Message:
    return {"type": "tool_use", "id": id, "name": name, "input": input}


def result(id: str, content: Any = "ok", **fields: Any) -> Message:
    return {"type": "tool_result", "tool_use_id": id, "content": content, **fields}


def reference(name: str) -> Message:
    return {"type": "tool_reference", "tool_name": name}


def search(id: str, query: str = "q", name: str = "tool_search_tool_bm25") -> Message:
    return {"type": "server_tool_use", "id": id, "name": name, "input": {"query": query}}


def found(id: str, *names: str) -> Message:
    content = {"type": "tool_search_tool_search_result", "tool_references": [reference(name) for name in names]}
    return {"type": "tool_search_tool_result", "tool_use_id": id, "content": content}


def not_found(id: str, **error: Any) -> Message:
    content = {"type": "tool_search_tool_result_error", **error}
    return {"type": "tool_search_tool_result", "tool_use_id": id, "content": content}


def addition(tool: Message) -> Message:
    return {"type": "tool_addition", "tool": tool}


def removal(name: str) -> Message:
    return {"type": "tool_removal", "tool": named(name)}


def named(name: str) -> Message:
    return {"type": "tool_reference", "name": name}


def tool(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "description": f"does {name}", "input_schema": SCHEMA, **fields}


def late(name: str, **fields: Any) -> dict[str, Any]:
    return tool(name, defer_loading=True, **fields)


def said(role: Any, *parts: Part | str) -> Turn:
    return Turn(role, tuple(Text(part) if isinstance(part, str) else part for part in parts))


def announced(name: str) -> str:
    definition = {"name": name, "description": f"does {name}", "parameters": SCHEMA}
    return f"The tool {name} is now available:\n{json.dumps(definition)}"
