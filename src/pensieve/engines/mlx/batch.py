"""The batch that writes; who is alone in it writes as if there were no batch."""

from __future__ import annotations

from typing import Any

import mlx.core as mx
from mlx_lm.generate import GenerationBatch
from mlx_lm.models.cache import BatchKVCache, KVCache

from pensieve.engines.mlx.caches import Caches


class Batch(GenerationBatch):  # type: ignore[misc]  # mlx-lm has no types
    """mlx-lm's caches of a batch hide the padding of shorter jobs with a mask in every layer, and count in arrays. One
    alone has no padding: what it writes is read and written by plain caches until another joins, over the same arrays.
    """

    prompt_cache: Caches

    def extend(self, batch: GenerationBatch) -> None:
        self._together()
        super().extend(batch)
        self._alone()

    def filter(self, keep: list[int]) -> None:
        self._together()
        super().filter(keep)
        self._alone()

    def extract_cache(self, idx: int) -> Caches:
        self._together()
        extracted: Caches = super().extract_cache(idx)
        self._alone()
        return extracted

    def _alone(self) -> None:
        if len(self.uids) == 1:
            self.prompt_cache = [_plain(cache) for cache in self.prompt_cache]

    def _together(self) -> None:
        self.prompt_cache = [_batched(cache) for cache in self.prompt_cache]


def _plain(cache: Any) -> Any:
    """Windows, sums over all tokens, lists of caches and what has padding stay as they are."""
    if type(cache) is not BatchKVCache:
        return cache
    keys, values, _, padding, length = cache.state
    if padding.tolist() != [0]:
        return cache
    plain = KVCache()
    plain.state = keys, values, length
    return plain


def _batched(cache: Any) -> Any:
    if type(cache) is not KVCache:
        return cache
    keys, values, length = cache.state
    batched = BatchKVCache([0])
    batched.state = keys, values, mx.array([length]), mx.array([0]), length
    return batched
