"""What a dialect's reader understands from generated text."""

from __future__ import annotations

from msgspec import Struct


class TextPiece(Struct, frozen=True, tag=True):
    text: str


class ThinkingPiece(Struct, frozen=True, tag=True):
    text: str


class CallStart(Struct, frozen=True, tag=True):
    """`said`: of a call in a form that is not the family's own, all that the model wrote for it, and for those that
    follow it at once; "" for these; None for calls in the family's form."""

    name: str
    said: str | None = None


class CallInput(Struct, frozen=True, tag=True):
    """A stretch of the call's input; all stretches of one call together are one JSON object."""

    json: str


class CallEnd(Struct, frozen=True, tag=True):
    pass


Piece = TextPiece | ThinkingPiece | CallStart | CallInput | CallEnd
