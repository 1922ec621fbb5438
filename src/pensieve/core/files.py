"""Files that others have put there. Under any name there may be anything: a pipe, which would be waited for without
end, a device, a folder, a file larger than the memory."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

LARGEST = 256 * 1024 * 1024
"""Bytes of a file that is read as a whole. The largest tokenizers have a tenth of it."""


def open_regular(path: Path) -> BinaryIO:
    """For reading. Raises OSError, also for what is no regular file."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError("it is not a regular file")
    # Without waiting: it may have become a pipe by now.
    return open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK))


def read_regular(path: Path) -> bytes:
    """The whole content. Raises OSError."""
    with open_regular(path) as file:
        if os.fstat(file.fileno()).st_size > LARGEST:
            raise OSError(f"it is larger than {LARGEST // 1024 // 1024} MiB")
        return file.read()
