"""What all turns since the start come to."""

from __future__ import annotations

from pensieve.core.receipt import Receipt


class Totals:
    def __init__(self) -> None:
        self.answered = 0
        """Turns that were answered to the end."""
        self.prompt_tokens = self.cached_tokens = self.output_tokens = 0
        self._writing_ms = 0.0
        self._written = 0

    @property
    def tokens_per_second(self) -> float | None:
        """Of one answer, between its first token and its last."""
        return 1000 * self._written / self._writing_ms if self._writing_ms else None

    def add(self, receipt: Receipt, *, whole: bool) -> None:
        self.answered += whole
        self.prompt_tokens += receipt.prompt_tokens
        self.cached_tokens += receipt.cached_tokens
        self.output_tokens += receipt.output_tokens
        if receipt.first_token_ms is not None and receipt.output_tokens > 1:
            self._written += receipt.output_tokens - 1
            self._writing_ms += receipt.total_ms - receipt.first_token_ms
