"""A grammar as a mask over the logits of one sequence."""

from __future__ import annotations

import logging
from typing import Any

import llguidance
import llguidance.numpy as masks
import mlx.core as mx
import numpy as np

from pensieve.engines.mlx.tokens import Tokens

log = logging.getLogger(__name__)


class Guides:
    """Makes guides for one vocabulary."""

    def __init__(self, tokens: Tokens) -> None:
        self._ends = tokens.ends
        self._tokenizer = llguidance.LLTokenizer(
            tokens.tokenizer.to_str(), n_vocab=tokens.size, eos_token=min(tokens.ends, default=None)
        )

    def guide(self, grammar: str) -> Guide:
        return Guide(self._tokenizer, grammar, self._ends)


class Guide:
    """A logits processor of mlx-lm: `(all tokens so far, logits (1, vocabulary)) -> logits`.

    It never raises: an exception would put the caches of the whole batch out of step. What went wrong is in `error`.
    """

    def __init__(self, tokenizer: Any, grammar: str, ends: frozenset[int]) -> None:
        self._matcher = llguidance.LLMatcher(tokenizer, llguidance.LLMatcher.grammar_from_lark(grammar))
        self._mask = masks.allocate_token_bitmask(1, tokenizer.vocab_size)
        self._vocabulary: int = tokenizer.vocab_size
        self._ends = ends
        self._seen: int | None = None
        self.error = self._matcher.get_error() if self._matcher.is_error() else ""

    def __call__(self, tokens: Any, logits: Any) -> Any:
        if self.error:
            return logits
        try:
            return mx.where(mx.array(self._allowed(tokens, logits.shape[-1])), logits, -mx.inf)
        except Exception as error:
            # See above.
            self.error = str(error) or type(error).__name__
            return logits

    def _allowed(self, tokens: Any, width: int) -> Any:
        """bool, (width,). The matcher begins behind the prompt."""
        if self._seen is not None:
            for token in tokens[self._seen :].tolist():
                if not self._matcher.is_stopped():
                    self._matcher.consume_token(token)
        self._seen = tokens.shape[0]
        allowed = np.zeros(width, bool)
        # One step is computed ahead of the end.
        if self._matcher.is_stopped():
            allowed[list(self._ends)] = True
            return allowed
        masks.fill_next_token_bitmask(self._matcher, self._mask)
        known = min(width, self._vocabulary)
        allowed[:known] = np.unpackbits(self._mask[0].view(np.uint8), bitorder="little")[:known]
        if self._matcher.is_error():
            raise ValueError(self._matcher.get_error())
        return allowed
