"""One server on a script for all tests of a module."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from server import Server, start_server

SCRIPT = {
    "replies": [
        {"when": "<tool_response>", "steps": ["The file says hello."]},
        {"when": "call Read", "steps": ["I will. ", '<tool_call>\n{"name": "Read", "arg', 'uments": {"path": "a"}}\n</tool_call>']},
        {"when": "fail now", "steps": ["some text ", {"fail": "no such luck"}]},
        {"when": "sleep first", "steps": [{"sleep": 0.5}, "awake"]},
        {"when": "never end", "steps": ["begun", {"sleep": 600}]},
        {"when": "count to", "steps": ["one ", "two ", "three ", "four ", "five"]},
        {"steps": ["Hello ", "from the script."]},
    ]
}  # fmt: skip


@pytest.fixture(scope="session")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("script") / "story.json"
    path.write_text(json.dumps(SCRIPT))
    return path


@pytest.fixture(scope="module")
def server(script: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = start_server(script, tmp_path_factory.mktemp("server"))
    yield started
    started.stop()
