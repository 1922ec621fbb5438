"""Which server of this home runs? It holds a lock that the system takes back when its process is gone, however it went;
in the locked file stands what it is. So nothing is ever said of a stale number that another program has by now.

Standard library only, and of that little: `pensieve status` reads it, and has to be quick.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, NamedTuple

FILE = Path("run", "server.json")
STARTING = Path("run", "starting.lock")
CLAIMING = Path("run", "claiming.lock")
PATIENCE_SECONDS = 1.0
LOOK_SECONDS = 0.02
"""Between two looks at a lock: waiting for it would hold it in the end."""


class Record(NamedTuple):
    """`arguments`: those of `pensieve serve`. `started` in seconds since 1970. `drain_seconds`: how long its running
    answers may go on when it is stopped. `environment`: what of it would be needed to start it as it was started."""

    pid: int
    url: str
    log: str
    arguments: tuple[str, ...]
    started: float
    drain_seconds: float
    environment: Mapping[str, str] = {}


def running(home: Path) -> Record | None:
    """The server of this home, if one runs. Raises OSError."""
    try:
        file = (home / FILE).open(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    with file:
        return None if _lock(file, fcntl.LOCK_SH) else _read(file.read())


def claim(home: Path, record: Record) -> bool:
    """Makes this process the server of its home until it is gone; False when another one is. Raises OSError."""
    new = home / FILE.with_suffix(f".{os.getpid()}")
    with _locked(home / CLAIMING):
        if _running_soon(home):
            return False
        with _open(new) as file:
            file.truncate()
            json.dump(record._asdict(), file)
            file.flush()
            _lock(file, fcntl.LOCK_EX)
            # Never closed: the system does that, at the very end, and so ends the lock.
            os.dup(file.fileno())
        # It appears under its name whole, and locked.
        new.rename(home / FILE)
    return True


@contextlib.contextmanager
def starting(home: Path) -> Iterator[None]:
    """Of those who start a server at once, one goes first; the others find it running. Raises OSError."""
    with _locked(home / STARTING):
        yield


def _running_soon(home: Path) -> bool:
    """Not one that is about to end, nor somebody else who looks."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while running(home) is not None:
        if time.monotonic() > deadline:
            return True
        time.sleep(LOOK_SECONDS)
    return False


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with _open(path) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _open(path: Path) -> IO[str]:
    path.parent.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.parent.mkdir(exist_ok=True, mode=0o700)
    return open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8")


def _lock(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(text: str) -> Record:
    """Raises OSError for a file of another version, or that somebody has written into."""
    try:
        told = json.loads(text)
        return Record(**{**told, "arguments": tuple(told["arguments"])})
    except (ValueError, KeyError, TypeError):
        raise OSError(f"{FILE} cannot be understood") from None
