"""Where log lines go: a bounded file at home, readable by its owner alone, and warnings to the terminal."""

from __future__ import annotations

import logging
import logging.handlers
import os
from pathlib import Path

from pensieve.core.errors import SettingsError

FILE = Path("logs", "pensieve.log")
LARGEST_FILE = 10 * 1024 * 1024
KEPT_FILES = 3
FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"


class _PrivateFile(logging.handlers.RotatingFileHandler):
    def _open(self):  # type: ignore[no-untyped-def]  # its type is private
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.fchmod(descriptor, 0o600)
        return open(descriptor, "a", encoding="utf-8")


def start_logging(home: Path, level: str, to_terminal: bool = True) -> Path:
    """Returns the file's path. Raises SettingsError when it cannot be written."""
    file = home / FILE
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.parent.mkdir(exist_ok=True, mode=0o700)
        to_file = _PrivateFile(file, maxBytes=LARGEST_FILE, backupCount=KEPT_FILES)
    except OSError as error:
        raise SettingsError(f"The log {file} cannot be written: {error.strerror}.", "Set PENSIEVE_HOME.") from None
    handlers: list[logging.Handler] = [to_file]
    if to_terminal:
        handlers.append(logging.StreamHandler())
        handlers[-1].setLevel(logging.WARNING)
    logging.basicConfig(level=level.upper(), format=FORMAT, handlers=handlers)
    return file
