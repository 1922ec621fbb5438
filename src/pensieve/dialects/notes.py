"""What the reader of an answer is told of a call that could not be passed on."""

from __future__ import annotations

LONGEST_SHOWN = 200


def cut_off(written: str) -> str:
    return f"[A tool call was cut off: {shown(written)}]"


def not_valid(written: str) -> str:
    return f"[A tool call was not valid JSON: {shown(written)}]"


def shown(written: str) -> str:
    written = written.strip()
    return written if len(written) <= LONGEST_SHOWN else written[:LONGEST_SHOWN] + "..."
