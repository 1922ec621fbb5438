"""What the model really wrote into its calls, by their ids: clients send it back rearranged, and that would spoil every
cached prefix. RAM in front of a small file; losing it costs time and nothing else, so no trouble with it is an error.
"""

from __future__ import annotations

import logging
import os
import queue
import sqlite3
import threading
from collections import OrderedDict
from pathlib import Path

from msgspec import Struct

log = logging.getLogger(__name__)

WRITE_SECONDS = 1.0
"""The longest wait for another process that holds the file."""
READ_SECONDS = 0.1
MOST_WAITING = 256

_SCHEMA = """
CREATE TABLE IF NOT EXISTS calls (
    n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, written TEXT NOT NULL
)
"""
_PRUNE = """
DELETE FROM calls WHERE n NOT IN (
    SELECT n FROM (
        SELECT n, row_number() OVER newest AS place, sum(size) OVER newest AS total
        FROM calls WINDOW newest AS (ORDER BY n DESC)
    ) WHERE place <= ? AND total <= ?
)
"""


class Bounds(Struct, frozen=True):
    """The most that is kept; the oldest goes first. The file may hold one part in eight more until it is pruned."""

    entries: int
    size: int


RAM = Bounds(entries=4096, size=16 * 1024 * 1024)
DISK = Bounds(entries=20_000, size=64 * 1024 * 1024)


class CallStore:
    """One thread writes the file; `keep` never waits for it."""

    def __init__(self, path: Path, ram: Bounds = RAM, disk: Bounds = DISK) -> None:
        self._ram = _Recent(ram)
        self._disk = disk
        self._file: _File | None = None
        self._waiting: queue.Queue[tuple[str, str] | None] = queue.Queue(MOST_WAITING)
        self._writer: threading.Thread | None = None
        try:
            self._file = _File(path, disk)
        except (sqlite3.Error, OSError) as error:
            _report(path, error)
            return
        self._writer = threading.Thread(target=self._write, args=(self._file,), name="calls", daemon=True)
        self._writer.start()

    def keep(self, id: str, written: str) -> None:
        if self._ram.put(id, written) and self._writer is not None:
            try:
                self._waiting.put_nowait((id, written))
            except queue.Full:
                log.debug("call_not_written id=%s", id)

    def get(self, id: str) -> str | None:
        written = self._ram.get(id)
        if written is None and self._file is not None:
            written = self._file.find(id)
            if written is not None:
                self._ram.put(id, written)
        return written

    def close(self) -> None:
        """Writes what waits. Afterwards the RAM still answers."""
        writer, self._writer = self._writer, None
        if writer is not None:
            self._waiting.put(None)
            writer.join()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self, file: _File) -> None:
        while (entry := self._waiting.get()) is not None:
            file.add(*entry)


class _Recent:
    """The most recently used, within bounds."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._entries: OrderedDict[str, str] = OrderedDict()
        self._size = 0

    def put(self, id: str, written: str) -> bool:
        """False for what is too large to be kept at all."""
        self._forget(id)
        if _size(id, written) > self._bounds.size:
            return False
        self._entries[id] = written
        self._size += _size(id, written)
        while len(self._entries) > self._bounds.entries or self._size > self._bounds.size:
            self._forget(next(iter(self._entries)))
        return True

    def get(self, id: str) -> str | None:
        if id not in self._entries:
            return None
        self._entries.move_to_end(id)
        return self._entries[id]

    def _forget(self, id: str) -> None:
        written = self._entries.pop(id, None)
        if written is not None:
            self._size -= _size(id, written)


class _File:
    """Reading and writing have a connection each, so that a read waits for no write. After any error: neither."""

    def __init__(self, path: Path, bounds: Bounds) -> None:
        self._path = path
        self._bounds = bounds
        self._broken = False
        self._entries_since = self._size_since = 0
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)
        self._in = self._connect(WRITE_SECONDS)
        try:
            self._in.execute("PRAGMA journal_mode = WAL")
            self._in.execute("PRAGMA synchronous = NORMAL")
            self._in.execute("PRAGMA journal_size_limit = 4194304")
            self._in.execute(_SCHEMA)
            self._prune()
            self._out = self._connect(READ_SECONDS)
        except sqlite3.Error:
            self._in.close()
            raise

    def find(self, id: str) -> str | None:
        if self._broken:
            return None
        try:
            row = self._out.execute("SELECT written FROM calls WHERE id = ?", (id,)).fetchone()
        except sqlite3.Error as error:
            self._break(error)
            return None
        return str(row[0]) if row else None

    def add(self, id: str, written: str) -> None:
        if self._broken:
            return
        size = _size(id, written)
        try:
            self._in.execute("INSERT OR REPLACE INTO calls (id, size, written) VALUES (?, ?, ?)", (id, size, written))
            self._entries_since += 1
            self._size_since += size
            if self._entries_since * 8 > self._bounds.entries or self._size_since * 8 > self._bounds.size:
                self._prune()
        except sqlite3.Error as error:
            self._break(error)

    def close(self) -> None:
        for connection in (self._out, self._in):
            try:
                connection.close()
            except sqlite3.Error as error:
                self._break(error)

    def _connect(self, patience: float) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=patience, isolation_level=None, check_same_thread=False)

    def _prune(self) -> None:
        self._in.execute(_PRUNE, (self._bounds.entries, self._bounds.size))
        self._entries_since = self._size_since = 0

    def _break(self, error: Exception) -> None:
        if not self._broken:
            self._broken = True
            _report(self._path, error)


def _report(path: Path, error: Exception) -> None:
    log.warning("call_store_in_ram_only path=%s error=%s", path, error)


def _size(id: str, written: str) -> int:
    return len(id) + len(written)
