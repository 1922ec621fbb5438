"""Sees to it that every call that goes on is one that a client can read."""

from __future__ import annotations

import json
import re

from pensieve.core.chat import Tool
from pensieve.core.pieces import CallEnd, CallInput, CallStart, Piece, TextPiece
from pensieve.dialects.fitting import Fitter
from pensieve.dialects.jsontext import Parsed
from pensieve.dialects.notes import cut_off, not_valid

_STRING_OR_SLIP = re.compile(r'("(?:[^"\\]++|\\.)*+"?)|,(?=\s*+[}\]])|(?<=\d) (?=\.\d)', re.DOTALL)
"""Commas behind the last member, and the space in `7 .5` that llama.cpp hides from a grammar (see `fitting.HIDDEN`)."""
_NOTHING = ("", "null", '""')


class Mender:
    """Holds a call until it is whole and passes it on with its input in one stretch, or says in text what became of it.

    Calls of `eager` tools go on as they are written; what is wrong with one is said behind it.
    """

    def __init__(self, tools: tuple[Tool, ...]) -> None:
        self._eager = frozenset(tool.name for tool in tools if tool.eager)
        self._fitter = Fitter(tools)
        self._name: str | None = None
        self._said: str | None = None
        self._written: list[str] = []
        self._passing = False
        self._undecided = False

    @property
    def settled(self) -> bool:
        return self._name is None

    def tell(self, pieces: list[Piece]) -> list[Piece]:
        told: list[Piece] = []
        for piece in pieces:
            match piece:
                case CallStart(name=name, said=said):
                    told += self._finish(natural=False)
                    self._name, self._said, self._written = name, said, []
                    self._passing, self._undecided = False, name in self._eager and _sayable(name)
                case CallInput(json=written):
                    told += self._input(written)
                case CallEnd():
                    told += self._finish(natural=True)
                case _:
                    told += self._finish(natural=False)
                    told.append(piece)
        return told

    def close(self) -> list[Piece]:
        return self._finish(natural=False)

    def _input(self, written: str) -> list[Piece]:
        self._written.append(written)
        if self._passing:
            return [CallInput(written)]
        if self._name is None or not self._undecided or not written.strip():
            return []
        # What begins otherwise is to be mended, and not shown before.
        self._undecided = False
        self._passing = written.lstrip().startswith("{")
        return [CallStart(self._name, self._said), CallInput("".join(self._written))] if self._passing else []

    def _finish(self, natural: bool) -> list[Piece]:
        name, self._name = self._name, None
        if name is None:
            return []
        written = "".join(self._written)
        mended = mend_input(written, natural) if _sayable(name) else None
        note = (not_valid if natural else cut_off)(f"{name} {written.strip()}".encode(errors="replace").decode())
        if self._passing:
            if mended == written.strip():
                return [CallEnd()]
            rest = mended.removeprefix(written) if mended else ""
            if mended and rest != mended:
                return [CallInput(rest), CallEnd()]
            return [CallEnd(), TextPiece(note)]
        if mended is None:
            return [TextPiece(note)]
        return [CallStart(name, self._said), CallInput(self._fitted(name, mended)), CallEnd()]

    def _fitted(self, name: str, written: str) -> str:
        value = json.loads(written)
        fitted = self._fitter.fitted(name, value)
        return written if fitted is value else json.dumps(fitted, ensure_ascii=False)


def mend_input(written: str, natural: bool) -> str | None:
    """The input as one JSON object that all clients read alike: as it was written, if possible; None if it is none.

    Repaired is only what can mean one thing. `natural`: the model itself has ended the call, so that a bracket that is
    missing was forgotten; otherwise it was cut off and more is missing.
    """
    written = written.strip()
    if written in _NOTHING:
        return "{}" if natural else None
    for text in _readings(written, natural):
        for strict in (True, False):
            try:
                parsed = Parsed(text, strict)
            except ValueError:
                continue
            if isinstance(parsed.value, str) and written.startswith('"'):
                return mend_input(parsed.value, natural) if not parsed.value.lstrip().startswith('"') else None
            if not isinstance(parsed.value, dict):
                return None
            return text if parsed.same else parsed.written
    return None


def _readings(written: str, natural: bool) -> list[str]:
    readings = [written, _tidied(written)]
    if natural:
        readings += [written + "}", _tidied(written + "}")]
    return list(dict.fromkeys(readings))


def _tidied(written: str) -> str:
    return _STRING_OR_SLIP.sub(lambda found: found[1] or "", written)


def _sayable(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return bool(name.strip())
