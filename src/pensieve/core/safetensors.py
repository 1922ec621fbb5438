"""How long a safetensors file is by its own header: 8 bytes, the length of the header; the header in JSON; the data
(https://huggingface.co/docs/safetensors)."""

from __future__ import annotations

import json
import struct
from pathlib import Path

from pensieve.core.files import open_regular

LENGTH_BYTES = 8
LARGEST_HEADER = 100_000_000


def whole_bytes(path: Path) -> int:
    """Of the file when nothing of it is cut off. Raises OSError, and ValueError for what is no such file."""
    with open_regular(path) as file:
        start = file.read(LENGTH_BYTES)
        if len(start) < LENGTH_BYTES:
            raise ValueError("it is no safetensors file")
        length: int = struct.unpack("<Q", start)[0]
        if length > LARGEST_HEADER:
            raise ValueError("it is no safetensors file")
        header = file.read(length)
    if len(header) < length:
        return LENGTH_BYTES + length
    try:
        ends = [tensor["data_offsets"][1] for name, tensor in json.loads(header).items() if name != "__metadata__"]
        return LENGTH_BYTES + length + int(max(ends, default=0))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError, RecursionError):
        raise ValueError("it is no safetensors file") from None
