"""Text that spells a token of the model's own, and means only the text: what somebody wrote about `<|im_end|>` must not
end a turn. It is cut where that stands, and the engine turns each piece into ids for itself.
"""

from __future__ import annotations

CUT = "\ufdd0"
"""A character that Unicode leaves out of all text that is exchanged."""


def pieces(text: str) -> list[str]:
    """Those between which no token may reach from one into the next."""
    return text.split(CUT)
