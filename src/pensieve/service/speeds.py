"""How fast each model reads on this machine, kept over restarts in a small file: the newest long reading of each.

Losing it costs a forecast and nothing else, so no trouble with the file is an error.
"""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path

import msgspec
from msgspec import Struct

log = logging.getLogger(__name__)

LEAST_TOKENS = 500
"""Of fewer nothing can be said."""
LONG_TOKENS = 4_000
"""A long prompt is read more slowly, token by token, than a short one: once a model has read one so long, only others
so long count."""
MOST_MODELS = 64


class Reading(Struct, frozen=True):
    """So many tokens of a prompt, none of them cached, in so many seconds."""

    tokens: int
    seconds: float

    @property
    def rate(self) -> float:
        return self.tokens / max(self.seconds, 1e-9)


class Speeds:
    """The file is read once, here, and written by `write` alone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._readings: dict[str, Reading] = {}
        try:
            self._readings = msgspec.json.decode(path.read_bytes(), type=dict[str, Reading])
        except FileNotFoundError:
            pass
        except (OSError, msgspec.MsgspecError) as error:
            log.warning("speeds_not_read path=%s error=%s", path, error)

    def of(self, model: str) -> Reading | None:
        return self._readings.get(model)

    def keep(self, model: str, reading: Reading) -> bool:
        """Whether it says more than what is kept, and so is to be written."""
        before = self._readings.get(model)
        if reading.tokens < max(LEAST_TOKENS, min(before.tokens if before else 0, LONG_TOKENS)):
            return False
        # The newest is last.
        readings = {name: kept for name, kept in self._readings.items() if name != model} | {model: reading}
        self._readings = dict(list(readings.items())[-MOST_MODELS:])
        return True

    def write(self) -> None:
        """Waits for the disk."""
        with self._lock:
            content, new = msgspec.json.encode(self._readings), self._path.with_suffix(f".{os.getpid()}")
            try:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                    file.write(content)
                new.replace(self._path)
            except OSError as error:
                log.warning("speeds_not_written path=%s error=%s", self._path, error)
