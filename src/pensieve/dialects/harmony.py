"""gpt-oss: the answer is messages with a channel each; those with a recipient are calls.

<|channel|>analysis<|message|>A thought.<|end|><|start|>assistant<|channel|>commentary to=functions.Read
<|constrain|>json<|message|>{"path": "a.txt"}<|call|>
"""

from __future__ import annotations

import re

from pensieve.dialects.base import Behind
from pensieve.dialects.calls import Desk
from pensieve.dialects.foreign.reader import ForeignReader
from pensieve.dialects.forms import HarmonyForm
from pensieve.dialects.jsontext import CUT, WHOLE, ValueCopier
from pensieve.dialects.scan import Look, Marks, Reading

_RECIPIENT = re.compile(r"(?:^|[\s>])to=([^\s<]+)")
_NOT_SPACE = re.compile(r"[^\s<]")
_LONGEST_HEAD = 300
_TO = "to="


class HarmonyReader:
    """Whatever the channel: a recipient makes a call. Text without a head belongs to the answer."""

    def __init__(self, desk: Desk, form: HarmonyForm, calls: bool, foreign: tuple[Behind, bool] | None) -> None:
        """`foreign`: what a ForeignReader is made with, if calls in other forms are calls too."""
        self._desk = desk
        self._form = form
        self._calls = calls
        self._ends = (form.end, form.call, form.done)
        self._bodies = (*self._ends, form.start, form.channel)
        self._heads = Marks(form.message, *self._ends, form.start)
        self._copier = ValueCopier(desk.source, *self._bodies)
        self.marks = (form.start, form.channel, form.constrain, form.message, *self._ends)
        texts = (*self.marks, *((_TO,) if calls else ()))
        self._texts = Marks(*texts)
        self.foreign = ForeignReader(desk, texts, *foreign) if foreign else None

    def read(self, thinking: bool) -> Reading[None]:
        """The whole answer."""
        mark = (yield from self._thought()) if thinking else self._form.message
        while mark:
            if mark in (self._form.start, self._form.channel, _TO):
                mark = yield from self._headed(mark)
            else:
                mark = yield from self._text()

    outside = False
    """Reading text that a new reader would read as such."""

    def _text(self) -> Reading[str]:
        if self.foreign:
            return (yield from self.foreign.until_own())
        self.outside = True
        mark = yield from self._desk.source.until(self._texts, self._desk.out.text)
        self.outside = False
        return mark

    def _headed(self, mark: str) -> Reading[str]:
        """A message from its head on; the mark behind its body."""
        source, out = self._desk.source, self._desk.out
        if mark == _TO and not (yield from self._is_head()):
            out.text(mark)
            return self._form.message
        if mark == self._form.start:
            # What follows is another message: if both are text, they stand apart.
            out.text("\n\n")
        look = Look(source)
        found = yield from look.find(self._heads, _LONGEST_HEAD)
        if not found:
            if (yield from look.ends_within(_LONGEST_HEAD)):
                source.all()
                return ""
            return self._form.message
        head = source.take(found[0])
        source.take(len(found[1]))
        if found[1] != self._form.message:
            return found[1]
        recipient = _RECIPIENT.search(_TO + head if mark == _TO else head)
        if recipient and self._calls and recipient[1] not in ("assistant", "user", "all"):
            return (yield from self._call(recipient[1]))
        if "analysis" in head:
            return (yield from self._thought())
        if self.foreign:
            self.foreign.begin_line()
        return self._form.message

    def _is_head(self) -> Reading[bool]:
        """Whether a recipient stands here, and behind it the channel: the prompt has begun the head."""
        look = Look(self._desk.source)
        name = yield from look.run(_NOT_SPACE)
        yield from look.spaces()
        return bool(name) and bool((yield from look.literal(self._form.channel, self._form.message)))

    def _thought(self) -> Reading[str]:
        self._desk.out.thinking = True
        mark = yield from self._desk.source.until(Marks(*self._bodies), self._desk.out.thought)
        self._desk.out.thinking = False
        if mark:
            self._desk.out.end_thought()
        return mark

    def _call(self, recipient: str) -> Reading[str]:
        source, out = self._desk.source, self._desk.out
        out.start(self._name(recipient.removeprefix("functions.")))
        yield from source.spaces()
        ended = WHOLE
        if (yield from source.peek()) in ("{", "["):
            ended = yield from self._copier.copy(out.input)
        if ended == CUT:
            return ""
        if ended == WHOLE:
            yield from source.spaces()
            ended = yield from source.until(Marks(*self._bodies), out.input)
        if ended or not source.ended:
            out.end()
        return ended

    def _name(self, written: str) -> str:
        """The tool's; some write the format of the input right behind it."""
        schemas = self._desk.schemas
        name = schemas.offered(written)
        return name if schemas.has(name) else schemas.offered(written.removesuffix("json"))
