"""Writing llguidance's Lark: literals, regular expressions, marks of a family, and a grammar rule by rule.

Two facts of llguidance shape everything here. A name in capitals is a terminal: one regular expression, in which alone
`&` and `~` work. And its lexer takes the longest match of all terminals that may stand at a place, so where free text
may stand, what begins with text has to be one terminal too.
"""

# ruff: noqa: RUF001 (DeepSeek writes its marks with unusual bars)
from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

ANY = "/(?s:.*)/"


def literal(text: str) -> str:
    """The text as a Lark string; empty texts match nothing, which Lark allows."""
    return json.dumps(text).replace("\x7f", "\\u007f")


def escaped(text: str) -> str:
    """The text inside a regular expression."""
    return "".join(char if char.isascii() and char.isalnum() else f"\\x{{{ord(char):x}}}" for char in text)


def without(texts: Iterable[str], *expressions: str) -> str:
    """A terminal's body: any text in which none of these texts, and no match of the regular expressions, stands."""
    banned = "|".join([*(escaped(text) for text in sorted(set(texts)) if text), *expressions])
    return f"({ANY} & ~/(?s:.*)({banned})(?s:.*)/)" if banned else ANY


def either(options: Iterable[str]) -> str:
    """One of them; an option must not be empty."""
    unique = list(dict.fromkeys(options))
    return unique[0] if len(unique) == 1 else f"({' | '.join(unique)})"


class Marks:
    """How the marks of a family are written for one vocabulary: control tokens by their id, the rest as text."""

    def __init__(self, control: Mapping[str, int]) -> None:
        self._control = {text: number for text, number in control.items() if text}
        longest_first = sorted(self._control, key=lambda text: (-len(text), text))
        self._pattern = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def parts(self, text: str) -> list[str]:
        """The text as a sequence of Lark symbols."""
        found, at = [], 0
        for match in self._pattern.finditer(text):
            found += [literal(text[at : match.start()])] if match.start() > at else []
            found.append(f"<[{self._control[match[0]]}]>")
            at = match.end()
        return [*found, literal(text[at:])] if at < len(text) else found

    def write(self, text: str) -> str:
        """The text as one Lark expression; "" for the empty text."""
        return " ".join(self.parts(text))

    def has(self, text: str) -> bool:
        return text in self._control

    def ends(self) -> str:
        """The tokens that end a turn, as one expression."""
        return " | ".join(self.write(end) for end in ENDS if self.has(end))

    def until(self, rules: Rules, body: str, mark: str) -> str:
        """Text that is a `body` (of a terminal, without the mark in it), and then the mark."""
        first, *rest = self.parts(mark)
        if first.startswith("<"):
            return " ".join([rules.terminal(body), first, *rest])
        return " ".join([rules.lazy(f"{body} {first}"), *rest])


ENDS = (
    "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|eot|>", "<end_of_turn>", "<turn|>",
    "<|end|>", "<|return|>", "<|call|>", "</s>", "<eos>", "<|eos|>", "[EOS]", "<｜end▁of▁sentence｜>", "<|user|>",
    "<|observation|>", "<|END_OF_TURN_TOKEN|>", "<|end_of_turn|>", "[e~[", "<seed:eos>", "<|im_user|>",
)  # fmt: skip
"""Control tokens with which the models of one family or another end their turn.

llguidance in llama.cpp knows one such token only, and not always the one that the model was taught: a model that may
not write its own would have to go on. So they are part of every grammar.
"""


class Rules:
    """The rules of one grammar. Equal bodies share a rule."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._lines: list[str] = []

    def rule(self, body: str) -> str:
        return self._named("r", body, "{}: {}")

    def terminal(self, body: str) -> str:
        return self._named("T", body, "{}: {}")

    def lazy(self, body: str) -> str:
        """A rule that ends as soon as this terminal's body matches."""
        return self._named("z", self.terminal(body), "{}[lazy]: {}")

    def reserve(self) -> str:
        """A name for a rule that is defined later, because it speaks of itself."""
        name = f"r{len(self._names)}"
        self._names["reserved " + name] = name
        return name

    def define(self, name: str, body: str) -> None:
        self._lines.append(f"{name}: {body}")

    def _named(self, prefix: str, body: str, line: str) -> str:
        key = prefix + body
        if key not in self._names:
            self._names[key] = f"{prefix}{len(self._names)}"
            self._lines.append(line.format(self._names[key], body))
        return self._names[key]

    def text(self, start: str, ends: str) -> str:
        """`ends`: what may stand behind the whole, "" for nothing."""
        whole = f"{self.rule(start)} ({ends})?" if ends else start
        return "\n".join(["%llguidance {}", f"start: {whole}", *self._lines, ""])
