"""What remains of a turn."""

from __future__ import annotations

from msgspec import Struct


class Receipt(Struct, frozen=True):
    """One per turn, when it has ended. Times are in milliseconds since the request arrived; None: never happened."""

    request_id: str
    model: str
    stop_reason: str
    prompt_tokens: int
    cached_tokens: int
    output_tokens: int
    resumes: int
    granted_ms: float | None
    first_token_ms: float | None
    total_ms: float
