"""The tools that Claude Code offers: recorded from the one that is installed, else described in our own words."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
NAMES = ("Bash", "Edit", "Glob", "Grep", "Read", "Write")
OWN = "our own words, with the members that Claude Code 2.1.332 has"


def _tool(name: str, description: str, properties: dict[str, Any], *required: str) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}
    return {"name": name, "description": description, "input_schema": schema}


def _text(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}


def _flag(description: str) -> dict[str, Any]:
    return {"type": "boolean", "description": description}


OWN_TOOLS = [
    _tool(
        "Bash",
        "Runs a bash command and returns what it prints. Use the other tools to read, find and search files.",
        {
            "command": _text("The command"),
            "timeout": {"type": "number", "description": "In milliseconds, 600000 at most"},
            "description": _text("What the command does, in a few words"),
            "run_in_background": _flag("Go on while the command runs"),
            "dangerouslyDisableSandbox": _flag("Run it without the sandbox"),
        },
        "command",
    ),
    _tool(
        "Edit",
        "Replaces a string in a file that was read before. The old string has to be in it once.",
        {
            "file_path": _text("The file's absolute path"),
            "old_string": _text("What to replace"),
            "new_string": _text("What to put in its place"),
            "replace_all": _flag("Replace it wherever it is") | {"default": False},
        },
        "file_path", "old_string", "new_string",
    ),
    _tool(
        "Glob",
        "Finds files by a pattern such as src/**/*.ts, the newest first.",
        {"pattern": _text("The pattern"), "path": _text("The folder; leave it out for the working directory")},
        "pattern",
    ),
    _tool(
        "Grep",
        "Searches the contents of files for a regular expression, as ripgrep does.",
        {
            "pattern": _text("The regular expression"),
            "path": _text("A file or a folder; leave it out for the working directory"),
            "glob": _text("Only files that match this, such as *.js"),
            "output_mode": {"type": "string", "enum": ["content", "files_with_matches", "count"]},
            **{name: {"type": "number", "description": "Lines around a match"} for name in ("-B", "-A", "-C")},
            "context": {"type": "number", "description": "Lines before and after a match"},
            "-n": _flag("Show line numbers"),
            "-i": _flag("Ignore case"),
            "-o": _flag("Show only what matched"),
            "type": _text("Only files of this type, such as py"),
            "head_limit": {"type": "number", "description": "How many lines to show"},
            "offset": {"type": "number", "description": "How many lines to skip first"},
            "multiline": _flag("Let a pattern span lines"),
        },
        "pattern",
    ),
    _tool(
        "Read",
        "Reads a file, 2000 lines of it at most, each with its number.",
        {
            "file_path": _text("The file's absolute path"),
            "offset": {"type": "integer", "minimum": 0, "description": "The first line to read"},
            "limit": {"type": "integer", "exclusiveMinimum": 0, "description": "How many lines to read"},
            "pages": _text("Pages of a PDF, such as 1-5"),
            "allow_large": _flag("Read more than the usual size"),
        },
        "file_path",
    ),
    _tool(
        "Write",
        "Writes a file, in the place of one that is there.",
        {"file_path": _text("The file's absolute path"), "content": _text("What to write")},
        "file_path", "content",
    ),
]  # fmt: skip


def client_tools() -> tuple[str, list[dict[str, Any]]]:
    """Where they are from, and their definitions.

    The client is what TEST_CLAUDE names, or the one of the tests, or the one that is installed. The recording stays in
    memory: the text is not ours to keep.
    """
    installed = ROOT / ".node/node_modules/.bin/claude"
    command = os.environ.get("TEST_CLAUDE") or shutil.which(installed) or shutil.which("claude")
    if not command:
        return OWN, OWN_TOOLS
    version = subprocess.run([command, "--version"], capture_output=True, text=True, timeout=60).stdout.strip()
    return f"recorded from {version}", _recorded(command)


def _recorded(command: str) -> list[dict[str, Any]]:
    os.environ["TEST_CLAUDE"] = str(Path(command).absolute())
    sys.path.insert(0, str(ROOT / "tests"))
    from claude_code import requests_of

    with tempfile.TemporaryDirectory() as place:
        home, project = Path(place) / "home", Path(place) / "project"
        home.mkdir()
        project.mkdir()
        bodies = requests_of(home, project, "hello", "--tools", ",".join(NAMES))
    tools = {tool["name"]: tool for body in bodies for tool in body.get("tools", ())}
    return [{key: tools[name][key] for key in ("name", "description", "input_schema")} for name in NAMES]
