"""Calls in a form that is not the family's own: fenced or bare JSON, other families' marks, Python, name and input.

What counts is what a model writes, not what its template taught it. A call in any of these forms is read by looking
ahead, and nothing of it leaves before it is certain. Where examples are asked for, a call with text on both sides is an
example, and stays text.
"""

from __future__ import annotations

import re

from pensieve.dialects.base import Behind, Head
from pensieve.dialects.calls import Desk
from pensieve.dialects.foreign.calls import Call
from pensieve.dialects.foreign.objects import ObjectCalls
from pensieve.dialects.foreign.tags import FUNCTION, INVOKE, TagCalls
from pensieve.dialects.foreign.words import WordCalls
from pensieve.dialects.scan import SPACE, Look, Marks, Reading

WRAPPERS = {
    "<tools>": "</tools>",
    "<tool>": "</tool>",
    "<tool_call>": "</tool_call>",
    "<tool_calls>": "</tool_calls>",
    "<tool_use>": "</tool_use>",
    "<function>": "</function>",
    "<function_call>": "</function_call>",
    "<function_calls>": "</function_calls>",
    "<functioncall>": "</functioncall>",
    "<json>": "</json>",
    "<|tool_call|>": "<|/tool_call|>",
    "<toolcall>": "</toolcall>",
    "<|python_tag|>": "<|eom_id|>",
    "<|python_start|>": "<|python_end|>",
    "<|action_start|><|plugin|>": "<|action_end|>",
    "<|tool_call_start|>": "<|tool_call_end|>",
    "<TOOLCALL>": "</TOOLCALL>",
    "[TOOL_CALLS]": "[/TOOL_CALLS]",
    "[TOOL_REQUEST]": "[END_TOOL_REQUEST]",
}
"""Marks that models put around calls, in one family or another, and what ends each."""
FENCE = "```"
LANGUAGES = (
    "json", "jsonc", "json5", "javascript", "js", "python", "py", "xml", "text", "plaintext", "txt", "tool",
    "tool_call", "tool_calls", "tool_code", "tool_use", "function", "function_call", "functions", "call", "action",
)  # fmt: skip
"""What may stand behind a fence that holds calls. Other fences show something."""
_CLOSES = (*WRAPPERS.values(), "<|im_end|>", ",", ";", "]", "}")
_LINE = "\n"
_EXAMPLE = re.compile(
    r"\b(example|e\.g\.|for instance|looks? like|syntax|format|as follows|use the following)\b[^\n]*\s*\Z",
    re.IGNORECASE,
)
_WORD = re.compile(r"[\w.:-]")
_ASKS = re.compile(
    r"\b(examples?|explain|describe|document|syntax|format|schema|json|in words|show me|what would|"
    r"how (?:do|does|would|is|are|to|can|should)|(?:do not|don't|without) (?:call|us|execut|run)\w*)\b",
    re.IGNORECASE,
)
_FORBIDS = re.compile(
    r"\b(do not|don't|without|never) (actually )?(call|use|invoke|calling|using|invoking) "
    r"(it|them|the tools?|any tools?|a tool)\b",
    re.IGNORECASE,
)
_TEXT_KEPT = 160
LONGEST_VAIN_LOOK = 2_000
"""Characters. What was looked at so far in vain is text, all of it."""


def asks_for_examples(text: str) -> bool:
    """Whether a user who says this may want to be shown how a tool is called."""
    return bool(_ASKS.search(text))


def forbids_calls(text: str) -> bool:
    """Whether a user who says this wants to see a call, and none made."""
    return bool(_FORBIDS.search(text))


