"""What a reader is: it understands how one model family writes. It never sees a request or a socket."""

from __future__ import annotations

from typing import Literal, Protocol

from msgspec import Struct

from pensieve.core.pieces import Piece


class Head(Struct, frozen=True):
    """A call in a foreign form whose input is about to be written, in JSON. Places count all characters that were fed.

    `name`: "" if no offered tool has the name that stands at `name_at`. `key`: the key of the input, whose
    colon ends at `input_at`.
    """

    name: str
    name_at: int
    key: str
    input_at: int


Behind = Literal["start", "text", "code", "call", "thought", "thinking"]
"""What came last: nothing, text, the text of a fenced block that goes on, a call, a thought that has ended, or one that
goes on."""


class Reader(Protocol):
    """Understands one answer. However the text is cut, the Pieces joined are the same."""

    @property
    def behind(self) -> Behind: ...

    @property
    def thinking(self) -> bool:
        """In the middle of a thought."""
        ...

    @property
    def stands(self) -> bool:
        """Nothing is held back and no call or thought is open: a new reader `behind` the same reads the rest alike."""
        ...

    @property
    def heads(self) -> int:
        """How many calls in a foreign form have begun."""
        ...

    @property
    def head(self) -> Head | None:
        """The last of them."""
        ...

    def feed(self, text: str) -> list[Piece]:
        """The Pieces that are now certain; at most a possible beginning of a mark is held back."""
        ...

    def close(self) -> list[Piece]:
        """The rest. Nothing that was fed is dropped in silence; what lacks its end goes without `CallEnd`."""
        ...


def marker_prefix(text: str, marker: str) -> int:
    """How many characters at the end of `text` may be the beginning of `marker`."""
    for length in range(min(len(marker) - 1, len(text)), 0, -1):
        if marker.startswith(text[-length:]):
            return length
    return 0
