"""Makes the README's picture, terminal.svg, from a real run in a home of its own.

`python docs/terminal.py PENSIEVE CLAUDE`: the two commands, as paths (.venv/bin/pensieve, .../bin/claude).
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.markup import escape

NOTE = "The owl flies at midnight.\n"
TYPED = (
    "pensieve claude -p 'Read notes.txt and tell me what it says'",
    "pensieve claude -p 'Replace owl with hawk in notes.txt' --allowedTools Edit",
    "pensieve claude -p 'Run `cat notes.txt | wc -w`' --allowedTools Bash",
    "cat notes.txt",
    "pensieve claude -p 'Write a novel about a whale'",
    "pensieve stop",
)


def main() -> None:
    pensieve, claude = (Path(command).absolute() for command in sys.argv[1:3])
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / "project"
        folder.mkdir()
        (folder / "notes.txt").write_text(NOTE)
        environment = {
            "HOME": home,
            "PATH": os.pathsep.join([str(pensieve.parent), str(claude.parent), os.environ["PATH"]]),
        }
        try:
            screen = recorded(folder, environment)
        finally:
            subprocess.run([pensieve, "stop"], env=environment, stdout=subprocess.DEVNULL)
    screen.save_svg(str(Path(__file__).with_name("terminal.svg")), title="Claude Code on a model of this machine")


def recorded(folder: Path, environment: dict[str, str]) -> Console:
    screen = Console(record=True, width=118, force_terminal=True, color_system="truecolor")
    for typed in TYPED:
        screen.print(f"[bold green]$[/] [bold]{escape(typed)}[/]", highlight=False)
        done = subprocess.run(
            shlex.split(typed),
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=True,
        )
        # Claude Code says of every model that it has never heard of it.
        lines = [line for line in done.stdout.splitlines() if not line.startswith("[claude-code:")]
        screen.print("\n".join([*lines, ""]).replace(environment["HOME"], "~"), markup=False, highlight=False)
    return screen


if __name__ == "__main__":
    main()
