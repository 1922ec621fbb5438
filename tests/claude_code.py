"""The real Claude Code, for tests: TEST_CLAUDE names its command (`.ci/run` installs it); without, they are skipped."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from server import TOKEN

CLAUDE = os.environ.get("TEST_CLAUDE", "")
LONGEST_SECONDS = 900

needs_claude = pytest.mark.skipif(not CLAUDE, reason="TEST_CLAUDE does not name Claude Code's command")


def claude(
    url: str, home: Path, project: Path, prompt: str, *options: str, tools: str = "Read", **variables: str
) -> subprocess.CompletedProcess[str]:
    """One prompt, one answer, as JSON lines. `options` are further ones of the command line."""
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
    command += options
    return subprocess.run(
        command,
        env=environment,
        cwd=project,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
    )


def lines_of(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def calls_in(lines: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """The tools that were called, with their inputs, in order."""
    blocks = [block for line in lines if line["type"] == "assistant" for block in line["message"]["content"]]
    return [(block["name"], block["input"]) for block in blocks if block["type"] == "tool_use"]


def requests_of(home: Path, project: Path, prompt: str, *options: str, **variables: str) -> list[dict[str, Any]]:
    """What the client sends. Each request is refused, so that it tries its other ways of asking as well."""
    bodies: list[dict[str, Any]] = []

    class Recorder(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            answer = b'{"type": "error", "error": {"type": "invalid_request_error", "message": "no"}}'
            self.send_response(400)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder) as recorder:
        threading.Thread(target=recorder.serve_forever, daemon=True).start()
        claude(f"http://127.0.0.1:{recorder.server_address[1]}", home, project, prompt, *options, **variables)
        recorder.shutdown()
    return bodies
