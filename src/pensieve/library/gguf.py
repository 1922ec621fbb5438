"""The header of a GGUF file: its metadata, without the long arrays, and how long the file is by its list of tensors.

An own reader because the `gguf` package takes seconds for a vocabulary of 150,000 tokens, and this one milliseconds.
Every length is checked against the file, so that a damaged file is an error and never a huge read.
Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import math
import mmap
import struct
from pathlib import Path
from typing import Any

from msgspec import Struct

from pensieve.core.errors import SettingsError
from pensieve.core.files import open_regular

_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_STRING, _ARRAY = 8, 9
_LENGTH_BYTES = 8
TOKENS, TOKEN_TYPES = "tokenizer.ggml.tokens", "tokenizer.ggml.token_type"
CONTROL_TOKENS = "tokenizer.ggml.control_tokens"
_INT32, _CONTROL = 5, 3
_MOST_CONTROL_TOKENS = 4096
_LONGEST_KEPT_ARRAY = 1024
_MOST_KEYS = 100_000
_MOST_TENSORS = 100_000
_MOST_DIMENSIONS = 4
_ALIGNMENT = 32
_BLOCK_BYTES = {
    1: {0: 4, 1: 2, 24: 1, 25: 2, 26: 4, 27: 8, 28: 8, 30: 2},
    32: {2: 18, 3: 20, 6: 22, 7: 24, 8: 34, 9: 40, 20: 18, 39: 17},
    64: {40: 36},
    128: {41: 18},
    256: {10: 84, 11: 110, 12: 144, 13: 176, 14: 210, 15: 292, 16: 66, 17: 74, 18: 98, 19: 50, 21: 110, 22: 82, 23: 136}
    | {29: 56, 34: 54, 35: 66},
}
TENSOR_TYPES = {kind: (block, size) for block, sizes in _BLOCK_BYTES.items() for kind, size in sizes.items()}
"""How many numbers a block of each type has, and how many bytes it takes."""


class BrokenFile(Exception):
    pass


class Header(Struct, frozen=True):
    """`metadata`: key to value; of arrays longer than 1,024 or of strings, only the length. `whole`: the bytes that the
    file has at least when nothing of it is cut off.

    The texts of the tokens that begin and end a text, which templates use by name, are added as
    `tokenizer.ggml.bos_token` and `tokenizer.ggml.eos_token`, and those of all control tokens, with their ids, as
    `tokenizer.ggml.control_tokens`.
    """

    metadata: dict[str, Any]
    whole: int


def read_header(path: Path) -> Header:
    """Raises SettingsError."""
    try:
        with open_regular(path) as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _Cursor(data).header()
    except BrokenFile as error:
        raise SettingsError(
            f"{path} is not a usable GGUF file: {error}.", "Download it again, or choose another file."
        ) from None
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} cannot be read: {error}.", "Check the path and its permissions.") from None


class _Cursor:
    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._at = 0
        self._token_list: tuple[int, int] | None = None
        self._token_types: tuple[int, int] | None = None

    def header(self) -> Header:
        if self._take(4) != b"GGUF":
            raise BrokenFile("it does not begin with GGUF")
        version = self._scalar("<I")
        if version not in (2, 3):
            raise BrokenFile(f"version {version} is not known")
        tensors, count = self._scalar("<Q"), self._scalar("<Q")
        if count > _MOST_KEYS:
            raise BrokenFile(f"{count} keys are too many")
        values: dict[str, Any] = {}
        for _ in range(count):
            key = self._string()
            values[key] = self._value(self._scalar("<I"), key)
        whole = self._whole(tensors, values.get("general.alignment"))
        control = self._control_ids()
        named = {name: values.get(f"tokenizer.ggml.{name}_token_id") for name in ("bos", "eos")}
        texts = self._token_texts({index for index in (*control, *named.values()) if isinstance(index, int)})
        for name, index in named.items():
            if index in texts:
                values[f"tokenizer.ggml.{name}_token"] = texts[index]
        if control:
            values[CONTROL_TOKENS] = {texts[index]: index for index in control if index in texts}
        return Header(values, whole)

    def _whole(self, count: int, alignment: Any) -> int:
        """The end of the last tensor. One of an unknown type ends where it begins."""
        if count > _MOST_TENSORS:
            raise BrokenFile(f"{count} tensors are too many")
        end = 0
        for _ in range(count):
            self._skip(self._scalar("<Q"))
            dimensions = self._scalar("<I")
            if dimensions > _MOST_DIMENSIONS:
                raise BrokenFile(f"{dimensions} dimensions are too many")
            numbers = math.prod(self._scalar("<Q") for _ in range(dimensions))
            block, size = TENSOR_TYPES.get(self._scalar("<I"), (1, 0))
            end = max(end, self._scalar("<Q") + numbers // block * size)
        step = alignment if isinstance(alignment, int) and alignment > 0 else _ALIGNMENT
        return -(-self._at // step) * step + end if count else self._at

    def _control_ids(self) -> list[int]:
        if self._token_types is None:
            return []
        start, count = self._token_types
        with memoryview(self._data[start : start + 4 * count]).cast("i") as types:
            return [index for index, kind in enumerate(types) if kind == _CONTROL][:_MOST_CONTROL_TOKENS]

    def _token_texts(self, wanted: set[int]) -> dict[int, str]:
        if self._token_list is None or not wanted:
            return {}
        self._at, count = self._token_list
        texts: dict[int, str] = {}
        for index in range(min(count, max(wanted) + 1)):
            if index in wanted:
                texts[index] = self._string()
            else:
                self._skip(self._scalar("<Q"))
        return texts

    def _value(self, kind: int, key: str) -> Any:
        if kind in _SCALARS:
            return self._scalar(_SCALARS[kind])
        if kind == _STRING:
            return self._string()
        if kind == _ARRAY:
            return self._array(key)
        raise BrokenFile(f"{key} has the unknown type {kind}")

    def _array(self, key: str) -> Any:
        kind, count = self._scalar("<I"), self._scalar("<Q")
        if kind in _SCALARS:
            layout = _SCALARS[kind]
            if key == TOKEN_TYPES and kind == _INT32:
                self._token_types = (self._at, count)
            body = self._take(struct.calcsize(layout) * count)
            if count > _LONGEST_KEPT_ARRAY:
                return count
            return [item for (item,) in struct.iter_unpack(layout, body)]
        if kind == _STRING:
            if count * _LENGTH_BYTES > len(self._data) - self._at:
                raise BrokenFile("it is cut short")
            if key == TOKENS:
                self._token_list = (self._at, count)
            for _ in range(count):
                self._skip(self._scalar("<Q"))
            return count
        raise BrokenFile(f"{key} is an array of the unknown type {kind}")

    def _scalar(self, layout: str) -> Any:
        return struct.unpack(layout, self._take(struct.calcsize(layout)))[0]

    def _string(self) -> str:
        return self._take(self._scalar("<Q")).decode("utf-8", errors="replace")

    def _take(self, length: int) -> bytes:
        start = self._at
        self._skip(length)
        return self._data[start : self._at]

    def _skip(self, length: int) -> None:
        if length > len(self._data) - self._at:
            raise BrokenFile("it is cut short")
        self._at += length
