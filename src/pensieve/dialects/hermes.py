"""Hermes-style calls, as the Hermes and Qwen families write them:

<tool_call>
{"name": "Read", "arguments": {"file_path": "notes.txt"}}
</tool_call>
"""

from __future__ import annotations

import json
import re
from typing import Any

from pensieve.core.pieces import CallEnd, CallInput, CallStart, Piece, TextPiece
from pensieve.dialects.base import Reader, marker_prefix

OPEN = "<tool_call>"
CLOSE = "</tool_call>"
LONGEST_SHOWN = 200
_MARKS = re.compile(f'"|{CLOSE}')
_STRING_MARKS = re.compile(r'["\\]')


class Hermes:
    markers: tuple[str, ...] = (OPEN, CLOSE)

    def reader(self) -> Reader:
        return HermesReader()


class HermesReader:
    """Text goes out at once, save white space that may stand before a call and a possible beginning of the marker."""

    def __init__(self) -> None:
        self._held = ""
        self._call: _CallEndFinder | None = None
        self._called = False

    def feed(self, text: str) -> list[Piece]:
        self._held += text
        pieces: list[Piece] = []
        while self._read_call(pieces) if self._call else self._read_text(pieces):
            pass
        return pieces

    def close(self) -> list[Piece]:
        rest, self._held = self._held, ""
        if self._call:
            # A model that stops after the call's object has made its call; one that was cut has not.
            whole = rest[: len(rest) - marker_prefix(rest, CLOSE)]
            return _call_pieces(whole) or [TextPiece(f"[A tool call was cut off: {_shown(rest)}]")]
        if self._called and not rest.strip():
            return []
        return [TextPiece(rest)] if rest else []

    def _read_text(self, pieces: list[Piece]) -> bool:
        """Take what is certainly text out of what is held; True when a call has begun."""
        text, found, rest = self._held.partition(OPEN)
        certain = len(text) if found else len(text) - marker_prefix(text, OPEN)
        certain = len(text[:certain].rstrip())
        if certain:
            pieces.append(TextPiece(text[:certain]))
        if not found:
            self._held = text[certain:]
            return False
        self._held, self._call = rest, _CallEndFinder()
        return True

    def _read_call(self, pieces: list[Piece]) -> bool:
        """Take a whole call out of what is held; True when there was one."""
        end = self._call.find(self._held) if self._call else None
        if end is None:
            return False
        body = self._held[:end]
        pieces.extend(_call_pieces(body) or [TextPiece(f"[A tool call was not valid JSON: {_shown(body)}]")])
        self._held, self._call, self._called = self._held[end + len(CLOSE) :], None, True
        return True


class _CallEndFinder:
    """Finds the end marker outside the strings of the call's JSON, looking at each character once."""

    def __init__(self) -> None:
        self._at = 0
        self._in_string = False

    def find(self, body: str) -> int | None:
        """Where the marker begins in `body`, which is the same text as last time and more."""
        while True:
            match = (_STRING_MARKS if self._in_string else _MARKS).search(body, self._at)
            if match is None:
                self._at = len(body) if self._in_string else len(body) - marker_prefix(body, CLOSE)
                return None
            if match[0] == CLOSE:
                return match.start()
            if match[0] == '"':
                self._in_string = not self._in_string
            elif match.end() == len(body):
                # What the backslash escapes is still to come.
                self._at = match.start()
                return None
            self._at = match.end() + (match[0] == "\\")


def _call_pieces(body: str) -> list[Piece]:
    """The call's Pieces, or none if it is not one. Some models name the input `parameters`, or write it as a string."""
    try:
        call = _json(body)
        if not isinstance(call, dict) or not isinstance(call.get("name"), str):
            return []
        arguments: Any = call.get("arguments", call.get("parameters", {}))
        if isinstance(arguments, str):
            arguments = _json(arguments)
        if not isinstance(arguments, dict):
            return []
        written = json.dumps(arguments, ensure_ascii=False, allow_nan=False)
        (call["name"] + written).encode()
    except (ValueError, RecursionError):
        # Also numbers that JSON does not have and half characters, which no client could read.
        return []
    return [CallStart(call["name"]), CallInput(written), CallEnd()]


def _json(text: str) -> Any:
    """Models write line breaks into strings as they are."""
    return json.loads(text, strict=False)


def _shown(body: str) -> str:
    body = body.strip()
    return body if len(body) <= LONGEST_SHOWN else body[:LONGEST_SHOWN] + "..."
