"""How soon does the bundled model begin to answer a request of Claude Code's size? `nano.py [--rounds N]`

The request has the shape and the size of Claude Code's first one (49 KB: tools, system, environment), other words, and
a new question each time. The limit that is compared with is 150 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
from typing import Any

from overhead import port_in
from streams import Target, stream

LIMIT_MS = 150
TOOLS = {
    "Agent": 4000, "Bash": 9000, "Edit": 1500, "ListAgents": 800, "Read": 2000, "ReportFindings": 2500,
    "ScheduleWakeup": 3000, "Skill": 1500, "ToolSearch": 2000, "Workflow": 3500, "Write": 700,
}  # fmt: skip
"""Names, and characters of description."""
REQUIRED = {"Bash": ["command"], "Edit": ["file_path", "old_string", "new_string"], "Write": ["file_path", "content"]}


class ClaudeCode(Target):
    def body(self, content: str, prompt: str, tokens: int) -> dict[str, Any]:
        return {
            "model": "pensieve-nano",
            "max_tokens": 32000,
            "stream": True,
            "thinking": {"type": "adaptive", "display": "omitted"},
            "system": [{"type": "text", "text": "You are an agent. " * 390}],
            "tools": [tool(name, size) for name, size in TOOLS.items()],
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": content}]},
                {"role": "system", "content": "# Environment\n" + "You have been invoked here. " * 340},
            ],
        }


def tool(name: str, size: int) -> dict[str, Any]:
    required = REQUIRED.get(name, ["file_path"])
    properties = {parameter: {"type": "string"} for parameter in required}
    schema = {"type": "object", "properties": properties, "required": required}
    return {"name": name, "description": "Use it well. " * (size // 13), "input_schema": schema}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "pensieve", "serve", "--port", "0"]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PENSIEVE_")}
        server = subprocess.Popen(command, env=environment | {"PENSIEVE_HOME": home}, stderr=subprocess.PIPE, text=True)
        try:
            target = ClaudeCode("pensieve", port_in(server.stderr), "/v1/messages", b"_delta", b'"output_tokens":')
            size = len(json.dumps(target.body("", "", 0)))
            firsts = asyncio.run(measure(target, rounds))
        finally:
            server.terminate()
            server.wait()
    median = statistics.median(firsts)
    print(
        f"first token of Pensieve Nano on {size / 1000:.0f} KB: {median:.1f} ms, at most {max(firsts):.1f} ms;", end=" "
    )
    print(f"{median / LIMIT_MS:.2f} of the limit of {LIMIT_MS} ms ({rounds} rounds)")


async def measure(target: Target, rounds: int) -> list[float]:
    """Milliseconds."""
    return [(await stream(target, f"Read notes-{number}.txt", "", 0)).first * 1000 for number in range(rounds)]


if __name__ == "__main__":
    main()
