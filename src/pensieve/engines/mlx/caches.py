"""What mlx-lm keeps of the tokens it has read, one cache a layer: copied, cut and weighed."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import mlx.core as mx
from mlx.utils import tree_map
from mlx_lm.models.cache import ArraysCache, CacheList, KVCache, QuantizedKVCache

Caches = list[Any]


def weight(caches: Caches) -> int:
    """Bytes."""
    return sum(cache.nbytes for cache in caches)


def can_be_cut(caches: Sequence[Any]) -> bool:
    """At any token, whatever has been read since: not those of layers whose state is a sum over all tokens, or a window
    that moves on."""
    return all(
        can_be_cut(cache.caches) if isinstance(cache, CacheList) else isinstance(cache, KVCache | QuantizedKVCache)
        for cache in caches
    )


def cut(caches: Caches, tokens: int) -> Caches:
    """Without the last `tokens`. The arrays are shared; who goes on from them copies first, as batching does."""
    shorter = [copy.copy(cache) for cache in caches]
    for cache in shorter:
        cache.trim(tokens)
    return shorter


def own(caches: Caches) -> Caches:
    """With arrays of their own, computed: some of what a batch gives out are views that keep all of the batch alive.
    Keys and values, by far the largest, are copies already (mlx-lm 0.32.2, `BatchKVCache.extract`)."""
    copies = [copy.copy(cache) for cache in caches]
    for cache in copies:
        if not isinstance(cache, KVCache):
            cache.state = tree_map(lambda part: part + 0 if isinstance(part, mx.array) else part, cache.state)
    mx.eval([cache.state for cache in copies])
    return copies


def settle(caches: Caches) -> None:
    """Computes what nothing else asks for: mlx-lm 0.32.2 would let it grow by a link a step, up to Metal's limit of
    buffers (mlx-lm#1641)."""
    mx.eval(
        [cache.left_padding for cache in caches if isinstance(cache, ArraysCache) and cache.left_padding is not None]
    )
