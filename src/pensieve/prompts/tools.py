"""Tools as templates expect them."""

from __future__ import annotations

from typing import Any

from pensieve.core.chat import Tool


def described(tool: Tool) -> dict[str, Any]:
    return _described(tool, tool.schema)


def plainly_described(tool: Tool) -> dict[str, Any]:
    """For templates that walk through a schema and stumble over defaults, lists of types, null, no properties."""
    return _described(tool, {"type": "object", "properties": {}, **_plain(tool.schema)})


def _described(tool: Tool, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "function",
        "function": {"name": tool.name, "description": tool.description, "parameters": schema},
    }


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "properties" and isinstance(value, dict):
            plain[key] = {name: _plain(one) if isinstance(one, dict) else {} for name, one in value.items()}
        elif key == "type":
            types = value if isinstance(value, list) else [value]
            plain[key] = next((one for one in types if one != "null"), "string")
        elif isinstance(value, dict):
            plain[key] = _plain(value)
        elif key != "default":
            plain[key] = value
    return plain
