"""The real Claude Code, told nothing of this server's slowness, and answers that begin late.

It counts 30 pings in a row as life, and gives up 300 s after the last of them; none of its settings makes that less. So
it takes ten minutes to see that it does not.
"""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from claude_code import calls_in, claude, lines_of, needs_claude
from server import SOON, start_program, start_server

pytestmark = [pytest.mark.journey, needs_claude]

SILENCE = 660
WORDS = "The owl flies at midnight."
ANSWER = f"It says: {WORDS}"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    project.mkdir()
    (project / "notes.txt").write_text(f"{WORDS}\n")
    return project


def test_a_block_that_was_opened_for_nothing_does_not_disturb_it(tmp_path: Path, own_home: Path, project: Path) -> None:
    """The call closes it, empty, and the client does not send it back."""
    called = call_of(project)
    story = tmp_path / "story.json"
    late = {"steps": [{"sleep": 1}, called, {"sleep": 1}, called]}
    story.write_text(
        json.dumps({"token_bytes": 4, "replies": [{"when": WORDS, "steps": [{"sleep": 1}, ANSWER]}, late]})
    )
    server = start_program(SOON, story, tmp_path / "server", {})
    try:
        lines = lines_of(claude(server.url, own_home, project, "Read notes.txt"))
    finally:
        server.stop()
    assert lines[-1]["result"] == ANSWER and len(calls_in(lines)) == 2
    assert server.log.count(" turn ") == 2 and "client_gone" not in server.log


def call_of(project: Path) -> str:
    call = {"name": "Read", "arguments": {"file_path": str(project / "notes.txt")}}
    return f"<tool_call>\n{json.dumps(call)}\n</tool_call>"


@pytest.mark.nightly
def test_it_waits_for_text_and_for_a_call(tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All at once, each in a home of its own."""
    monkeypatch.setattr("claude_code.LONGEST_SECONDS", 2.0 * SILENCE)
    called = call_of(project)
    replies = [
        {"when": WORDS, "steps": [ANSWER]},
        {"when": "ZEBRA", "steps": ["I will read it. ", {"sleep": SILENCE}, called]},
        {"when": "PARROT", "steps": [{"sleep": SILENCE}, "Good ", "evening."]},
        {"steps": [{"sleep": SILENCE}, called]},
    ]
    story = tmp_path / "story.json"
    story.write_text(json.dumps({"token_bytes": 4, "replies": replies}))
    server = start_server(story, tmp_path / "server")

    def asked(prompt: str) -> tuple[str, int, float]:
        home = tmp_path / prompt.partition(" ")[0]
        home.mkdir()
        began = time.monotonic()
        lines = lines_of(claude(server.url, home, project, prompt))
        return lines[-1]["result"], len(calls_in(lines)), time.monotonic() - began

    try:
        with ThreadPoolExecutor(3) as clients:
            told = list(clients.map(asked, ["Read notes.txt", "ZEBRA: read notes.txt", "PARROT: say good evening"]))
    finally:
        server.stop()
    assert [(result, calls) for result, calls, _ in told] == [(ANSWER, 1), (ANSWER, 1), ("Good evening.", 0)]
    assert min(seconds for _, _, seconds in told) > SILENCE
    # Nobody gave up, and so nobody asked again: two turns for each call, one for the text.
    turns = [line for line in server.log.splitlines() if " turn " in line]
    assert len(turns) == 5 and not [line for line in turns if "client_gone" in line], turns
