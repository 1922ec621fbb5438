"""The Pieces that a reader has made, and the white space between them."""

from __future__ import annotations

from pensieve.core.pieces import CallEnd, CallInput, CallStart, Piece, TextPiece, ThinkingPiece
from pensieve.dialects.base import Behind
from pensieve.dialects.scan import SPACE


class Out:
    """White space goes out only once it is clear that it does not stand before or behind a call or a thought.

    Behind a call it stays if text follows; around thoughts it never does.
    """

    def __init__(self, behind: Behind = "start") -> None:
        self.thinking = False
        self._pieces: list[Piece] = []
        self._joined: list[str] = []
        self._kind: type[TextPiece] | type[ThinkingPiece] | type[CallInput] | None = None
        self._spaces: list[str] = []
        self._in_thought = behind == "thinking"
        self._behind: Behind = "thought" if self._in_thought else behind

    def drain(self) -> list[Piece]:
        self._flush()
        pieces, self._pieces = self._pieces, []
        return pieces

    @property
    def behind(self) -> Behind:
        return "thinking" if self._in_thought else self._behind

    @property
    def stands(self) -> bool:
        return not self._spaces and not self.thinking

    @property
    def at_start(self) -> bool:
        """Nothing has been said; something may have been thought."""
        return self._behind in ("start", "thought")

    def text(self, text: str) -> None:
        if self._behind == "thought":
            text = text.lstrip(SPACE)
        body = text.rstrip(SPACE)
        if body:
            self._add(TextPiece, "".join(self._spaces) + body)
            self._spaces, self._behind = [], "text"
        if len(body) < len(text):
            self._spaces.append(text[len(body) :])

    def thought(self, text: str) -> None:
        if not self._in_thought:
            self._spaces, self._behind = [], "thought"
            text = text.lstrip(SPACE)
        body = text.rstrip(SPACE)
        if body:
            self._add(ThinkingPiece, "".join(self._spaces) + body)
            self._spaces, self._in_thought = [], True
        if self._in_thought and len(body) < len(text):
            self._spaces.append(text[len(body) :])

    def end_thought(self) -> None:
        self._spaces, self._behind, self._in_thought = [], "thought", False

    def end_no_thought(self) -> None:
        """The end of a thought that was never begun; what stood before it has been told as text."""
        self._behind = "thought"

    def start(self, name: str, said: str | None = None) -> None:
        """`said`: as of a CallStart, without the white space in front."""
        if said:
            said = "".join(self._spaces) + said
        self._spaces, self._behind, self._in_thought = [], "call", False
        self._flush()
        self._pieces.append(CallStart(name, said))

    def input(self, json: str) -> None:
        self._add(CallInput, json)

    def end(self) -> None:
        self._flush()
        self._pieces.append(CallEnd())

    def no_call(self, note: str) -> None:
        """A call that is none is said in text, where it stood."""
        self._spaces = []
        self._add(TextPiece, note)
        self._behind, self._in_thought = "call", False

    def behind_calls(self) -> None:
        """A mark around calls stood here."""
        self._spaces, self._behind, self._in_thought = [], "call", False

    def close(self) -> None:
        if self._behind in ("start", "text"):
            self._add(TextPiece, "".join(self._spaces))
        self._spaces = []

    def _add(self, kind: type[TextPiece] | type[ThinkingPiece] | type[CallInput], text: str) -> None:
        if kind is not self._kind:
            self._flush()
            self._kind = kind
        if text:
            self._joined.append(text)

    def _flush(self) -> None:
        if self._kind and self._joined:
            self._pieces.append(self._kind("".join(self._joined)))
        self._joined, self._kind = [], None
