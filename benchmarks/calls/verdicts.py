"""Was the answer right? Judged from the blocks that a server sent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import jsonschema

from .leaks import Call, calls_in
from .tasks import Task

Blocks = list[dict[str, Any]]


@dataclass(frozen=True)
class Verdict:
    """`right_as_text`: the call arrived as text, with the right name and the right arguments as they stand there."""

    right_tool: bool = False
    right_arguments: bool = False
    leaked: bool = False
    right_as_text: bool = False
    without_need: bool = False
    answered: bool = False


def judge(task: Task, content: Blocks, tools: list[dict[str, Any]]) -> Verdict:
    called = [Call(block["name"], block["input"]) for block in content if block["type"] == "tool_use"]
    text = "\n".join(block["text"] for block in content if block["type"] == "text")
    leaked = calls_in(text, tools)
    if task.accepted:
        return Verdict(
            right_tool=bool(called) and called[0].name in {accepted.tool for accepted in task.accepted},
            right_arguments=bool(called) and would_do(task, called[0], tools),
            leaked=bool(leaked),
            right_as_text=bool(leaked) and not called and would_do(task, leaked[0], tools),
        )
    return Verdict(
        leaked=bool(leaked),
        without_need=bool(called),
        answered=bool(task.answer) and not called and not leaked and bool(re.search(task.answer, text)),
    )


def would_do(task: Task, call: Call, tools: list[dict[str, Any]]) -> bool:
    """Is it valid, and would it do what is asked?"""
    schema = next((tool["input_schema"] for tool in tools if tool["name"] == call.name), None)
    if schema is None or call.input is None or not jsonschema.Draft202012Validator(schema).is_valid(call.input):
        return False
    return any(
        accepted.tool == call.name
        and all(re.search(pattern, str(call.input.get(name, ""))) for name, pattern in accepted.patterns.items())
        for accepted in task.accepted
    )
