"""Understands one answer: the text that a model writes -> Pieces."""

from __future__ import annotations

import re
from collections.abc import Generator

from msgspec import structs

from pensieve.core.chat import Tool
from pensieve.core.pieces import Piece
from pensieve.dialects.base import Behind, Head, Reader
from pensieve.dialects.calls import CallReader, Desk
from pensieve.dialects.foreign.reader import WRAPPERS, ForeignReader
from pensieve.dialects.forms import Family, Form, GemmaForm, HarmonyForm, NamedForm, ObjectForm, PythonForm, TaggedForm
from pensieve.dialects.gemma import GemmaReader
from pensieve.dialects.harmony import HarmonyReader
from pensieve.dialects.named import NamedReader
from pensieve.dialects.notes import cut_off
from pensieve.dialects.objects import ObjectReader
from pensieve.dialects.python import PythonReader
from pensieve.dialects.scan import Look, Marks, Reading
from pensieve.dialects.schemas import Schemas
from pensieve.dialects.tagged import TaggedReader

_SPECIAL = re.compile(r"<[^<>\s=]+>|\[/?[A-Z_]+\]")


def make_reader(
    family: Family,
    tools: tuple[Tool, ...],
    *,
    thinking: bool,
    behind: Behind = "start",
    foreign: bool = True,
    examples: bool = True,
) -> Reader:
    """Without tools, calls are text. `thinking`: the prompt has opened a thought, the answer begins inside it.

    `behind`: what an earlier reader of the same answer has read last. `foreign`: calls in other forms than the
    family's own are calls too. `examples`: but not those with text on both sides.
    """
    return _Answer(family, tools, thinking, behind, foreign, examples)


def reader_markers(family: Family) -> tuple[str, ...]:
    """Special tokens whose text the reader must see in the output."""
    written: list[str] = []
    for form in filter(None, (family.form, family.think)):
        for value in structs.astuple(form):
            written += [value] if isinstance(value, str) else value if isinstance(value, tuple) else []
    return tuple(dict.fromkeys(mark for text in written for mark in _SPECIAL.findall(text)))


