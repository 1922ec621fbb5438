"""The real Claude Code meets what models get wrong, and goes on.

A script plays the model where the bundled one, held to a grammar, cannot make the mistake.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from claude_code import calls_in, claude, lines_of, needs_claude
from server import Server, start_server

pytestmark = [pytest.mark.journey, needs_claude]

SAID = "All of it is done."


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "one.txt").write_text("The owl flies at midnight.\n")
    (folder / "two.txt").write_text("The heron waits at noon.\n")
    return folder


def written(*calls: dict[str, Any] | str) -> str:
    bodies = (call if isinstance(call, str) else json.dumps(call) for call in calls)
    return "Let me see.\n" + "\n".join(f"<tool_call>\n{body}\n</tool_call>" for body in bodies)


def played(
    serve: Callable[..., Server], tmp_path: Path, home: Path, project: Path, first: str, proof: str
) -> list[dict[str, Any]]:
    """The script writes `first`, and says its sentence once `proof` stands in what the client sends back."""
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"replies": [{"when": proof, "steps": [SAID]}, {"steps": list(first)}]}))
    lines = lines_of(claude(serve(script).url, home, project, "Read both files"))
    assert lines[-1]["result"] == SAID
    return lines


def test_calls_in_parallel(serve: Callable[..., Server], tmp_path: Path, own_home: Path, project: Path) -> None:
    reads = [{"name": "Read", "arguments": {"file_path": str(project / name)}} for name in ("one.txt", "two.txt")]
    lines = played(serve, tmp_path, own_home, project, written(*reads), "The heron waits at noon.")
    assert calls_in(lines) == [("Read", read["arguments"]) for read in reads]


def test_a_tool_that_is_not_there(serve: Callable[..., Server], tmp_path: Path, own_home: Path, project: Path) -> None:
    call = {"name": "Levitate", "arguments": {"height": 3}}
    lines = played(serve, tmp_path, own_home, project, written(call), "No such tool available: Levitate")
    assert calls_in(lines) == [("Levitate", {"height": 3})]


def test_a_wrong_type(serve: Callable[..., Server], tmp_path: Path, own_home: Path, project: Path) -> None:
    call = {"name": "Read", "arguments": {"file_path": ["one.txt"]}}
    played(serve, tmp_path, own_home, project, written(call), "The tool failed")


def test_a_call_that_is_no_json(serve: Callable[..., Server], tmp_path: Path, own_home: Path, project: Path) -> None:
    """The turn ends with words that say so, and no call was made."""
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"replies": [{"steps": [written('{"name": "Read", "arguments": [')]}]}))
    lines = lines_of(claude(serve(script).url, own_home, project, "Read both files"))
    assert "tool call was not valid JSON" in lines[-1]["result"] and calls_in(lines) == []


@pytest.fixture
def nano(tmp_path: Path) -> Any:
    server = start_server(None, tmp_path / "nano")
    yield server
    server.stop()


def test_the_bundled_model_loads_a_deferred_tool(nano: Server, own_home: Path, project: Path) -> None:
    """The client answers with a reference to the tool, and says that it is loaded, which is no request."""
    prompt = "Use the ToolSearch tool with WebFetch"
    lines = lines_of(claude(nano.url, own_home, project, prompt, tools="ToolSearch"))
    ((name, given),) = calls_in(lines)
    assert (name, given["query"]) == ("ToolSearch", "WebFetch")
    assert "tool_reference" in json.dumps([line for line in lines if line["type"] == "user"])
    assert lines[-1]["subtype"] == "success"
    # To repeat what it is told of the tool, a page of JSON, is beyond a model so small.
    assert lines[-1]["result"].startswith("The result is: ")


def test_the_bundled_model_cannot_write_a_wrong_type(nano: Server, own_home: Path, project: Path) -> None:
    """Asked for a word where the tool takes a number, it writes a number."""
    dial = {"command": sys.executable, "args": [str(Path(__file__).parents[1] / "mcp_dial.py")]}
    config = json.dumps({"mcpServers": {"music": dial}})
    name, prompt = "mcp__music__set_dial", "Use the mcp__music__set_dial tool with loud"
    options = ("--mcp-config", config, "--strict-mcp-config")
    lines = lines_of(claude(nano.url, own_home, project, prompt, *options, tools=name, ENABLE_TOOL_SEARCH="false"))
    ((called, given),) = calls_in(lines)
    assert called == name and isinstance(given["level"], int)
    assert lines[-1]["result"] == f"The result is: The dial is at {given['level']}"


def test_the_bundled_model_is_asked_for_a_tool_that_is_not_there(nano: Server, own_home: Path, project: Path) -> None:
    lines = lines_of(claude(nano.url, own_home, project, "Use the levitate_now tool with one.txt"))
    assert calls_in(lines) == [] and lines[-1]["result"] == "I have no tool for that here."


def test_the_bundled_model_calls_in_parallel(nano: Server, own_home: Path, project: Path) -> None:
    lines = lines_of(claude(nano.url, own_home, project, "Read one.txt and two.txt"))
    assert [(name, Path(given["file_path"]).name) for name, given in calls_in(lines)] == [
        ("Read", "one.txt"),
        ("Read", "two.txt"),
    ]
    said = "The first says: The owl flies at midnight.\nThe second says: The heron waits at noon."
    assert lines[-1]["result"] == said
