"""The grammar of gpt-oss: messages in channels, of which the thoughts come first and a call or the answer last.

The model thinks always: its thoughts are allowed whatever was asked for, as without them it writes worse than it can.
"""

from __future__ import annotations

from msgspec import structs

from pensieve.core.chat import Choice, Tool
from pensieve.dialects.forms import HarmonyForm
from pensieve.dialects.grammar.calls import Offered
from pensieve.dialects.grammar.lark import Marks, Rules, either, without
from pensieve.dialects.grammar.schemas import Accepted


class Harmony:
    def __init__(self, form: HarmonyForm, rules: Rules, marks: Marks) -> None:
        self._form, self._rules, self._marks = form, rules, marks
        self._text = without(structs.astuple(form))

    def start(self, offered: Offered, choice: Choice, wanted: Accepted | None, thinking: bool, later: bool) -> str:
        """`thinking`: the prompt has opened a thought; otherwise it ends with the start of a message of the model."""
        calls = [self._call(tool, schema) for tool, schema in offered]
        call = self._rules.rule(either(calls)) if calls else ""
        final = self._head("final") + " "
        final += f"{self._rules.rule(wanted.json())} {self._end(self._form.done)}" if wanted else self._body("done")
        thought = self._rules.rule(f"{self._head('analysis')} {self._body('end')}")
        before = thought
        if call and choice.kind == "auto" and not wanted:
            before = self._rules.rule(f"{thought} | {self._head('commentary')} {self._body('end')}")
        next_ = self._marks.write(self._form.start + "assistant")
        lead = self._rules.rule(f"({before} {next_})*")
        more = f"({next_} {lead} {call})*" if choice.parallel else ""
        ends = [f"{call} {more}"] if call else []
        ends += [final] if not call or choice.kind == "auto" else []
        messages = self._rules.rule(f"{lead} {self._rules.rule(either(ends))}")
        if later:
            return self._later(messages, next_, call, choice, wanted)
        return f"{self._body('end')} {next_} {messages}" if thinking else messages

    def _later(self, messages: str, next_: str, call: str, choice: Choice, wanted: Accepted | None) -> str:
        if call and not choice.parallel:
            return '""'
        options = ['""', f"{next_} {messages}", messages]
        if choice.kind == "auto" and not wanted:
            options += [self._body("done"), f"{self._body('end')} {next_} {messages}"]
        return self._rules.rule(either(options))

    def _head(self, words: str) -> str:
        return self._marks.write(f"{self._form.channel}{words}{self._form.message}")

    def _body(self, end: str) -> str:
        """Text up to the mark of this name."""
        return self._marks.until(self._rules, self._text, getattr(self._form, end))

    def _end(self, mark: str) -> str:
        return self._marks.write(mark)

    def _call(self, tool: Tool, schema: Accepted) -> str:
        form, name = self._form, f"to=functions.{tool.name}"
        heads = [
            f"{channel}{kind}"
            for channel in (f"{form.channel}commentary {name}", f" {name}{form.channel}commentary")
            for kind in (f" {form.constrain}json", " json", "")
        ]
        head = self._rules.rule(either(self._marks.write(head + form.message) for head in heads))
        return self._rules.rule(f"{head} {self._rules.rule(schema.json())} {self._end(form.call)}")
