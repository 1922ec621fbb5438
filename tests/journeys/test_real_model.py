"""Qwen2.5-Coder-1.5B, a real coding model that writes its calls as fenced JSON whatever its template says."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from claude_code import calls_in, claude, needs_claude
from server import Server, start_server

READ = {
    "name": "Read",
    "description": "Reads a file from the local filesystem.",
    "input_schema": {
        "type": "object",
        "properties": {
            "file_path": {"type": "string", "description": "The absolute path to the file to read"},
            "limit": {"type": "integer", "exclusiveMinimum": 0},
        },
        "required": ["file_path"],
        "additionalProperties": False,
    },
}
BASH = {
    "name": "Bash",
    "description": "Executes a given bash command.",
    "input_schema": {
        "type": "object",
        "properties": {"command": {"type": "string"}, "description": {"type": "string"}},
        "required": ["command"],
        "additionalProperties": False,
    },
}
WRITE = {
    "name": "Write",
    "description": "Writes a file to the local filesystem.",
    "input_schema": {
        "type": "object",
        "properties": {"file_path": {"type": "string"}, "content": {"type": "string"}},
        "required": ["file_path", "content"],
        "additionalProperties": False,
    },
}
SYSTEM = "You are a coding agent in the folder /home/me/project. Use the tools."


@pytest.fixture(scope="module")
def coder(qwen: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = start_server(
        qwen,
        tmp_path_factory.mktemp("coder"),
        engine__context=16384,
        engine__parallel=1,
        engine__threads=os.cpu_count() or 1,
    )
    yield server
    server.stop()


def ask(server: Server, prompt: str, **more: Any) -> dict[str, Any]:
    body = {
        "model": "claude-local",
        "max_tokens": 300,
        "temperature": 0,
        "system": SYSTEM,
        "tools": [READ, BASH, WRITE],
        "messages": [{"role": "user", "content": prompt}],
    }
    answer: dict[str, Any] = server.post(body | more).json()
    return answer


def called(answer: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(block["name"], block["input"]) for block in answer["content"] if block["type"] == "tool_use"]


def text_of(answer: dict[str, Any]) -> str:
    return "".join(block["text"] for block in answer["content"] if block["type"] == "text")


def test_a_call_in_a_fence_arrives(coder: Server) -> None:
    answer = ask(coder, "Read stats.py and tell me what median does")
    assert [name for name, _ in called(answer)] == ["Read"]
    assert called(answer)[0][1]["file_path"].endswith("stats.py")
    assert (answer["stop_reason"], text_of(answer)) == ("tool_use", "")


def test_a_tool_that_does_not_exist_becomes_one_that_does(coder: Server) -> None:
    """Left alone, it calls `Git`."""
    answer = ask(coder, "Run `git status`")
    assert [(name, given["command"]) for name, given in called(answer)] == [("Bash", "git status")]


def test_a_json_file_that_begins_with_a_name_stays_text(coder: Server) -> None:
    answer = ask(coder, "Show me an example package.json in a code block")
    assert (answer["stop_reason"], called(answer)) == ("end_turn", [])
    assert '"version"' in text_of(answer)


def test_an_example_of_a_call_stays_text(coder: Server) -> None:
    answer = ask(coder, "Explain how the Read tool is called, with an example, but do not call it.")
    assert (answer["stop_reason"], called(answer)) == ("end_turn", [])
    assert '"file_path"' in text_of(answer)


def test_a_held_call_is_streamed_as_any_other(coder: Server) -> None:
    asked: dict[str, Any] = {
        "model": "claude-local",
        "max_tokens": 200,
        "system": SYSTEM,
        "tools": [READ, BASH, WRITE],
        "messages": [{"role": "user", "content": "Create hello.txt with the text hello"}],
    }
    with coder.sdk() as client, client.messages.stream(**asked, extra_body={"temperature": 0}) as stream:
        kinds = [event.type for event in stream]
        message = stream.get_final_message()
    assert kinds[0] == "message_start" and kinds[-1] == "message_stop"
    (block,) = message.content
    assert block.type == "tool_use" and block.name == "Write"
    assert json.loads(json.dumps(block.input))["content"] == "hello"
    assert message.usage.output_tokens > 20


def test_the_next_turn_goes_on_from_the_call_as_it_was_generated(coder: Server) -> None:
    prompt = "Read stats.py and tell me what median does"
    first = ask(coder, prompt)
    (block,) = first["content"]
    result = {"type": "tool_result", "tool_use_id": block["id"], "content": STATS}
    said = [{"role": "assistant", "content": [block]}, {"role": "user", "content": [result]}]
    then = ask(coder, prompt, messages=[{"role": "user", "content": prompt}, *said])
    before, usage = first["usage"], then["usage"]
    read_before = before["input_tokens"] + before["cache_read_input_tokens"]
    # But for the last token, and one that may be split otherwise where the grammar has begun.
    assert usage["cache_read_input_tokens"] >= read_before + before["output_tokens"] - 2
    assert "median" in text_of(then)


class InTheTerminal(NamedTuple):
    """A task for Claude Code: what is asked, the tool for it, and whether it is done, by the folder, what the tools
    told, and what was said."""

    prompt: str
    tool: str
    is_done: Callable[[Path, str, str], bool]


TASKS = (
    InTheTerminal("Read stats.py and tell me what median does", "Read", lambda folder, told, said: "median" in said),
    InTheTerminal("Run `git status`", "Bash", lambda folder, told, said: "No commits yet" in told),
    InTheTerminal(
        "Create hello.txt with the text hello",
        "Write",
        lambda folder, told, said: (folder / "hello.txt").read_text().strip() == "hello",
    ),
)
STATS = """def median(values):
    ordered = sorted(values)
    return ordered[len(ordered) // 2]
"""


@needs_claude
@pytest.mark.journey
def test_claude_code_gets_it_done(coder: Server, own_home: Path, tmp_path: Path) -> None:
    """With four tools, so that the first prompt is read within a minute or so; the whole prompt is tried by hand."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "stats.py").write_text(STATS)
    subprocess.run(["git", "init", "--quiet", project], check=True)
    for task in TASKS:
        done = claude(
            coder.url,
            own_home,
            project,
            task.prompt,
            "--tools",
            "Bash,Edit,Read,Write",
            "--max-turns",
            "4",
            tools="Bash,Read,Write",
            CLAUDE_CODE_EXTRA_BODY='{"temperature": 0}',
            CLAUDE_CODE_MAX_OUTPUT_TOKENS="600",
        )
        # A small model may want more turns than it gets, or not know when to end; what it was asked for comes first.
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert task.tool in [name for name, _ in calls_in(lines)], task.prompt
        results = [line for line in lines if line["type"] == "user" and "tool_result" in json.dumps(line)]
        assert results and '"is_error": true' not in json.dumps(results[0]), task.prompt
        blocks = [block for line in lines if line["type"] == "assistant" for block in line["message"]["content"]]
        said = "".join(block["text"] for block in blocks if block["type"] == "text")
        assert task.is_done(project, json.dumps(results), said), task.prompt
