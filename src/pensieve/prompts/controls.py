"""The variables by which templates turn thinking on and off and set its effort; every family has its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from pensieve.core.chat import Thinking

Try = Callable[[dict[str, Any]], str | None]
"""Renders some short conversation with these variables; None: the template refuses them."""

_SWITCHES: tuple[tuple[str, Any, Any], ...] = (
    ("enable_thinking", True, False),
    ("thinking", True, False),
    ("thinking_option", "on", "off"),
    ("thinking_mode", "on", "off"),
    ("thinking_mode", "enabled", "disabled"),
)
_EFFORTS = ("reasoning_effort", "reasoning_strength")
_LADDER = ("low", "medium", "high", "xhigh", "max")
_NO_EFFORT = "none"
_NONSENSE = "pensieve"
_KEEPING = {"clear_thinking": False, "preserve_thinking": True, "truncate_history_thinking": False}
"""Thoughts of earlier turns stay, where the template leaves it open: a prefix that stays the same is in the cache."""


class Controls(Struct, frozen=True):
    """`on` and `off` are what a template is told when thinking is wanted and when not.

    `efforts` are the words that it knows for low, medium and high. `can_rest`: it can be told not to think.
    """

    on: dict[str, Any] = {}
    off: dict[str, Any] = {}
    effort: str = ""
    efforts: dict[str, str] = {}
    can_rest: bool = False

    def variables(self, thinking: Thinking) -> dict[str, Any]:
        if not thinking.on:
            return self.off
        variables = dict(self.on)
        if "thinking_budget" in variables and thinking.budget is not None:
            variables["thinking_budget"] = thinking.budget
        if thinking.effort in self.efforts:
            variables[self.effort] = self.efforts[thinking.effort]
        return variables


def find_controls(names: frozenset[str], source: str, try_with: Try) -> Controls:
    """`names` are the variables that the template takes."""
    keeping = {name: value for name, value in _KEEPING.items() if name in names}
    on: dict[str, Any] = dict(keeping)
    off: dict[str, Any] = dict(keeping)
    for name, yes, no in _SWITCHES:
        if name not in names or (isinstance(yes, str) and not _names(source, no)):
            continue
        thinking, resting = try_with({**on, name: yes}), try_with({**off, name: no})
        if thinking is not None and thinking != resting:
            on[name] = yes
        if resting is not None and thinking != resting:
            off[name] = no
    if "thinking_budget" in names:
        on["thinking_budget"], off["thinking_budget"] = -1, 0
    can_rest = try_with(on) != try_with(off)
    effort = next((name for name in _EFFORTS if name in names), "")
    efforts = _efforts(effort, lambda value: try_with({**on, effort: value})) if effort else {}
    if effort and not can_rest:
        # It thinks whatever it is told: briefly is what comes nearest to not at all.
        quiet = try_with({**off, effort: _NO_EFFORT}) if _names(source, _NO_EFFORT) else None
        if quiet is not None:
            off[effort], can_rest = _NO_EFFORT, True
        elif "low" in efforts:
            off[effort] = efforts["low"]
    return Controls(on, off, effort, efforts, can_rest)


def _efforts(name: str, shown: Callable[[str], str | None]) -> dict[str, str]:
    """For each effort the nearest word upward that the template treats unlike a word it cannot know."""
    unknown = shown(_NONSENSE)
    known = [word for word in _LADDER if (text := shown(word)) is not None and text != unknown]
    found = {}
    for effort in _LADDER[:3]:
        above = [word for word in known if _LADDER.index(word) >= _LADDER.index(effort)]
        if above:
            found[effort] = above[0]
    return found


def _names(source: str, word: str) -> bool:
    return f"'{word}'" in source or f'"{word}"' in source
