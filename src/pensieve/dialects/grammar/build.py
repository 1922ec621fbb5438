"""The grammar of one answer: which thoughts, texts and calls may stand where, for one family and one set of tools."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal

from pensieve.core.chat import Choice, Tool
from pensieve.dialects.base import Head
from pensieve.dialects.forms import Family, HarmonyForm
from pensieve.dialects.grammar.calls import Calls, Offered, calls_of
from pensieve.dialects.grammar.harmony import Harmony
from pensieve.dialects.grammar.lark import Marks, Rules, either, literal, without
from pensieve.dialects.grammar.schemas import Accepted

ThoughtState = Literal["none", "open", "free"]
SPACE = "/[ \\n]{0,4}/"
GAP = "/[ \\n\\t]{0,40}/"
CLOSED = "/[ \\n\\t}\\]]{0,40}(```|<\\/[a-z_]{1,20}>)?\\n?/"
"""What may close one call, whatever opened it."""


def offered_tools(tools: tuple[Tool, ...], choice: Choice) -> tuple[Tool, ...]:
    if choice.kind == "none":
        return ()
    if choice.kind == "tool":
        return tuple(tool for tool in tools if tool.name == choice.name)
    return tools


def grammar_of(
    family: Family,
    offered: Offered,
    choice: Choice,
    wanted: Accepted | None,
    thought: ThoughtState,
    control: Mapping[str, int],
    later: bool,
) -> str:
    if family.form is None:
        offered = []
    if not offered and wanted is None:
        return ""
    rules, marks = Rules(), Marks(control)
    if isinstance(family.form, HarmonyForm):
        start = Harmony(family.form, rules, marks).start(offered, choice, wanted, thought == "open", later)
        return rules.text(start, marks.ends())
    answer = _Answer(family, choice, wanted, thought, rules, marks)
    if not offered:
        return rules.text(answer.format_only(later), marks.ends())
    assert family.form is not None
    calls = calls_of(family.form, offered, rules, marks)
    return rules.text(answer.later(calls) if later else answer.whole(calls), marks.ends())


def held_grammar(
    family: Family, offered: Offered, choice: Choice, head: Head, thought: ThoughtState, control: Mapping[str, int]
) -> str:
    """Of an answer in which a call in a foreign form has begun, what stands from its name on; from its input on, if the
    head has the name of an offered tool. What follows is as free as behind any other call."""
    assert family.form is not None and not isinstance(family.form, HarmonyForm)
    rules, marks = Rules(), Marks(control)

    def call(tool: Tool, accepted: Accepted) -> str:
        # With the space in front, which models write in one token with the bracket.
        written = f"{GAP} {rules.rule(accepted.unbounded().json())}"
        if head.name:
            return written
        return f'{literal(tool.name)} "\\"" {GAP} "," {GAP} {literal(json.dumps(head.key))} {GAP} ":" {written}'

    calls = [rules.rule(call(tool, accepted)) for tool, accepted in offered if head.name in ("", tool.name)]
    answer = _Answer(family, choice, None, thought, rules, marks)
    behind = answer.later(calls_of(family.form, offered, rules, marks)) if choice.parallel else CLOSED
    return rules.text(f"{rules.rule(either(calls))} {behind}", marks.ends())


class _Answer:
    """The parts of an answer, as expressions."""

    def __init__(
        self, family: Family, choice: Choice, wanted: Accepted | None, thought: ThoughtState, rules: Rules, marks: Marks
    ) -> None:
        self._think = family.think
        self._state: ThoughtState = thought if family.think else "none"
        self._choice, self._rules, self._marks = choice, rules, marks
        self._json = rules.rule(wanted.json()) if wanted else ""
        self._banned: set[str] = set()

    def format_only(self, later: bool) -> str:
        return f"{self._json}?" if later else f"{self._thought_first()} {self._json}"

    def whole(self, calls: Calls) -> str:
        self._ban(calls)
        if self._choice.kind != "auto":
            return f"{self._thought_first()} {self._groups(calls, bare=True)}"
        if self._json:
            return f"{self._thought_first()} {self._rules.rule(f'{self._groups(calls, bare=False)} | {self._json}')}"
        opened = self._thought_rest() if self._state == "open" else ""
        thought = self._thought() if self._state == "free" else ""
        return f"{opened} {self._conversation(calls, thought, bare=True)}"

    def later(self, calls: Calls) -> str:
        """Behind a call, maybe still within its section, or in text."""
        self._ban(calls)
        section = ""
        if calls.inner:
            more = f"({self._until(SPACE, calls.inner)} {calls.call})* " if self._choice.parallel else ""
            section = self._rules.rule(more + self._until(SPACE, calls.marks[2])) + "?"
        if not self._choice.parallel:
            return section or '""'
        if self._choice.kind != "auto" or self._json:
            groups = [f"{self._until(SPACE, mark)} {self._group(calls)}" for mark in calls.opens]
            return f"{section} {self._rules.rule(either(groups))}*" if groups else section or '""'
        return f"{section} {self._conversation(calls, self._thought(), bare=False)}"

    def _ban(self, calls: Calls) -> None:
        """No text may look like a call or a thought. A thought may not look like a call either: readers take it."""
        self._banned = {mark.strip() for mark in calls.marks}

    def _until(self, body: str, mark: str) -> str:
        return self._marks.until(self._rules, body, mark)

    def _thought_first(self) -> str:
        """A thought before something that is no text."""
        if self._state == "open":
            return f"{self._thought_rest()} {SPACE}"
        return f"({self._thought()} {SPACE})?" if self._state == "free" else ""

    def _thought(self) -> str:
        """A thought that the model opens itself; "" if it may not."""
        if self._think is None or self._state == "none":
            return ""
        return self._rules.rule(f"{self._until(SPACE, self._think.open)} {self._thought_rest()}")

    def _thought_rest(self) -> str:
        assert self._think is not None
        marks = {self._think.open.strip(), self._think.close, *self._banned}
        return self._rules.rule(self._until(without(marks), self._think.close))

    def _group(self, calls: Calls) -> str:
        """A group, behind its mark."""
        more = f"({calls.comma} {calls.call})*" if calls.comma is not None and self._choice.parallel else ""
        return self._rules.rule(f"{calls.lead} {calls.call} {more} {calls.close}")

    def _bare(self, calls: Calls) -> list[str]:
        if calls.bare is None:
            return []
        more = f"({calls.bare.more})*" if self._choice.parallel else ""
        return [self._rules.rule(f"{calls.bare.first} {more} {calls.bare.close}")]

    def _groups(self, calls: Calls, bare: bool) -> str:
        """Calls and nothing else, at least one."""
        marked = [f"{self._marks.write(mark)} {self._group(calls)}" for mark in calls.opens]
        options = self._bare(calls) if bare or not marked else []
        if marked:
            group = self._rules.rule(either(marked))
            options.append(f"{group} ({calls.between} {group})*" if self._choice.parallel else group)
        return self._rules.rule(either(options))

    def _conversation(self, calls: Calls, thought: str, bare: bool) -> str:
        """Text and calls in turn, ending anywhere in text. `thought` may stand at the beginning."""
        text = self._text()
        first = f"({text} & ~/({calls.bare.looks})(?s:.*)/)" if calls.bare else text
        lead = f"{thought}?" if thought else ""
        again = f"{self._thought()}?" if self._thought() else ""
        group = self._group(calls)
        rest = ""
        if self._choice.parallel:
            turns = [f"{again} {self._until(text, mark)} {group}" for mark in calls.opens]
            more = f"{self._rules.rule(either(turns))}* " if turns else ""
            rest = self._rules.rule(f"{more}{again} {self._rules.terminal(text)}")
        options = [f"{self._until(first, mark)} {group} {rest}" for mark in calls.opens]
        options += self._bare(calls) if bare else []
        options.append(self._rules.terminal(first))
        return f"{lead} {self._rules.rule(either(options))}"

    def _text(self) -> str:
        thoughts = {self._think.open.strip(), self._think.close.strip()} if self._think else set()
        return without(self._banned | thoughts)
