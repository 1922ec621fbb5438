"""Do tool calls arrive? 60 small tasks with Claude Code's own tools: `tools.py MODEL`, or `tools.py --base-url URL`.

MODEL is a GGUF file: Pensieve serves it first, then llama.cpp's own server, and a table shows both. With a URL, any
server of the Messages API is asked. Everything is greedy, and one request follows the other.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx2
import psutil

from calls.client import client_tools
from calls.tasks import SYSTEM, TASKS
from calls.verdicts import Blocks, Verdict, judge
from overhead import HERE, port_in, server

OURS, THEIRS = "Pensieve", "llama.cpp's server"
CONTEXT, LONGEST_ANSWER, PATIENCE = 8192, 400, 600
NUMBERS = range(1, len(TASKS) + 1)


@dataclass(frozen=True)
class Answer:
    """`content` are the blocks as they came; `number` is the task's, from 1; `error` is what came in their place."""

    server: str
    number: int
    content: Blocks
    stop_reason: str
    seconds: float
    error: str = ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", help="a GGUF file, for Pensieve and llama.cpp's server in turn")
    parser.add_argument("--base-url", help="ask this server instead")
    parser.add_argument("--token", default="pensieve-local-token")
    parser.add_argument("--model", dest="name", default="claude-local", help="the model's name in the request")
    parser.add_argument("--only", type=numbers, default=list(NUMBERS), metavar="N,M-K", help="some of the tasks")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write each answer, with its verdict, to FILE")
    parser.add_argument("--add", type=Path, action="append", default=[], help="count answers of an earlier --json too")
    arguments = parser.parse_args()
    origin, tools = client_tools()
    answers = {(answer.server, answer.number): answer for file in arguments.add for answer in load(file)}
    for name, url in servers(arguments.model, arguments.base_url):
        for number in arguments.only:
            answer = ask(name, url, arguments.token, arguments.name, number, tools)
            answers[name, number] = answer
            print(f"{name} {number}: {answer.seconds:.1f} s, {described(answer, tools)}", file=sys.stderr)
            # Here as well, so that a run that is broken off leaves what it has.
            save(arguments.json, list(answers.values()), tools)
    save(arguments.json, list(answers.values()), tools)
    print(f"{len(tools)} tools, {origin}; {len(NUMBERS)} tasks\n")
    print(table(list(answers.values()), tools))


def numbers(text: str) -> list[int]:
    """`3,7-9` is 3, 7, 8 and 9."""
    chosen: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        chosen += range(int(first), int(last or first) + 1)
    return [number for number in chosen if number in NUMBERS]


def servers(model: str | None, base_url: str | None) -> Iterator[tuple[str, str]]:
    """Their names and addresses; each runs until the next one is asked for."""
    if base_url:
        yield base_url, base_url
    if model:
        with server(model, context=CONTEXT, parallel=1) as port:
            yield OURS, f"http://127.0.0.1:{port}"
        with peer(model) as port:
            yield THEIRS, f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def peer(model: str) -> Iterator[int]:
    """llama.cpp's own server, with the model's own template; its port."""
    threads = psutil.cpu_count(logical=False) or 1
    options = {"context": CONTEXT, "parallel": 1, "batch": 512, "cache_mb": 0, "threads": threads, "jinja": True}
    command = [sys.executable, str(HERE / "peer.py"), model, "0", json.dumps(options)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield port_in(process.stdout)
    finally:
        process.terminate()
        process.wait()


def ask(name: str, url: str, token: str, model: str, number: int, tools: list[dict[str, Any]]) -> Answer:
    body = {
        "model": model,
        "max_tokens": LONGEST_ANSWER,
        "temperature": 0,
        "system": SYSTEM,
        "tools": tools,
        "messages": TASKS[number - 1].messages(),
    }
    headers = {"x-api-key": token, "authorization": f"Bearer {token}", "anthropic-version": "2023-06-01"}
    started = time.monotonic()
    response = httpx2.post(f"{url}/v1/messages", json=body, headers=headers, timeout=PATIENCE, trust_env=False)
    seconds = round(time.monotonic() - started, 2)
    if response.status_code != 200:
        return Answer(name, number, [], "", seconds, response.text)
    message = response.json()
    return Answer(name, number, message["content"], message["stop_reason"], seconds)


def verdict(answer: Answer, tools: list[dict[str, Any]]) -> Verdict:
    return judge(TASKS[answer.number - 1], answer.content, tools)


def described(answer: Answer, tools: list[dict[str, Any]]) -> str:
    judged = asdict(verdict(answer, tools))
    return answer.error or ", ".join(name.replace("_", " ") for name, true in judged.items() if true) or "-"


def save(file: Path | None, answers: list[Answer], tools: list[dict[str, Any]]) -> None:
    if file is None:
        return
    rows = [
        {"prompt": TASKS[answer.number - 1].prompt, **asdict(answer), "verdict": asdict(verdict(answer, tools))}
        for answer in answers
    ]
    file.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")


def load(file: Path) -> list[Answer]:
    """Verdicts are made anew."""
    members = Answer.__dataclass_fields__
    return [Answer(**{name: row[name] for name in members}) for row in json.loads(file.read_text())]


def table(answers: list[Answer], tools: list[dict[str, Any]]) -> str:
    """One column for each server. What one of them sent as text, with name and arguments right, each should read."""
    names = list(dict.fromkeys(answer.server for answer in answers))
    verdicts = {(answer.server, answer.number): verdict(answer, tools) for answer in answers}
    right_as_text = {number for (_, number), judged in verdicts.items() if judged.right_as_text}
    need = {number for number in NUMBERS if TASKS[number - 1].accepted}
    told = {number for number in NUMBERS if TASKS[number - 1].answer}

    def row(title: str, verdict: str, among: set[int]) -> str:
        cells = []
        for name in names:
            asked = [verdicts[name, number] for number in sorted(among) if (name, number) in verdicts]
            cells.append(counted(sum(getattr(judged, verdict) for judged in asked), len(asked)))
        return line(title, *cells)

    def line(*cells: str) -> str:
        return f"| {' | '.join(cells)} |"

    failed = [sum(bool(answer.error) for answer in answers if answer.server == name) for name in names]
    seconds = [sum(answer.seconds for answer in answers if answer.server == name) for name in names]
    return "\n".join(
        [
            line("", *names),
            "|---" * (len(names) + 1) + "|",
            row("right tool", "right_tool", need),
            row("right arguments", "right_arguments", need),
            row("leaked as text", "leaked", set(NUMBERS)),
            row("called without need", "without_need", set(NUMBERS) - need),
            row("answered from the result", "answered", told),
            row("arrived as calls, of those right as text", "right_arguments", right_as_text),
            line("failed", *map(str, failed)),
            line("seconds", *(f"{value:.0f}" for value in seconds)),
        ]
    )


def counted(part: int, whole: int) -> str:
    return f"{part} of {whole}" + (f" ({part / whole:.2f})" if whole else "")


if __name__ == "__main__":
    main()
