"""The real Claude Code, for tests: TEST_CLAUDE names its command (`.ci/run` installs it); without, they are skipped."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from server import TOKEN

CLAUDE = os.environ.get("TEST_CLAUDE", "")

needs_claude = pytest.mark.skipif(not CLAUDE, reason="TEST_CLAUDE does not name Claude Code's command")


def claude(
    url: str, home: Path, project: Path, prompt: str, *, tools: str = "Read", **variables: str
) -> subprocess.CompletedProcess[str]:
    """One prompt, one answer, as JSON lines."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_AUTH_TOKEN": TOKEN,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "CLAUDE_CODE_MAX_RETRIES": "0",
        **variables,
    }
    command = [CLAUDE, "-p", prompt, "--allowedTools", tools, "--output-format", "stream-json", "--verbose"]
    return subprocess.run(
        command, env=environment, cwd=project, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300
    )


def lines_of(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def calls_in(lines: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """The tools that were called, with their inputs, in order."""
    blocks = [block for line in lines if line["type"] == "assistant" for block in line["message"]["content"]]
    return [(block["name"], block["input"]) for block in blocks if block["type"] == "tool_use"]
