"""What a dialect is: how one model family writes tool calls. A dialect never sees a request or a socket."""

from __future__ import annotations

from typing import Protocol

from pensieve.core.pieces import Piece, TextPiece


class Reader(Protocol):
    """Understands one answer. However the text is cut, the Pieces joined are the same."""

    def feed(self, text: str) -> list[Piece]:
        """The Pieces that are now certain; at most a possible beginning of a marker is held back."""
        ...

    def close(self) -> list[Piece]:
        """The rest. Nothing that was fed is dropped in silence."""
        ...


class Dialect(Protocol):
    @property
    def markers(self) -> tuple[str, ...]:
        """Special tokens whose text the reader must see in the output."""
        ...

    def reader(self) -> Reader: ...


class PlainReader:
    """All output is text: for requests that offer no tools."""

    def feed(self, text: str) -> list[Piece]:
        return [TextPiece(text)] if text else []

    def close(self) -> list[Piece]:
        return []


class Plain:
    markers: tuple[str, ...] = ()

    def reader(self) -> Reader:
        return PlainReader()


def marker_prefix(text: str, marker: str) -> int:
    """How many characters at the end of `text` may be the beginning of `marker`."""
    for length in range(min(len(marker) - 1, len(text)), 0, -1):
        if marker.startswith(text[-length:]):
            return length
    return 0
