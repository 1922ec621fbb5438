"""The real Claude Code, in an empty home, against a script and against the real engine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from claude_code import claude, needs_claude, requests_of
from make_model import make_model
from server import Server

pytestmark = [pytest.mark.journey, needs_claude]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "notes.txt").write_text("The owl flies at midnight.\n")
    return folder


def test_it_reads_a_file_and_says_what_the_model_says(
    tmp_path: Path, own_home: Path, project: Path, serve: Callable[..., Server]
) -> None:
    call = json.dumps({"name": "Read", "arguments": {"file_path": str(project / "notes.txt")}})
    script = tmp_path / "script.json"
    sentence = "It says that the owl flies at midnight."
    replies = [
        {"when": "The owl flies at midnight.", "steps": [sentence[:9], sentence[9:]]},
        {"steps": ["Let me look.\n", f"<tool_call>\n{call}\n</tool", "_call>"]},
    ]
    script.write_text(json.dumps({"replies": replies}))
    server = serve(script)
    done = claude(server.url, own_home, project, "Read notes.txt and tell me what it says")
    assert done.returncode == 0, done.stdout + done.stderr
    said = [json.loads(line) for line in done.stdout.splitlines()]
    # The second reply is only given once the file's own words have come back as the tool's result.
    assert said[-1]["result"] == sentence
    results = [line for line in said if line["type"] == "user"]
    assert "The owl flies at midnight." in json.dumps(results)
    reasons = [line.split("stop_reason=")[1].split()[0] for line in server.log.splitlines() if "stop_reason=" in line]
    assert reasons[-2:] == ["tool_use", "end_turn"]


def test_its_whole_request_goes_through_the_real_engine(
    tiny_model: Path, own_home: Path, project: Path, serve: Callable[..., Server]
) -> None:
    server = serve(tiny_model)
    # The noise never ends by itself, and would fill the window.
    done = claude(server.url, own_home, project, "Say hello", CLAUDE_CODE_MAX_OUTPUT_TOKENS="300")
    turn = next(line for line in server.log.splitlines() if "stop_reason=" in line)
    values = dict(pair.split("=") for pair in turn.split(" turn ")[1].split())
    assert int(values["prompt_tokens"]) > 10_000, done.stdout + done.stderr
    assert (values["stop_reason"], values["output_tokens"]) == ("max_tokens", "300")
    assert "status=4" not in server.log and "status=5" not in server.log


def test_its_own_requests_are_counted_exactly(
    tmp_path: Path, own_home: Path, project: Path, serve: Callable[..., Server]
) -> None:
    bodies = requests_of(own_home, project, "Say hello")
    # A model that reads quickly: nobody looks at what it writes.
    server = serve(make_model("dice", tmp_path / "dice.gguf"), engine__parallel=1)
    assert bodies
    for body in bodies:
        counted = server.post(body, "/v1/messages/count_tokens").json()["input_tokens"]
        usage = server.post(body | {"max_tokens": 1, "stream": False}).json()["usage"]
        assert counted == usage["input_tokens"] + usage["cache_read_input_tokens"] > 10_000