class _Answer:
    def __init__(
        self, family: Family, tools: tuple[Tool, ...], thinking: bool, behind: Behind, foreign: bool, examples: bool
    ) -> None:
        self._desk = Desk(Schemas(tools), "text" if behind == "code" else behind)
        self._desk.out.thinking = thinking
        self._outside = False
        self._begun = False
        self._harmony: HarmonyReader | None = None
        self._calls: CallReader | None = None
        self._foreign: ForeignReader | None = None
        if isinstance(family.form, HarmonyForm):
            other = (behind, examples) if foreign and tools else None
            self._harmony = HarmonyReader(self._desk, family.form, bool(tools), other)
            self._foreign = self._harmony.foreign
        elif tools and family.form is not None:
            self._calls = _call_reader(self._desk, family.form)
        think = family.think
        self._think_open, self._think_close = (think.open.strip(), think.close.strip()) if think else ("", "")
        marks = self._calls.marks if self._calls else ()
        self._reads_objects = isinstance(family.form, ObjectForm)
        self._close = family.form.close if isinstance(family.form, ObjectForm | TaggedForm) else ""
        self._thought_marks = Marks(self._think_close, *marks)
        if foreign and self._calls:
            self._foreign = ForeignReader(self._desk, (self._think_open, self._think_close, *marks), behind, examples)
        self._text_marks = Marks(self._think_open, self._think_close, *marks)
        self._reading: Generator[None] | None = (
            self._harmony.read(thinking) if self._harmony else self._read(thinking and think is not None)
        )

    def feed(self, text: str) -> list[Piece]:
        if text:
            self._begun = True
            self._desk.source.feed(text)
            self._advance()
        return self._desk.out.drain()

    def close(self) -> list[Piece]:
        self._desk.source.end()
        self._advance()
        self._desk.out.close()
        return self._desk.out.drain()

    @property
    def behind(self) -> Behind:
        behind = self._desk.out.behind
        return "code" if behind == "text" and self._foreign and self._foreign.in_code else behind

    @property
    def thinking(self) -> bool:
        return self._desk.out.thinking

    @property
    def stands(self) -> bool:
        outside = self._outside or any(reader and reader.outside for reader in (self._harmony, self._foreign))
        return (outside or not self._begun) and self._desk.source.empty and self._desk.out.stands

    @property
    def heads(self) -> int:
        return self._foreign.heads if self._foreign else 0

    @property
    def head(self) -> Head | None:
        return self._foreign.head if self._foreign else None

    def _advance(self) -> None:
        if self._reading is not None and next(self._reading, self) is self:
            self._reading = None

    def _read(self, thinking: bool) -> Reading[None]:
        out, foreign = self._desk.out, self._foreign
        if thinking:
            yield from self._thought()
        while True:
            if self._calls and self._calls.bare and out.at_start and (yield from self._calls.begins()):
                yield from self._calls.read("", False)
            mark = yield from (foreign.until_own() if foreign else self._until_mark())
            if not mark:
                return
            if mark == self._think_open:
                yield from self._thought()
            elif mark == self._think_close:
                out.end_no_thought()
            elif self._calls and not (yield from self._own_call(self._calls, mark)):
                yield from self._not_a_call(mark)
            elif foreign:
                foreign.called()

    def _until_mark(self) -> Reading[str]:
        self._outside = True
        mark = yield from self._desk.source.until(self._text_marks, self._desk.out.text)
        self._outside = False
        return mark

    def _own_call(self, calls: CallReader, mark: str) -> Reading[bool]:
        """The calls behind a mark of the family, in its own form or in one of others."""
        foreign = self._foreign
        # A reader of objects takes whatever stands up to the close.
        first = foreign is not None and self._reads_objects and not (yield from self._begins_object())
        if first and foreign and (yield from foreign.inside(self._close)):
            return True
        if (yield from calls.read(mark, False)):
            return True
        return not first and foreign is not None and (yield from foreign.inside(self._close or WRAPPERS.get(mark, "")))

    def _begins_object(self) -> Reading[bool]:
        """Whether JSON follows, which is the form's own to read if it reads JSON at all."""
        look = Look(self._desk.source)
        yield from look.spaces()
        yield from look.literal("[")
        yield from look.spaces()
        if not (yield from look.literal("{")):
            return False
        yield from look.spaces()
        return bool((yield from look.literal('"', "}")))

    def _thought(self) -> Reading[None]:
        self._desk.out.thinking = True
        yield from self._thinking()
        self._desk.out.thinking = False
        if self._foreign:
            self._foreign.begin_line()

    def _thinking(self) -> Reading[None]:
        """Some models open a thought twice, and some call tools without closing it."""
        source, out = self._desk.source, self._desk.out
        look = Look(source)
        yield from look.spaces()
        if (yield from look.literal(self._think_open)):
            look.take()
        while True:
            mark = yield from source.until(self._thought_marks, out.thought)
            if not mark:
                return
            if mark == self._think_close:
                out.end_thought()
                return
            if self._calls and (yield from self._calls.read(mark, True)):
                return
            out.thought(mark)

    def _not_a_call(self, mark: str) -> Reading[None]:
        look = Look(self._desk.source)
        yield from look.spaces()
        if (yield from look.ended()):
            if self._desk.out.behind == "call":
                # Some end a call with the mark that begins one.
                self._desk.source.all()
                return
            self._desk.out.no_call(cut_off(self._desk.source.all()))
        else:
            self._desk.out.text(mark)


def _call_reader(desk: Desk, form: Form) -> CallReader:
    match form:
        case ObjectForm():
            return ObjectReader(desk, form)
        case NamedForm():
            return NamedReader(desk, form)
        case TaggedForm():
            return TaggedReader(desk, form)
        case PythonForm():
            return PythonReader(desk, form)
        case GemmaForm():
            return GemmaReader(desk, form)
        case HarmonyForm():
            raise AssertionError("harmony reads whole answers")
