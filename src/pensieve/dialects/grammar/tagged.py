"""Calls whose arguments stand between marks of their own: strings as they are, all other values as JSON."""

from __future__ import annotations

import json
from typing import Any

from pensieve.core.chat import Tool
from pensieve.dialects.forms import TaggedForm
from pensieve.dialects.grammar.clean import Schema
from pensieve.dialects.grammar.lark import Marks, Rules, either, escaped, literal, without
from pensieve.dialects.grammar.schemas import Accepted
from pensieve.dialects.grammar.shapes import Members, alternatives, constants, objects, text_body, types
from pensieve.dialects.grammar.values import JsonStyle, Values

NEWLINE = '"\\n"?'
NESTED = {"array", "object"}


class Tagged:
    """Writes the calls of one such family."""

    def __init__(self, form: TaggedForm, rules: Rules, marks: Marks) -> None:
        self._form, self._rules, self._marks = form, rules, marks
        self._end = form.value_close.rstrip("\n")
        self._behind_end = NEWLINE if form.value_close.endswith("\n") else ""
        # A reader takes the end of the call for the end of a value that was not closed, if calls go on behind it.
        end, next_ = (
            (form.call_close or form.close).strip(),
            [form.close, form.call_open] if form.call_close else [form.open],
        )
        followers = "|".join(escaped(mark.strip()) for mark in next_)
        self._text = without([self._end.strip()], f"{escaped(end)}[ \\t\\r\\n]*({followers})")

    def call(self, tool: Tool, accepted: Accepted) -> str:
        form = self._form
        values = Values(self._rules, JsonStyle(self._rules, self._text), accepted)
        inner = self._rules.rule(either(self._arguments(one, values) for one in objects(accepted.schema)))
        head = self._marks.write(form.call_open + tool.name + form.call_name_end.rstrip("\n"))
        newline = NEWLINE if form.call_name_end.endswith("\n") else ""
        return f"{head} {newline} {inner} {self.loose(form.call_close)}"

    def loose(self, mark: str) -> str:
        """A mark whose line breaks a model may leave out: the same family writes both."""
        return f" {NEWLINE} ".join(self._marks.write(piece) for piece in mark.split("\n"))

    def _arguments(self, of: Members, values: Values) -> str:
        found = []
        for one in of.named:
            value = self._value(one.schema, values) or (self._value(True, values) if one.required else "")
            if value:
                pair = self._rules.rule(f"{self._key(literal(one.name))} {value}")
                found.append(pair if one.required else f"{pair}?")
        others = [
            f"{self._key(self._rules.terminal(one.names))} {value}"
            for one in of.others
            if (value := self._value(one.schema, values))
        ]
        if others:
            found.append(f"{self._rules.rule(either(others))}*")
        return " ".join(found) or '""'

    def _key(self, name: str) -> str:
        close = self._form.key_close
        head = close.rstrip("\n")
        tail = literal(close[len(head) :]) if head != close else ""
        return f"{self.loose(self._form.key_open)} {name} {self.loose(head)} {tail}"

    def _value(self, schema: Any, values: Values) -> str:
        """A value and its closing mark, "" if there is no such value.

        Free text comprises the constants, numbers and words; objects and lists are JSON beside it.
        """
        simple = alternatives(schema, values.root)
        listed = [value for one in simple for value in constants(one) or ()]
        open_ended = [one for one in simple if constants(one) is None]
        free = [one for one in open_ended if "string" in types(one)]
        end = f"{self._marks.write(self._end)} {self._behind_end}"
        options = []
        if free:
            options.append(f"{self._free(free, any(types(one) & NESTED for one in open_ended))} {self._behind_end}")
            nested = [_only_nested(one) for one in open_ended if types(one) & NESTED]
        else:
            texts = [value if isinstance(value, str) else json.dumps(value) for value in listed]
            good = [literal(text) for text in texts if self._end.strip() not in text]
            options += [f"{self._rules.terminal(either(good))} {end}"] if good else []
            nested = open_ended
        if nested and (value := values.value({"anyOf": nested} if free or listed else schema)):
            options.append(f"{value} {end}")
        return self._rules.rule(either(options)) if options else ""

    def _free(self, texts: list[Schema], nested: bool) -> str:
        """Any of the texts up to the closing mark; where objects may stand too, no text that begins like one."""
        body = f"({' | '.join(dict.fromkeys(map(text_body, texts)))}) & {self._text}"
        if nested:
            body += " & ~/[ \\t\\r\\n]*[\\[{](?s:.*)/"
        return self._marks.until(self._rules, f"({body})", self._end)


def _only_nested(schema: Schema) -> Schema:
    return schema | {"type": [kind for kind in ("array", "object") if kind in types(schema)]}
