"""How one answer is read, and what it is held to: the family's reader, the mender behind it, the grammars."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from pensieve.core.chat import Choice, Tool
from pensieve.core.pieces import Piece, ThinkingPiece
from pensieve.dialects.base import Behind, Head, marker_prefix
from pensieve.dialects.forms import Family, HarmonyForm
from pensieve.dialects.grammar.cache import Grammars
from pensieve.dialects.mend import Mender
from pensieve.dialects.read import make_reader

Thought = Literal["none", "open", "free"]
"""At the place where an answer goes on: no thoughts, in the middle of one, or free to begin one."""


class Place(Struct, frozen=True):
    """Where in an answer a reading begins: in a thought or not, and behind what."""

    thinking: bool
    behind: Behind = "start"


class Reading:
    """A reader and a mender, from some place of an answer on."""

    def __init__(self, family: Family, tools: tuple[Tool, ...], place: Place, *, foreign: bool, examples: bool) -> None:
        self._reader = make_reader(
            family, tools, thinking=place.thinking, behind=place.behind, foreign=foreign, examples=examples
        )
        self._mender = Mender(tools)
        self.fed = 0
        """Characters."""

    @property
    def stands(self) -> bool:
        """Whether a reading that is begun at this place understands the rest in the same way."""
        return self._reader.stands and self._mender.settled

    @property
    def thinking(self) -> bool:
        return self._reader.thinking

    @property
    def in_call(self) -> bool:
        return not self._mender.settled

    @property
    def heads(self) -> int:
        """How many calls in a foreign form have begun."""
        return self._reader.heads

    @property
    def head(self) -> Head | None:
        """The last of them."""
        return self._reader.head

    @property
    def place(self) -> Place:
        return Place(self._reader.thinking, self._reader.behind)

    def feed(self, text: str) -> list[Piece]:
        self.fed += len(text)
        return self._mender.tell(self._reader.feed(text)) if text else []

    def close(self) -> list[Piece]:
        return self._mender.tell(self._reader.close()) + self._mender.close()


class Voice:
    """`tools` are those that may be called. `grammars` None: the engine cannot be held to one. `foreign`: calls may be
    in other forms than the family's. `examples`: one in the middle of text is shown, and not made."""

    def __init__(
        self,
        family: Family,
        tools: tuple[Tool, ...],
        choice: Choice,
        format: dict[str, Any] | None,
        grammars: Grammars | None,
        *,
        foreign: bool = True,
        examples: bool = True,
    ) -> None:
        self.choice = choice
        self.format = format
        self._family = family
        self._tools = () if choice.kind == "none" else tools
        self._grammars = grammars
        self._foreign, self._examples = foreign and format is None, examples

    @property
    def may_call(self) -> bool:
        return bool(self._tools)

    @property
    def can_hold(self) -> bool:
        """Whether a call in a foreign form can be held to what is offered."""
        return self.may_call and self._grammars is not None and self._grammars.can_hold

    def held(self, head: Head, thought: Thought) -> str:
        """What the answer is held to from the name, or the input, of such a call on. Only if it `can_hold`."""
        assert self._grammars is not None
        return self._grammars.held(self._tools, self.choice, head, thought)

    def reading(self, place: Place) -> Reading:
        return Reading(self._family, self._tools, place, foreign=self._foreign, examples=self._examples)

    def grammar(self, thought: Thought, *, later: bool = False) -> str:
        """What the answer is held to from here on; `later`: there have been calls or text already. Empty: nothing."""
        if self._grammars is None or (not self._tools and self.format is None):
            return ""
        return self._grammars.get(self._tools, self.choice, self.format, thought, later)

    def end_of_thought(self) -> str:
        """The text that ends a thought before its time."""
        if isinstance(self._family.form, HarmonyForm):
            return f"{self._family.form.end}{self._family.form.start}assistant"
        return f"\n{self._end_of_thought}\n\n" if self._end_of_thought else ""

    def standing(self, raw: str, place: Place) -> tuple[int, Place] | None:
        """Of text that was read from a place on: behind how many characters the answer can be gone on with, and the
        place there. None: nowhere, since more has been told already.
        """
        whole = self.reading(place)
        whole.feed(raw)
        if whole.thinking:
            kept = raw[: len(raw) - marker_prefix(raw, self._end_of_thought)].rstrip()
            return len(kept), whole.place
        reading, at, told = self.reading(place), 0, False
        for number, letter in enumerate(raw, 1):
            told = any(not isinstance(piece, ThinkingPiece) for piece in reading.feed(letter)) or told
            if reading.stands:
                at, place, told = number, reading.place, False
        return None if told else (at, place)

    @property
    def _end_of_thought(self) -> str:
        if isinstance(self._family.form, HarmonyForm):
            return self._family.form.end
        return self._family.think.close.strip() if self._family.think else ""
