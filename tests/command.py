"""`pensieve` as a person meets it: a process, its words, its exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-m", "pensieve"]


def pensieve(
    *arguments: str, typed: str | None = None, folder: Path | None = None, **environment: Any
) -> subprocess.CompletedProcess[str]:
    """`typed` comes by standard input, which is no terminal."""
    return subprocess.run(
        [*COMMAND, *arguments],
        env={**os.environ, **environment},
        cwd=folder,
        input=typed,
        stdin=subprocess.DEVNULL if typed is None else None,
        capture_output=True,
        text=True,
        timeout=120,
    )


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    """The last line of what it said; exit code 2 and no traceback."""
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr.strip().splitlines()[-1]


def well(done: subprocess.CompletedProcess[str]) -> str:
    """What it printed; exit code 0."""
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
