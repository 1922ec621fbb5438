"""`pensieve chat`: a talk in the terminal, without tools."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pensieve.cli.ask import NoAnswer
from pensieve.cli.client import Endpoint
from pensieve.cli.messages import stream, texts
from pensieve.core.errors import SettingsError

HISTORY = "chat.history"
MOST_HISTORY = 1000
QUOTES = '"""'
HELP = f"""Enter sends; {QUOTES} begins a text of several lines, and ends it. /new forgets the conversation, /quit or
Ctrl-D ends, Ctrl-C breaks off an answer, the arrow keys bring back what was written before."""


def answer_once(endpoint: Endpoint, prompt: str) -> None:
    """Raises SettingsError."""
    try:
        _answer(endpoint, [{"role": "user", "content": prompt}])
    except NoAnswer as error:
        raise SettingsError(str(error)) from None


def talk(endpoint: Endpoint, home: Path) -> None:
    print(f"{endpoint.model}. /help tells what can be typed.", file=sys.stderr)
    messages: list[dict[str, Any]] = []
    with _history(home / HISTORY):
        while (prompt := _typed()) is not None:
            if prompt == "/quit":
                return
            if prompt == "/help":
                print(HELP, file=sys.stderr)
            elif prompt == "/new":
                messages = []
                print("A new conversation.", file=sys.stderr)
            elif prompt.strip():
                messages = _turn(endpoint, [*messages, {"role": "user", "content": prompt}])


def _turn(endpoint: Endpoint, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The conversation with the answer; without the question when there was none."""
    try:
        said = _answer(endpoint, messages)
    except NoAnswer as error:
        print(f"pensieve: {error}", file=sys.stderr)
        return messages[:-1]
    return [*messages, {"role": "assistant", "content": said}] if said.strip() else messages[:-1]


def _answer(endpoint: Endpoint, messages: list[dict[str, Any]]) -> str:
    """Prints it as it comes. Ctrl-C breaks it off; what was said until then counts. Raises NoAnswer."""
    body = {"model": endpoint.model, "max_tokens": endpoint.context, "messages": messages}
    said = ""
    events = stream(endpoint.url, endpoint.token, body)
    try:
        for text in texts(events):
            said += text
            print(text, end="", flush=True)
    except KeyboardInterrupt:
        if not sys.stdin.isatty():
            raise
    finally:
        events.close()
    print()
    return said


def _typed() -> str | None:
    """None at the end."""
    try:
        line = input("> ")
        if not line.startswith(QUOTES):
            return line
        lines = [line.removeprefix(QUOTES)]
        while not lines[-1].endswith(QUOTES):
            lines.append(input(". "))
        return "\n".join(lines).removesuffix(QUOTES)
    except EOFError:
        return None
    except KeyboardInterrupt:
        print()
        return ""


@contextlib.contextmanager
def _history(file: Path) -> Iterator[None]:
    """Of one's own words, for one's own eyes. A talk goes on without one that cannot be kept, or a Python that has
    none."""
    try:
        import readline
    except ImportError:
        yield
        return
    with contextlib.suppress(OSError):
        readline.read_history_file(file)
    readline.set_history_length(MOST_HISTORY)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.close(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600))
            readline.write_history_file(file)
