"""How benchmarks/tools.py judges answers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from benchmarks.calls.client import NAMES, OWN_TOOLS, client_tools
from benchmarks.calls.leaks import Call, calls_in
from benchmarks.calls.tasks import TASKS, Task
from benchmarks.calls.verdicts import Verdict, judge
from claude_code import needs_claude
from server import TOKEN, Server

ROOT = Path(__file__).parents[2]
SCHEMAS = {tool["name"]: tool["input_schema"] for tool in OWN_TOOLS}

READ_CART = TASKS[0]
READ = Call("Read", {"file_path": "/home/ada/shop/cart.py"})
FENCED = '```json\n{"name": "Read", "arguments": {"file_path": "/home/ada/shop/cart.py"}}\n```'


def task(prompt: str) -> Task:
    return next(task for task in TASKS if task.prompt.startswith(prompt))


def number(prompt: str) -> int:
    return TASKS.index(task(prompt)) + 1


def text(content: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": content}]


def use(name: str, **given: Any) -> list[dict[str, Any]]:
    return [{"type": "tool_use", "id": "toolu_1", "name": name, "input": given}]


@pytest.mark.parametrize(
    ("written", "calls"),
    [
        (FENCED, [READ]),
        ("I will read it.\n" + FENCED + "\nThen I can tell.", [READ]),
        ('{"name": "Read", "parameters": {"file_path": "/home/ada/shop/cart.py"}}', [READ]),
        ('<tool_call>{"tool": "Read", "input": {"file_path": "/home/ada/shop/cart.py"}}</tool_call>', [READ]),
        ('{"name": "Read", "arguments": "{\\"file_path\\": \\"/home/ada/shop/cart.py\\"}"}', [READ]),
        ('{"function": {"name": "Read", "arguments": {"file_path": "/home/ada/shop/cart.py"}}}', [READ]),
        ('[{"name": "A", "arguments": {}}, {"name": "B", "arguments": {}}]', [Call("A", {}), Call("B", {})]),
        ('{"name": "Git", "arguments": {"command": "git status"}}', [Call("Git", {"command": "git status"})]),
        ('Read(file_path="/home/ada/shop/cart.py")', [READ]),
        ('```python\nRead("/home/ada/shop/cart.py")\n```', [READ]),
        ("Read(path)", [Call("Read", None)]),
        ('{"name": "Read", "arguments": {"file_path": "/home/a', [Call("Read", None)]),
        ("<function=Read><parameter=file_path>cart.py", [Call("", None)]),
    ],
)
def test_what_is_plainly_a_call_is_found_in_a_text(written: str, calls: list[Call]) -> None:
    assert calls_in(written, OWN_TOOLS) == calls


@pytest.mark.parametrize(
    "written",
    [
        "Read the file first.",
        'I would call Read with file_path="cart.py" and look at it.',
        '```json\n{"name": "shop", "version": "1.0.0", "dependencies": {"express": "^4.18.2"}}\n```',
        '{"city": "Paris", "country": "France"}',
        "```python\nprint(max(1, 2))\n```",
        "{" * 1000,
    ],
)
def test_what_is_no_call_is_none(written: str) -> None:
    assert calls_in(written, OWN_TOOLS) == []


@pytest.mark.parametrize(
    ("content", "verdict"),
    [
        (use("Read", file_path="/home/ada/shop/cart.py"), Verdict(right_tool=True, right_arguments=True)),
        (use("Read", file_path="cart.py"), Verdict(right_tool=True, right_arguments=True)),
        (use("Bash", command="cat cart.py"), Verdict(right_tool=True, right_arguments=True)),
        (use("Read", file_path="/home/ada/shop/shopping_cart.py"), Verdict(right_tool=True)),
        (use("Read", file_path="cart.py", offset=-1), Verdict(right_tool=True)),
        (use("Read", file_path="cart.py", encoding="utf-8"), Verdict(right_tool=True)),
        (use("Read"), Verdict(right_tool=True)),
        (use("Glob", pattern="cart.py"), Verdict()),
        (use("Glob", pattern="cart.py") + use("Read", file_path="cart.py"), Verdict()),
        (text(FENCED), Verdict(leaked=True, right_as_text=True)),
        (text(FENCED.replace("cart.py", "a.py")), Verdict(leaked=True)),
        (text(FENCED.replace("Read", "Open")), Verdict(leaked=True)),
        (
            text(FENCED) + use("Read", file_path="cart.py"),
            Verdict(right_tool=True, right_arguments=True, leaked=True),
        ),
        (text("I cannot read files."), Verdict()),
        ([], Verdict()),
    ],
)
def test_a_task_that_needs_a_call(content: list[dict[str, Any]], verdict: Verdict) -> None:
    assert judge(READ_CART, content, OWN_TOOLS) == verdict


@pytest.mark.parametrize(
    ("given", "right"),
    [
        ({"pattern": "TODO"}, True),
        ({"pattern": "TODO", "path": "/home/ada/shop", "-i": True}, True),
        ({"pattern": "TODO", "path": ""}, True),
        ({"pattern": "TODO", "path": "src/**/*.ts"}, False),
        ({"path": "."}, False),
    ],
)
def test_a_search_of_the_whole_folder(given: dict[str, Any], right: bool) -> None:
    verdict = judge(task("Search the code for TODO"), use("Grep", **given), OWN_TOOLS)
    assert verdict == Verdict(right_tool=True, right_arguments=right)


@pytest.mark.parametrize(
    ("content", "verdict"),
    [
        (text("You are welcome."), Verdict()),
        (use("Bash", command="ls"), Verdict(without_need=True)),
        (text(FENCED), Verdict(leaked=True)),
    ],
)
def test_a_task_that_needs_none(content: list[dict[str, Any]], verdict: Verdict) -> None:
    assert judge(task("Thanks"), content, OWN_TOOLS) == verdict


@pytest.mark.parametrize(
    ("content", "verdict"),
    [
        (text("The lamp costs 34.90."), Verdict(answered=True)),
        (text("The lamp costs 349."), Verdict()),
        (text("34.90") + use("Read", file_path="prices.csv"), Verdict(without_need=True)),
        (text("34.90\n" + FENCED), Verdict(leaked=True)),
    ],
)
def test_a_task_whose_result_is_there(content: list[dict[str, Any]], verdict: Verdict) -> None:
    assert judge(task("What does the lamp cost"), content, OWN_TOOLS) == verdict


def test_the_tasks_are_45_with_a_call_8_without_and_7_with_a_result() -> None:
    assert len({task.prompt for task in TASKS}) == len(TASKS) == 60
    assert sum(bool(task.accepted) for task in TASKS) == 45
    assert sum(bool(task.answer) for task in TASKS) == 7
    assert not any(task.accepted and task.answer for task in TASKS)


def test_what_a_task_accepts_and_what_was_called_before_is_in_the_schemas() -> None:
    for task in TASKS:
        for accepted in task.accepted:
            assert accepted.patterns.keys() <= SCHEMAS[accepted.tool]["properties"].keys(), task.prompt
        for tool, given, _ in task.results:
            jsonschema.validate(given, SCHEMAS[tool])


@needs_claude
def test_the_client_offers_what_our_own_definitions_offer() -> None:
    origin, tools = client_tools()
    assert "Claude Code" in origin
    assert [tool["name"] for tool in tools] == list(NAMES)
    for tool in tools:
        own, theirs = SCHEMAS[tool["name"]], tool["input_schema"]
        assert own["required"] == theirs["required"]
        assert {name: member["type"] for name, member in own["properties"].items()} == {
            name: member["type"] for name, member in theirs["properties"].items()
        }


@pytest.mark.journey
def test_a_server_is_asked_and_its_answers_are_counted(tmp_path: Path, serve: Callable[..., Server]) -> None:
    call = '<tool_call>\n{"name": "Read", "arguments": {"file_path": "/home/ada/shop/cart.py"}}\n</tool_call>'
    story = tmp_path / "story.json"
    replies = [
        {"when": "cart.py", "steps": [call]},
        {"when": "Run `git status`", "steps": ["I would rather not."]},
        {"when": "lamp", "steps": ["It costs 34.90."]},
        {"when": "Thanks", "steps": [call]},
    ]
    story.write_text(json.dumps({"replies": replies}))
    asked = [READ_CART.prompt, "Run `git status`", "Thanks", "What does the lamp"]
    only, saved = ",".join(str(number(prompt)) for prompt in asked), tmp_path / "answers.json"
    options = ["--base-url", serve(story).url, "--token", TOKEN, "--only", only, "--json", str(saved)]
    command = [sys.executable, str(ROOT / "benchmarks" / "tools.py"), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    rows = [line.strip("| ").split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")]
    assert {title: cell for title, cell in rows[1:] if title != "seconds"} == {
        "right tool": "1 of 2 (0.50)",
        "right arguments": "1 of 2 (0.50)",
        "leaked as text": "0 of 4 (0.00)",
        "called without need": "1 of 2 (0.50)",
        "answered from the result": "1 of 1 (1.00)",
        "arrived as calls, of those right as text": "0 of 0",
        "failed": "0",
    }
    assert [answer["number"] for answer in json.loads(saved.read_text())] == [number(prompt) for prompt in asked]
