"""What mlx-lm keeps of the tokens it has read, one cache a layer: copied, cut and weighed."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import mlx.core as mx
from mlx.utils import tree_map
from mlx_lm.models.cache import ArraysCache, CacheList, KVCache, QuantizedKVCache, make_prompt_cache

Caches = list[Any]


def weight(caches: Caches) -> int:
    """Bytes."""
    return sum(cache.nbytes for cache in caches)


def can_be_cut(caches: Sequence[Any]) -> bool:
    """At any token, whatever has been read since: not those of layers whose state is a sum over all tokens, or a window
    that moves on."""
    return all(isinstance(leaf, KVCache | QuantizedKVCache) for leaf in _leaves(caches))


def cut(caches: Caches, tokens: int) -> Caches:
    """Without the last `tokens`. The arrays are shared; who goes on from them copies first, as batching does."""
    shorter = [_copied(cache) for cache in caches]
    for cache in shorter:
        cache.trim(tokens)
    return shorter


def shortened(caches: Caches, tokens: int) -> Caches:
    """Without the last `tokens`, in arrays of their own, no longer than needed."""
    shorter = cut(caches, tokens)
    for leaf in _leaves(shorter):
        leaf.keys, leaf.values = tree_map(lambda part: part + 0, leaf.keys_and_values())
    mx.eval([cache.state for cache in shorter])
    return shorter


def _copied(cache: Any) -> Any:
    copied = copy.copy(cache)
    if isinstance(cache, CacheList):
        copied.caches = tuple(_copied(part) for part in cache.caches)
    return copied


def _leaves(caches: Sequence[Any]) -> list[Any]:
    return [leaf for cache in caches for leaf in (_leaves(cache.caches) if isinstance(cache, CacheList) else [cache])]


def cost(model: Any) -> tuple[int, int]:
    """Bytes of a job's caches: for each token, and what does not grow (windows when full, sums over all tokens).

    Measured by reading one token: layers differ within one model, and what a config says of them differs by family.
    """
    caches = make_prompt_cache(model)
    mx.eval(model(mx.array([[0]]), cache=caches), [cache.state for cache in caches])
    per_token = fixed = 0
    for leaf in _leaves(caches):
        keys = getattr(leaf, "keys", None)
        if not isinstance(keys, mx.array):
            fixed += leaf.nbytes
        elif window := getattr(leaf, "max_size", None):
            fixed += leaf.nbytes // keys.shape[2] * window
        else:
            per_token += leaf.nbytes // keys.shape[2]
    return per_token, fixed


def own(caches: Caches) -> Caches:
    """With arrays of their own, computed: some of what a batch gives out are views that keep all of the batch alive.
    Keys and values, by far the largest, are copies already (mlx-lm 0.32.2, `BatchKVCache.extract`)."""
    copies = [_copied(cache) for cache in caches]
    for cache in copies:
        if not isinstance(cache, KVCache):
            cache.state = tree_map(lambda part: part + 0 if isinstance(part, mx.array) else part, cache.state)
    mx.eval([cache.state for cache in copies])
    return copies


def settle(caches: Caches) -> None:
    """Computes what nothing else asks for: mlx-lm 0.32.2 would let it grow by a link a step, up to Metal's limit of
    buffers (mlx-lm#1641)."""
    mx.eval(
        [
            leaf.left_padding
            for leaf in _leaves(caches)
            if isinstance(leaf, ArraysCache) and leaf.left_padding is not None
        ]
    )
