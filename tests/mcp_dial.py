"""A tool of the user's own, as a server of the Model Context Protocol on standard input and output: it sets a dial."""

from __future__ import annotations

import json
import sys
from typing import Any

TOOL = {
    "name": "set_dial",
    "description": "Sets the dial.",
    "inputSchema": {
        "type": "object",
        "properties": {"level": {"type": "integer", "minimum": 0, "maximum": 11}},
        "required": ["level"],
        "additionalProperties": False,
    },
}


def answer(method: str, given: dict[str, Any]) -> dict[str, Any]:
    match method:
        case "initialize":
            return {
                "protocolVersion": given["protocolVersion"],
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "dial", "version": "1"},
            }
        case "tools/list":
            return {"tools": [TOOL]}
        case "tools/call":
            level = given["arguments"]["level"]
            fits = isinstance(level, int) and 0 <= level <= 11
            said = f"The dial is at {level}" if fits else f"There is no level {level!r}"
            return {"content": [{"type": "text", "text": said}], "isError": not fits}
    return {}


for line in sys.stdin:
    asked = json.loads(line)
    if "id" in asked:
        result = answer(asked["method"], asked.get("params", {}))
        print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result}), flush=True)
