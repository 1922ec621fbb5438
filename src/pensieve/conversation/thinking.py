"""Whether, how much and how hard the model is to think."""

from __future__ import annotations

from collections.abc import Sequence

from pensieve.core.chat import Thinking, ToolResult, Turn
from pensieve.wire.options import ThinkingAdaptive, ThinkingBetweenTools, ThinkingEnabled
from pensieve.wire.request import MessagesRequest

_EFFORTS = {"low": "low", "medium": "medium", "high": "high", "xhigh": "high", "max": "high"}
"""The API's levels in the three that models know."""


def thinking_of(request: MessagesRequest, turns: Sequence[Turn]) -> Thinking:
    """`between_tools` thinks about what tools have answered, and nowhere else. A begun answer is past its thoughts."""
    effort = _EFFORTS.get(request.output_config.effort or "")
    if turns[-1].role == "assistant":
        return Thinking(effort=effort)
    match request.thinking:
        case ThinkingEnabled(budget_tokens=budget) if budget > 0:
            if request.max_tokens is not None:
                budget = min(budget, max(request.max_tokens - 1, 0))
            return Thinking(True, budget, effort)
        case ThinkingAdaptive():
            return Thinking(True, None, effort)
        case ThinkingBetweenTools():
            return Thinking(_after_a_tool(turns), None, effort)
        case _:
            return Thinking(effort=effort)


def _after_a_tool(turns: Sequence[Turn]) -> bool:
    last = next((turn for turn in reversed(turns) if turn.role != "system"), None)
    return last is not None and any(isinstance(part, ToolResult) for part in last.parts)
