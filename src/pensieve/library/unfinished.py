"""Pulls that broke off: what has come of them stays, until the same pull goes on or somebody removes it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from pensieve.core.errors import SettingsError
from pensieve.library.places import sorted_entries

LOCK = ".pensieve.lock"
PART = ".pensieve-part"


class Busy(Exception):
    """Somebody else fetches from this repository."""


@contextmanager
def alone(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Of two who fetch from one repository, one waits for the other. Raises Busy instead where it may not wait."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise Busy from None
        yield


class Unfinished(Struct, frozen=True):
    """What has come of a repository and is part of no model yet."""

    repository: str
    top: Path
    files: tuple[Path, ...]

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(file.stat().st_size for file in self.files if file.exists())

    def remove(self) -> None:
        """Raises SettingsError, also while somebody fetches it."""
        try:
            with alone(self.top / LOCK, wait=False):
                for file in self.files:
                    file.unlink(missing_ok=True)
        except Busy:
            raise SettingsError(f"{self.repository} is being fetched.", "End that first.") from None
        except OSError as error:
            raise SettingsError(f"{self.top} cannot be cleared: {error.strerror}.", "Mend its rights.") from None


def unfinished(cache: Path) -> list[Unfinished]:
    """Of what Pensieve has fetched; downloads of other programs are theirs."""
    found = []
    for lock in sorted(cache.glob(f"models--*/{LOCK}")):
        top = lock.parent
        links = [link for link in (top / "snapshots").rglob("*") if link.is_symlink()]
        linked = {os.path.normpath(link.parent / link.readlink()) for link in links}
        # A file that is whole has no suffix, and one of another program's has its own.
        ours = (file for file in sorted_entries((top / "blobs").iterdir) if file.suffix in ("", PART))
        files = tuple(file for file in ours if str(file) not in linked)
        if any(file.name.endswith(PART) for file in files):
            found.append(Unfinished(top.name.removeprefix("models--").replace("--", "/", 1), top, files))
    return found
