"""Calls that stand in a text: what a server did not recognise as a call."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

NAMES = ("name", "tool", "tool_name", "function")
ARGUMENTS = ("arguments", "parameters", "input", "args")
MARKS = re.compile(r"</?tool_calls?\b|\[TOOL_CALLS\]|<function=|</?function_calls?>|<invoke |<\|python_tag\|>")
BEGUN = re.compile(rf'"(?:{"|".join(NAMES)})"\s*:\s*"([^"\n]*)"\s*,\s*"(?:{"|".join(ARGUMENTS)})"\s*:')
LINE = re.compile(r"^[ \t]*(\w+)(\(.*\))[ \t;]*$", re.MULTILINE)


@dataclass(frozen=True)
class Call:
    """`input` is None where it cannot be made out."""

    name: str
    input: dict[str, Any] | None


def calls_in(text: str, tools: list[dict[str, Any]]) -> list[Call]:
    """What is plainly a call: an object with a name and arguments, or a line of Python that calls an offered tool."""
    found = [*_objects(text), *_lines(text, {tool["name"]: tool for tool in tools})]
    if not found:
        found = [Call(begun[1], None) for begun in BEGUN.finditer(text)]
    if not found and MARKS.search(text):
        found = [Call("", None)]
    return found


def _objects(text: str) -> Iterator[Call]:
    decoder = json.JSONDecoder(strict=False)
    at = text.find("{")
    while at >= 0:
        try:
            value, end = decoder.raw_decode(text, at)
        except ValueError:
            end = at + 1
        else:
            yield from _calls_of(value)
        at = text.find("{", end)


def _calls_of(value: Any) -> Iterator[Call]:
    """The value itself, or what is in it: `{"function": {...}}`, `{"tool_calls": [...]}`."""
    if isinstance(value, list):
        for one in value:
            yield from _calls_of(one)
    if not isinstance(value, dict):
        return
    name = next((value[key] for key in NAMES if isinstance(value.get(key), str)), None)
    given = next((value[key] for key in ARGUMENTS if key in value), None)
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            given = None
    if name is not None and isinstance(given, dict):
        yield Call(name, given)
    else:
        for one in value.values():
            yield from _calls_of(one)


def _lines(text: str, tools: dict[str, dict[str, Any]]) -> Iterator[Call]:
    for line in LINE.finditer(text):
        if line[1] not in tools:
            continue
        try:
            called = ast.parse(line[1] + line[2], mode="eval").body
            assert isinstance(called, ast.Call)
            members = dict(zip(tools[line[1]]["input_schema"]["properties"], called.args, strict=False))
            members |= {keyword.arg or "": keyword.value for keyword in called.keywords}
            given = {name: ast.literal_eval(value) for name, value in members.items()}
        except (SyntaxError, ValueError, AssertionError):
            yield Call(line[1], None)
        else:
            yield Call(line[1], given)
