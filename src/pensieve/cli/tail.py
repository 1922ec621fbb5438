"""`pensieve logs`: the last lines of the log, and those to come."""

from __future__ import annotations

import collections
import os
import sys
import time
from pathlib import Path
from typing import IO

from pensieve.core.errors import SettingsError

FOLLOW_SECONDS = 0.25
"""Between two looks at the file: not every system tells of new lines."""


def show(file: Path, lines: int, follow: bool) -> None:
    """With `follow` also what comes later, in the file that is begun when this one is full as well; until Ctrl-C.

    Raises SettingsError.
    """
    try:
        log = _open(file)
    except OSError:
        raise SettingsError(f"There is no log {file}.", "`pensieve start` starts a server.") from None
    sys.stdout.writelines(collections.deque(log, lines))
    while follow:
        sys.stdout.flush()
        time.sleep(FOLLOW_SECONDS)
        begun = _begun_anew(file, log)
        # What was written into the full one since is read first.
        sys.stdout.writelines(log)
        if begun is not None:
            log.close()
            log = begun
    log.close()


def _open(file: Path) -> IO[str]:
    return file.open(encoding="utf-8", errors="replace")


def _begun_anew(file: Path, log: IO[str]) -> IO[str] | None:
    """The file that has taken this one's place."""
    try:
        if file.stat().st_ino == os.fstat(log.fileno()).st_ino:
            return None
        return _open(file)
    except FileNotFoundError:
        return None