class ForeignReader:
    """`own`: marks of the family itself, which are its own reader's. `behind`: as of a Reader.

    `examples`: a call with text on both sides may be one, as when the user has asked how a tool is called.
    """

    def __init__(self, desk: Desk, own: tuple[str, ...], behind: Behind, examples: bool) -> None:
        self._desk = desk
        self._examples = examples
        self._text_before = behind in ("text", "code")
        self._tail = ""
        self.in_code = behind == "code"
        """In a fenced block that shows something. What stands in it calls nothing."""
        self._line = not self._text_before
        """At the beginning of a line, or of a text."""
        self.outside = False
        """Reading text that a new reader would read as such."""
        schemas = desk.schemas
        self._objects = ObjectCalls(schemas)
        self._words, self._tags = WordCalls(schemas, self._objects), TagCalls(schemas, self._objects)
        wanted = (*WRAPPERS, FUNCTION, INVOKE, FENCE, "{", "[{")
        self._marks = tuple(mark for mark in wanted if not any(mark in one or one in mark for one in own if one))
        self._all_marks = Marks(*own, *self._marks, _LINE)

    @property
    def heads(self) -> int:
        """How many calls have begun whose input is JSON."""
        return self._objects.heads

    @property
    def head(self) -> Head | None:
        """The last of them."""
        return self._objects.head

    def called(self) -> None:
        """A call of the family's own form has been read."""
        self._text_before, self._tail, self._line = False, "", True

    def begin_line(self) -> None:
        """What follows begins a text, behind a thought or a head."""
        self._line = True

    def text(self, text: str) -> None:
        """Passes on text that is none of the calls."""
        if text.strip(SPACE):
            self._text_before = True
        self._tail = (self._tail + text)[-_TEXT_KEPT:]
        self._desk.out.text(text)

    def until_own(self) -> Reading[str]:
        """Text and foreign calls up to a mark of the family itself, which is passed back; nothing at the end."""
        source, out = self._desk.source, self._desk.out
        while True:
            while self._line and not self.in_code:
                self.outside = out.behind != "text"
                yield from source.peek()
                self.outside = False
                self._line = yield from self._read("")
            self.outside = True
            mark = yield from source.until(self._all_marks, self.text)
            self.outside = False
            if mark == _LINE:
                self.text(mark)
                self._line = True
            elif mark in self._marks:
                self._line = not self.in_code and (yield from self._read(mark))
                if not self._line:
                    self.text(mark)
                    self.in_code = self.in_code != (mark == FENCE)
            else:
                return mark

    def inside(self, close: str) -> Reading[bool]:
        """The calls in a form of others that stand between the family's own marks, whose opening one was taken."""
        look = Look(self._desk.source)
        found = yield from self._inside(look, close)
        return bool(found) and (yield from self._decide(None, look, found or []))

    def _read(self, mark: str) -> Reading[bool]:
        """The calls behind a mark that was taken, or at the beginning of a line. False: none, and nothing was taken."""
        look = Look(self._desk.source)
        begun = look.position
        found = yield from (self._marked(mark, look) if mark else self._words.line(look))
        if not found and look.position - begun > LONGEST_VAIN_LOOK:
            # Or every mark in it would make for another look as long.
            self.text(mark + look.take())
            return True
        return bool(found) and (yield from self._decide(mark, look, found or []))

    def _decide(self, mark: str | None, look: Look, calls: list[Call]) -> Reading[bool]:
        """Takes what was looked at, as calls or as text. `mark` is what stands in front, None if it is the family's."""
        source, out = self._desk.source, self._desk.out
        behind = look.further()
        yield from self._closed(behind)
        while self._text_before and self._examples and not (yield from behind.ended()):
            next_one = behind.further()
            more = yield from self._following(next_one)
            if not more:
                break
            calls += more
            look.go_to(next_one)
            behind.go_to(next_one)
            yield from self._closed(behind)
        in_text = self._text_before and self._examples and not (yield from behind.ended())
        if in_text or (self._text_before and _EXAMPLE.search(self._tail)):
            self.text((mark or "") + look.take())
            return True
        written = behind.take()
        said = None if mark is None else mark + written
        for call in calls:
            out.start(call.name, said)
            said = said and ""
            out.input(call.written)
            if not call.cut:
                out.end()
        source.remember()
        self._text_before, self._tail = False, ""
        return True

    def _following(self, look: Look) -> Reading[list[Call]]:
        mark = yield from look.literal(*self._marks)
        return (yield from (self._marked(mark, look) if mark else self._words.line(look))) or []

    def _closed(self, look: Look) -> Reading[None]:
        """Passes white space and marks that end calls."""
        yield from look.spaces()
        while (yield from look.literal(*_CLOSES)) or (yield from self._end_tag(look)):
            yield from look.spaces()
        fence = look.further()
        if (yield from fence.literal(FENCE)):
            yield from fence.spaces()
            # Otherwise it opens another one.
            if (yield from fence.ended()):
                look.go_to(fence)

    def _end_tag(self, look: Look) -> Reading[bool]:
        tag = look.further()
        if not (yield from tag.literal("</")):
            return False
        name = yield from tag.run(_WORD)
        if not name or not (yield from tag.literal(">")):
            return False
        look.go_to(tag)
        return True

    def _marked(self, mark: str, look: Look) -> Reading[list[Call] | None]:
        """The calls behind a mark. None: there are none."""
        if mark == FENCE:
            language = yield from look.run(_WORD)
            return (yield from self._inside(look, FENCE)) if not language or language.lower() in LANGUAGES else None
        if mark in (FUNCTION, INVOKE):
            call = yield from self._tags.read(mark, look)
            return [call] if call else None
        if mark in WRAPPERS:
            return (yield from self._inside(look, WRAPPERS[mark]))
        return (yield from self._words.brackets(mark, look))

    def _inside(self, look: Look, close: str) -> Reading[list[Call] | None]:
        """All that stands up to the close, if that is calls. They may stand in marks once more."""
        calls: list[Call] = []
        yield from look.spaces()
        inner = yield from look.literal(FENCE, *WRAPPERS)
        if inner == FENCE:
            yield from look.run(_WORD)
        while True:
            yield from look.spaces()
            if inner and (yield from look.literal(WRAPPERS.get(inner, inner))):
                inner = ""
                yield from look.spaces()
            if (yield from look.ended()) or (close and (yield from look.literal(close))):
                return calls or None
            before = look.further()
            mark = yield from look.literal("{", FUNCTION, INVOKE)
            more = yield from (self._marked(mark, look) if mark else self._words.line(look))
            if not more:
                look.go_to(before)
                return calls or None
            calls += more
            yield from look.spaces()
            yield from look.literal(",", ";")
