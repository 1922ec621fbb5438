"""Frames on a byte stream: a 4-byte big-endian length, then msgpack."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic, TypeVar

import msgspec

LONGEST_FRAME = 64 * 1024 * 1024
_HEADER = 4

T = TypeVar("T")


class FrameError(Exception):
    """The peer does not speak this protocol. The stream cannot be read on."""


def encode(frame: Any, encoder: msgspec.msgpack.Encoder) -> bytearray:
    buffer = bytearray(_HEADER)
    encoder.encode_into(frame, buffer, _HEADER)
    buffer[:_HEADER] = (len(buffer) - _HEADER).to_bytes(_HEADER, "big")
    return buffer


class FrameReader(Generic[T]):
    """Cuts received bytes, however they arrive, into frames of one union type."""

    def __init__(self, union: Any) -> None:
        self._decoder: msgspec.msgpack.Decoder[T] = msgspec.msgpack.Decoder(union)
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[T]:
        """Yields each complete frame. Raises FrameError."""
        self._buffer += data
        start = 0
        try:
            while len(self._buffer) - start >= _HEADER:
                length = int.from_bytes(self._buffer[start : start + _HEADER], "big")
                if length > LONGEST_FRAME:
                    raise FrameError(f"a frame of {length} bytes is over the limit of {LONGEST_FRAME}")
                end = start + _HEADER + length
                if len(self._buffer) < end:
                    break
                frame = self._decode(bytes(self._buffer[start + _HEADER : end]))
                start = end
                yield frame
        finally:
            del self._buffer[:start]

    def _decode(self, body: bytes) -> T:
        try:
            return self._decoder.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise FrameError(f"unreadable frame: {error}") from None
