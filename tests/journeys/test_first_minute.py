"""The first minute: no model configured, no network, and Claude Code and the SDK see a whole agent loop."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from claude_code import calls_in, claude, lines_of, needs_claude
from server import Server, start_server
from training.nano.conversations import HELLOS

pytestmark = pytest.mark.journey


@dataclass(frozen=True)
class Task:
    prompt: str
    tools: list[str]
    said: str
    written: dict[str, str] = field(default_factory=dict)


NOTES = "The owl flies at midnight."
POEM = "Roses are few.\nViolets are too.\n"
TASKS = [
    Task("Read notes.txt and tell me what it says", ["Read"], f"It says: {NOTES}"),
    Task("What does poems/short.md say?", ["Read"], f"It says: {POEM.strip()}"),
    Task("What is the first line of poems/short.md?", ["Read"], "The first line is: Roses are few."),
    Task("Run `echo tangerine` and tell me what it prints", ["Bash"], "It printed: tangerine"),
    Task("Please run the command `cat notes.txt | wc -w`", ["Bash"], "It printed: 5"),
    Task('Write "buy milk" to todo.txt', ["Write"], "I wrote todo.txt.", {"todo.txt": "buy milk"}),
    Task(
        "Create a file docs/plan.md with the text: 'ship on friday'",
        ["Write"],
        "I wrote docs/plan.md.",
        {"docs/plan.md": "ship on friday"},
    ),
    Task(
        "Replace owl with hawk in notes.txt",
        ["Read", "Edit"],
        "I changed notes.txt.",
        {"notes.txt": NOTES.replace("owl", "hawk") + "\n"},
    ),
    Task(
        "Read notes.txt and write its content to copy.txt", ["Read", "Write"], "I wrote copy.txt.", {"copy.txt": NOTES}
    ),
    Task(
        "Run `echo 42` and write the output to answer.txt",
        ["Bash", "Write"],
        "I wrote answer.txt.",
        {"answer.txt": "42"},
    ),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = start_server(None, tmp_path_factory.mktemp("server"))
    yield started
    started.stop()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "poems").mkdir(parents=True)
    (folder / "notes.txt").write_text(NOTES + "\n")
    (folder / "poems" / "short.md").write_text(POEM)
    return folder


@needs_claude
@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.prompt)
def test_claude_code_does_it(server: Server, own_home: Path, project: Path, task: Task) -> None:
    lines = lines_of(claude(server.url, own_home, project, task.prompt, tools="Read Write Edit Bash"))
    assert [name for name, _ in calls_in(lines)] == task.tools
    assert lines[-1]["result"] == task.said
    for path, content in task.written.items():
        assert (project / path).read_text() == content


@needs_claude
def test_claude_code_does_it_on_mlx_too(tmp_path: Path, own_home: Path, project: Path) -> None:
    server = start_server(None, tmp_path / "server", engine__kind="mlx")
    for task in (TASKS[0], TASKS[8]):
        lines = lines_of(claude(server.url, own_home, project, task.prompt, tools="Read Write Edit Bash"))
        assert [name for name, _ in calls_in(lines)] == task.tools
        assert lines[-1]["result"] == task.said
    server.stop()


def offered(name: str, *parameters: str) -> dict[str, Any]:
    properties = {parameter: {"type": "string"} for parameter in parameters}
    schema = {"type": "object", "properties": properties, "required": list(parameters)}
    return {"name": name, "description": f"{name}, as you know it.", "input_schema": schema}


TOOLS = [
    offered("Bash", "command"),
    offered("Edit", "file_path", "old_string", "new_string"),
    offered("Read", "file_path"),
    offered("Write", "file_path", "content"),
]


def carried_out(project: Path, name: str, given: dict[str, str]) -> str:
    """What the SDK's user has behind the tools."""
    if name == "Bash":
        done = subprocess.run(["bash", "-c", given["command"]], cwd=project, capture_output=True, text=True, timeout=30)
        return done.stdout + done.stderr
    path = project / given["file_path"]
    if name == "Read":
        return path.read_text()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        given["content"] if name == "Write" else path.read_text().replace(given["old_string"], given["new_string"])
    )
    return "Done."


def looped(server: Server, prompt: str, tools: list[Any], answer: Callable[[str, Any], str]) -> list[Any]:
    """The agent loop as an SDK user writes it, streamed; all content blocks of the model."""
    messages: list[Any] = [{"role": "user", "content": prompt}]
    blocks: list[Any] = []
    with server.sdk() as client:
        for _ in range(5):
            with client.messages.stream(
                model="pensieve-nano", max_tokens=300, messages=messages, tools=tools
            ) as stream:
                message = stream.get_final_message()
            blocks += message.content
            if message.stop_reason != "tool_use":
                return blocks
            results = [
                {"type": "tool_result", "tool_use_id": block.id, "content": answer(block.name, block.input)}
                for block in message.content
                if block.type == "tool_use"
            ]
            messages += [{"role": "assistant", "content": message.content}, {"role": "user", "content": results}]
    raise AssertionError(f"it never came to an end: {blocks}")


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.prompt)
def test_the_sdk_does_it(server: Server, project: Path, task: Task) -> None:
    blocks = looped(server, task.prompt, TOOLS, lambda name, given: carried_out(project, name, given))
    assert [block.name for block in blocks if block.type == "tool_use"] == task.tools
    assert blocks[-1].text == task.said
    for path, content in task.written.items():
        assert (project / path).read_text() == content


def test_a_tool_of_ones_own_is_called_by_name(server: Server) -> None:
    blocks = looped(
        server,
        "Use the get_weather tool with Paris",
        [offered("get_weather", "city")],
        lambda name, given: f"sunny in {given['city']}",
    )
    assert (blocks[0].name, blocks[0].input) == ("get_weather", {"city": "Paris"})
    assert blocks[-1].text == "The result is: sunny in Paris"


def test_without_tools_none_is_called(server: Server) -> None:
    (said,) = looped(server, "Read notes.txt", [], lambda name, given: "")
    assert said.text == "I have no tools here, so I cannot do that."


@pytest.mark.parametrize("count", range(2, 11))
def test_hello_has_as_many_words_as_asked_for(server: Server, count: int) -> None:
    (said,) = looped(server, f"Say hello in {count} words", [], lambda name, given: "")
    assert said.text == HELLOS[count] and len(said.text.split()) == count


def test_an_answer_is_streamed(server: Server) -> None:
    asked: Any = {"role": "user", "content": "What can you do?"}
    with (
        server.sdk() as client,
        client.messages.stream(model="pensieve-nano", max_tokens=300, messages=[asked]) as stream,
    ):
        # In how many pieces depends on how busy the machine is: what is there when it is sent leaves together.
        said = "".join(stream.text_stream)
    assert said.startswith("I can read, write and edit files")


def test_it_says_what_it_is_and_what_to_load_instead(server: Server) -> None:
    (said,) = looped(server, "Write a novel about a whale", [], lambda name, given: "")
    assert "tiny demonstration model" in said.text and "pensieve serve --model" in said.text
