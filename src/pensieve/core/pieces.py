"""What a dialect's reader understands from generated text."""

from __future__ import annotations

from msgspec import Struct


class TextPiece(Struct, frozen=True, tag=True):
    text: str


class ThinkingPiece(Struct, frozen=True, tag=True):
    text: str


class CallStart(Struct, frozen=True, tag=True):
    name: str


class CallInput(Struct, frozen=True, tag=True):
    """A stretch of the call's input; all stretches of one call together are one JSON object."""

    json: str


class CallEnd(Struct, frozen=True, tag=True):
    pass


Piece = TextPiece | ThinkingPiece | CallStart | CallInput | CallEnd
