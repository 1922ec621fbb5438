"""Reading text that is still being written: generators that `yield` where they need more of it.

What they decide depends on the text alone, never on where it was cut. Every character is looked at a bounded number of
times, and only a bounded stretch, or one that the caller collects, is held back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from typing import TypeVar

from pensieve.dialects.notes import LONGEST_SHOWN

T = TypeVar("T")
Reading = Generator[None, None, T]
Sink = Callable[[str], None]

SPACE = " \t\r\n"
_NOT_SPACE = re.compile(r"[^ \t\r\n]")


def drop(_: str) -> None:
    """A sink for what nobody needs."""


class Marks:
    """A set of marks to look for. None may stand inside another, or what is found would depend on the cut."""

    def __init__(self, *marks: str) -> None:
        self.marks = tuple(dict.fromkeys(mark for mark in marks if mark))
        self.pattern = re.compile("|".join(map(re.escape, self.marks)) or r"(?!)")
        self._longest = max(map(len, self.marks), default=0)
        self._begun = {mark[:length] for mark in self.marks for length in range(1, len(mark))}

    def begun(self, text: str) -> int:
        """How many characters at the end of `text` may be the beginning of a mark."""
        for length in range(min(self._longest - 1, len(text)), 0, -1):
            if text[-length:] in self._begun:
                return length
        return 0

    def longest(self) -> int:
        return self._longest


class Source:
    """The text that has come and has not been read."""

    def __init__(self) -> None:
        self._text = ""
        self._at = 0
        self.ended = False
        self.position = 0
        """Characters that were taken."""
        self._seen: list[str] = []
        self._seen_length = 0

    def feed(self, text: str) -> None:
        self._text, self._at = self._text[self._at :] + text, 0

    def end(self) -> None:
        self.ended = True

    @property
    def empty(self) -> bool:
        return self._at == len(self._text)

    def take(self, count: int) -> str:
        taken = self._text[self._at : self._at + count]
        self._at += count
        self.position += len(taken)
        if self._seen_length <= LONGEST_SHOWN:
            self._seen.append(taken[: LONGEST_SHOWN + 1])
            self._seen_length += len(taken.lstrip(SPACE) if self._seen_length == 0 else taken)
        return taken

    def remember(self) -> None:
        """From here on, what is taken can be shown."""
        self._seen, self._seen_length = [], 0

    @property
    def remembered(self) -> str:
        return "".join(self._seen)

    def slice(self, start: int, count: int) -> str:
        """A part of what has come, counted from the first character that has not been read."""
        return self._text[self._at + start : self._at + start + count]

    def peek(self) -> Reading[str]:
        """The next character, which stays; nothing at the end."""
        while self.empty and not self.ended:
            yield
        return self._text[self._at : self._at + 1]

    def until(self, marks: Marks, sink: Sink, take: bool = True) -> Reading[str]:
        """Pass on what stands before the first mark, and the mark back; nothing at the end."""
        while True:
            found = marks.pattern.search(self._text, self._at)
            if found is not None:
                _pass(self.take(found.start() - self._at), sink)
                return self.take(len(found[0])) if take else found[0]
            room = max(len(self._text) - marks.longest(), self._at)
            held = 0 if self.ended else marks.begun(self._text[room:])
            _pass(self.take(len(self._text) - held - self._at), sink)
            if self.ended:
                return ""
            yield

    def find(self, pattern: re.Pattern[str], start: int) -> int:
        """Where the first match ends, counted from the first character that was not read; 0: there is none yet."""
        found = pattern.search(self._text, self._at + start)
        return found.end() - self._at if found else 0

    @property
    def waiting(self) -> int:
        """Characters that have come and were not read."""
        return len(self._text) - self._at

    def run(self, pattern: re.Pattern[str], sink: Sink, begun: str = "") -> Reading[None]:
        """Pass on as much as matches. `begun`: what may at the end of the text be half of more that matches."""
        while True:
            match = pattern.match(self._text, self._at)
            if match is not None:
                _pass(self.take(match.end() - self._at), sink)
            if self.ended or (not self.empty and self._text[self._at :] != begun):
                return
            yield

    def all(self) -> str:
        """All that has come."""
        return self.take(len(self._text) - self._at)

    def spaces(self, sink: Sink = drop) -> Reading[None]:
        while True:
            found = _NOT_SPACE.search(self._text, self._at)
            _pass(self.take((found.start() if found else len(self._text)) - self._at), sink)
            if found or self.ended:
                return
            yield


class Look:
    """Looks ahead of what has been read; nothing is taken until `take`."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._passed = 0

    def take(self) -> str:
        taken = self._source.take(self._passed)
        self._passed = 0
        return taken

    @property
    def position(self) -> int:
        """Where it stands, counted from the first character of all."""
        return self._source.position + self._passed

    def since(self, before: Look) -> str:
        """What stands between another look and this one."""
        return self._source.slice(before._passed, self._passed - before._passed)

    def go_to(self, other: Look) -> None:
        self._passed = other._passed

    def back(self, count: int) -> None:
        """Stands so many of the characters that were passed further in front."""
        self._passed -= count

    def past(self, character: re.Pattern[str], limit: int) -> Reading[str]:
        """Pass everything up to and with the next character that matches. "": none comes within the limit."""
        while not (end := self._source.find(character, self._passed)):
            self._passed = self._source.waiting
            if self._source.ended or self._passed > limit:
                return ""
            yield
        self._passed = end
        return self._source.slice(end - 1, 1)

    def peek(self) -> Reading[str]:
        """The next character, which stays; nothing at the end."""
        return (yield from self._next(1))

    def ended(self) -> Reading[bool]:
        return not (yield from self._next(1))

    def literal(self, *options: str) -> Reading[str]:
        """Pass the option that stands here, or pass nothing."""
        for option in sorted(options, key=len, reverse=True):
            length = 0
            while length < len(option):
                length += 1
                if (yield from self._next(length)) != option[:length]:
                    break
            else:
                self._passed += length
                return option
        return ""

    def spaces(self) -> Reading[None]:
        yield from self.run(_SPACE)

    def run(self, pattern: re.Pattern[str]) -> Reading[str]:
        """Pass the characters that match, one by one."""
        run = ""
        while pattern.match(character := (yield from self._next(1))):
            run += character
            self._passed += 1
        return run

    def find(self, marks: Marks, limit: int) -> Reading[tuple[int, str] | None]:
        """Where the next mark begins, if that is within `limit` characters, and which it is."""
        while True:
            part = self._source.slice(self._passed, limit + marks.longest())
            if found := marks.pattern.search(part):
                return (found.start(), found[0]) if found.start() <= limit else None
            if len(part) == limit + marks.longest() or self._source.ended:
                return None
            yield

    def ends_within(self, limit: int) -> Reading[bool]:
        return len((yield from self._next(limit + 1))) <= limit

    def unfound(self, mark: str, limit: int) -> Reading[bool]:
        """Whether the text ends within `limit` characters, and without the mark."""
        return (yield from self.ends_within(limit)) and not (yield from self.find(Marks(mark), limit))

    def cut(self, *options: str) -> Reading[bool]:
        """Whether the text ends here, within what may become one of the options."""
        longest = max(map(len, options))
        rest = yield from self._next(longest)
        return len(rest) < longest and any(option.startswith(rest) and option != rest for option in options)

    def skip(self, count: int) -> Reading[str]:
        skipped = yield from self._next(count)
        self._passed += len(skipped)
        return skipped

    def further(self) -> Look:
        """A look that begins where this one stands."""
        look = Look(self._source)
        look._passed = self._passed
        return look

    def _next(self, count: int) -> Reading[str]:
        while len(part := self._source.slice(self._passed, count)) < count and not self._source.ended:
            yield
        return part


_SPACE = re.compile(r"[ \t\r\n]")


def _pass(text: str, sink: Sink) -> None:
    if text:
        sink(text)
