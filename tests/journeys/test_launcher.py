"""`pensieve claude` with the real Claude Code: from nothing to an answer, in its window, and beside other terminals."""

from __future__ import annotations

import http.server
import json
import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from claude_code import CLAUDE, needs_claude
from command import COMMAND, pensieve, well
from pensieve.cli.claude import write_settings
from pensieve.cli.client import Endpoint, environment, settings
from server import wait_for

pytestmark = [pytest.mark.journey, needs_claude]

NOTES = "The owl flies at midnight."
ASKED = ("-p", "Read notes.txt and tell me what it says", "--allowedTools", "Read")
ANSWER = f"It says: {NOTES}\n"
TURNS = 60


@pytest.fixture(autouse=True)
def from_nothing(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty HOME, with Claude Code on the PATH."""
    monkeypatch.setenv("PATH", f"{Path(CLAUDE).absolute().parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PENSIEVE_PORT", "0")
    yield
    pensieve("stop")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "a project, ünïcode & spaces"
    folder.mkdir()
    (folder / "notes.txt").write_text(f"{NOTES}\n")
    return folder


def test_one_command_is_all(project: Path) -> None:
    assert well(pensieve("claude", *ASKED, folder=project)) == ANSWER


def test_global_mode_and_back(project: Path, own_home: Path) -> None:
    well(pensieve("setup", "--yes"))
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PENSIEVE_")}
    done = subprocess.run(
        ["claude", *ASKED],
        env=plain,
        cwd=project,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout == ANSWER, done.stderr
    well(pensieve("setup", "--undo"))
    assert not (own_home / ".claude" / "settings.json").exists()


class Recorder(http.server.BaseHTTPRequestHandler):
    """Refuses everything, and keeps the heads."""

    heads: list[dict[str, str]]

    def do_POST(self) -> None:
        self.heads.append({name.lower(): value for name, value in self.headers.items()})
        self.rfile.read(int(self.headers["content-length"]))
        body = b'{"type": "error", "error": {"type": "invalid_request_error", "message": "no"}}'
        self.send_response(400)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.mark.parametrize(
    "own",
    [
        {},
        {"apiKeyHelper": "echo sk-ant-helper", "model": "claude-opus-5-5"},
        {
            "model": "opus",
            "env": {
                "ANTHROPIC_BASE_URL": "http://127.0.0.1:9",
                "ANTHROPIC_AUTH_TOKEN": "sk-ant-proxy",
                "ANTHROPIC_API_KEY": "sk-ant-settings",
                "ANTHROPIC_CUSTOM_HEADERS": "x-secret: sk-ant-header",
                "CLAUDE_CODE_USE_BEDROCK": "1",
            },
        },
    ],
    ids=["shell", "helper", "settings"],
)
def test_no_key_of_the_user_is_sent_to_anyone(own: dict[str, Any], own_home: Path, project: Path) -> None:
    folder = own_home / ".claude"
    folder.mkdir()
    (folder / "settings.json").write_text(json.dumps(own))
    Recorder.heads = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder) as recorder:
        threading.Thread(target=recorder.serve_forever, daemon=True).start()
        here = Endpoint(f"http://127.0.0.1:{recorder.server_address[1]}", "local", "qwen", 32_768)
        file = write_settings(own_home / ".pensieve", settings(here, os.environ))
        shell = {**os.environ, "ANTHROPIC_API_KEY": "sk-ant-shell", "CLAUDE_CODE_OAUTH_TOKEN": "sk-ant-login"}
        # Nor does a proxy get to see it.
        shell |= dict.fromkeys(("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")
        subprocess.run(
            ["claude", "--settings", str(file), *ASKED],
            env=environment(here, shell),
            cwd=project,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
        )
        recorder.shutdown()
    assert Recorder.heads and "sk-ant" not in json.dumps(Recorder.heads)
    assert {head["authorization"] for head in Recorder.heads} == {"Bearer local"}


def test_the_terminal_beside_it_is_as_before(own_home: Path, project: Path) -> None:
    """What the user has set up, and the shell's files, are as they were; so is what another shell sees."""
    claude = own_home / ".claude"
    claude.mkdir()
    (claude / "settings.json").write_text('{"env": {"A": "1"},\n "cleanupPeriodDays": 99}')
    (claude / "CLAUDE.md").write_text("Be brief.\n")
    for name in (".bashrc", ".zshrc", ".profile"):
        (own_home / name).write_text("# mine\n")
    watched = [claude / "settings.json", claude / "CLAUDE.md", *sorted(own_home.glob(".*rc")), own_home / ".profile"]
    before = [file.read_bytes() for file in watched]
    with subprocess.Popen(["bash"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as shell:
        assert shell.stdin and shell.stdout
        shell.stdin.write("env; echo then\n")
        shell.stdin.flush()
        first = list(iter(shell.stdout.readline, "then\n"))
        assert well(pensieve("claude", *ASKED, folder=project)) == ANSWER
        second, _ = shell.communicate("env\n")
    # `_` is the last word of the last command.
    before_it, after_it = (
        [line for line in lines if not line.startswith("_=")] for lines in (first, second.splitlines(True))
    )
    assert before_it == after_it and "ANTHROPIC_BASE_URL" not in second
    assert [file.read_bytes() for file in watched] == before


def test_ten_at_once(project: Path) -> None:
    command = [*COMMAND, "claude", *ASKED]
    clients = [
        subprocess.Popen(command, cwd=project, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        for _ in range(10)
    ]
    assert [client.communicate(timeout=300)[0] for client in clients] == [ANSWER] * 10


def test_one_that_is_killed_leaves_the_server_to_the_others(project: Path, tmp_path: Path) -> None:
    never = tmp_path / "never.json"
    never.write_text(json.dumps({"replies": [{"when": "ZEBRA", "steps": ["so ", {"sleep": 600}]}, {"steps": ["yes"]}]}))
    command = [*COMMAND, "claude", "--model", str(never), "-p", "ZEBRA"]
    with subprocess.Popen(command, cwd=project, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as client:
        wait_for(lambda: running() == 1)
        client.send_signal(signal.SIGKILL)
    wait_for(lambda: running() == 0)
    assert well(pensieve("claude", "-p", "well?", folder=project)) == "yes\n"


def running() -> int | None:
    facts = json.loads(pensieve("status", "--json").stdout)
    return facts["health"]["running"] if "health" in facts else None


GOES_ON = """n=$(cat n 2>/dev/null || echo 0); n=$((n+1)); echo $n > n
[ $n -ge {turns} ] && {{ echo ALL IS DONE; exit; }}
for i in $(seq {lines}); do echo "line $i of turn $n: the quick brown fox jumps over the lazy dog"; done
"""
SUMMARY = "<analysis>\nRun again and again.\n</analysis>\n<summary>\nRun sh next.sh until all is done.\n</summary>"


@pytest.mark.parametrize(("window", "lines"), [(32_768, 30), (16_384, 20)])
def test_it_compacts_before_the_end_of_the_window_and_goes_on(
    window: int, lines: int, project: Path, own_home: Path, tmp_path: Path
) -> None:
    """Sixty turns against a script whose tokens are four bytes each, as a real tokenizer's are in the mean.

    The user has switched compaction off, for the large windows of the cloud.
    """
    (own_home / ".claude").mkdir()
    (own_home / ".claude" / "settings.json").write_text('{"env": {"DISABLE_AUTO_COMPACT": "1"}}')
    call = {"name": "Bash", "arguments": {"command": "sh next.sh", "description": "goes on"}}
    replies = [
        {"when": "CRITICAL: Respond with TEXT ONLY", "steps": [SUMMARY]},
        {"when": "ALL IS DONE", "steps": ["All is done."]},
        {"steps": [f"<tool_call>\n{json.dumps(call)}\n</tool_call>"]},
    ]
    story = tmp_path / "story.json"
    story.write_text(json.dumps({"token_bytes": 4, "context": window, "replies": replies}))
    (project / "next.sh").write_text(GOES_ON.format(turns=TURNS, lines=lines))
    options = ("--allowedTools", "Bash", "--output-format", "stream-json", "--verbose")
    asked = ("claude", "--model", str(story), "-p", "Run sh next.sh until all is done", *options)
    done = pensieve(*asked, folder=project, DISABLE_COMPACT="1", CLAUDE_CODE_AUTO_COMPACT_WINDOW="100000")
    told = [json.loads(line) for line in well(done).splitlines()]
    assert told[-1]["result"] == "All is done." and (project / "n").read_text() == f"{TURNS}\n"
    assert sum(line.get("subtype") == "compact_boundary" for line in told) >= 1
    log = (own_home / ".pensieve" / "logs" / "pensieve.log").read_text()
    prompts = [int(tokens) for tokens in re.findall(r"prompt_tokens=(\d+)", log)]
    assert len(prompts) > TURNS and max(prompts) < window
    assert "prompt is too long" not in log and "refused" not in log
