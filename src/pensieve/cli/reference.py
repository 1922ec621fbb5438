"""`docs/cli.md`, made from the commands themselves: `python -m pensieve.cli.reference > docs/cli.md`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from pensieve.cli.app import app

WIDTH = 100
INTRODUCTION = """# Commands

What each command says when it is asked with `--help`. Made by `python -m pensieve.cli.reference`; a test
compares it with the commands.
"""


def reference() -> str:
    return INTRODUCTION + "".join(_pages(typer.main.get_command(app), "pensieve", None))


def _pages(command: Any, name: str, parent: Any) -> Iterator[str]:
    context = command.context_class(command, info_name=name, parent=parent, terminal_width=WIDTH)
    path = f"{parent.command_path} {name}" if parent else name
    yield f"\n## {path}\n\n```text\n{command.get_help(context).strip()}\n```\n"
    for inner, child in getattr(command, "commands", {}).items():
        if not child.hidden:
            yield from _pages(child, inner, context)


if __name__ == "__main__":
    print(reference(), end="")
