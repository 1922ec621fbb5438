"""How models really write calls although their template says otherwise, and what only looks like a call."""

from __future__ import annotations

from transcripts.bare import BARE
from transcripts.fenced import FENCED
from transcripts.looking import LOOKING
from transcripts.qwen import QWEN
from transcripts.shape import OFFERED, Call, Shape
from transcripts.wrapped import WRAPPED

__all__ = ["OFFERED", "SHAPES", "Call", "Shape"]

SHAPES = (*FENCED, *BARE, *WRAPPED, *QWEN, *LOOKING)
