"""Hermes-style calls, as the Hermes and Qwen families write them:

<tool_call>
{"name": "Read", "arguments": {"file_path": "notes.txt"}}
</tool_call>
"""

from __future__ import annotations

import json
from typing import Any

from pensieve.core.pieces import CallEnd, CallInput, CallStart, Piece, TextPiece
from pensieve.dialects.base import Reader, marker_prefix

OPEN = "<tool_call>"
CLOSE = "</tool_call>"
LONGEST_SHOWN = 200


class Hermes:
    markers: tuple[str, ...] = (OPEN, CLOSE)

    def reader(self) -> Reader:
        return HermesReader()


class HermesReader:
    """Text goes out at once, save white space that may stand before a call and a possible beginning of the marker."""

    def __init__(self) -> None:
        self._held = ""
        self._inside = False
        self._called = False

    def feed(self, text: str) -> list[Piece]:
        self._held += text
        pieces: list[Piece] = []
        while self._step(pieces):
            pass
        return pieces

    def close(self) -> list[Piece]:
        rest, self._held = self._held, ""
        if self._inside:
            # A model that stops after the call's object has made its call; one that was cut has not.
            return _read_call(rest) or [TextPiece(f"[A tool call was cut off: {_shown(rest)}]")]
        if self._called and not rest.strip():
            return []
        return [TextPiece(rest)] if rest else []

    def _step(self, pieces: list[Piece]) -> bool:
        """Take what is certain out of the held text; True if there may be more."""
        marker = CLOSE if self._inside else OPEN
        before, found, after = self._held.partition(marker)
        if found:
            pieces.extend(self._call(before) if self._inside else self._text(before.rstrip()))
            self._inside = not self._inside
            self._held = after
            return True
        if not self._inside:
            certain = len(before) - marker_prefix(before, marker)
            certain = len(before[:certain].rstrip())
            pieces.extend(self._text(before[:certain]))
            self._held = before[certain:]
        return False

    def _text(self, text: str) -> list[Piece]:
        return [TextPiece(text)] if text else []

    def _call(self, body: str) -> list[Piece]:
        self._called = True
        return _read_call(body) or [TextPiece(f"[A tool call was not valid JSON: {_shown(body)}]")]


def _read_call(body: str) -> list[Piece]:
    """The call's Pieces, or none if it is not one. Some models name the input `parameters`, or write it as a string."""
    try:
        call = json.loads(body)
    except ValueError:
        return []
    if not isinstance(call, dict) or not isinstance(call.get("name"), str):
        return []
    arguments: Any = call.get("arguments", call.get("parameters", {}))
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except ValueError:
            return []
    if not isinstance(arguments, dict):
        return []
    return [CallStart(call["name"]), CallInput(json.dumps(arguments, ensure_ascii=False)), CallEnd()]


def _shown(body: str) -> str:
    body = body.strip()
    return body if len(body) <= LONGEST_SHOWN else body[:LONGEST_SHOWN] + "..."
