"""What a model takes when it is loaded, and what one more request takes. Pure; all in bytes."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

from pensieve.core.model import ModelCard
from pensieve.core.vitals import EngineMemory

PROCESS = 60_000_000
"""A worker without a model: Python and the engine's library. Measured: 30 MiB to 55 MiB."""
_ACTIVATION, _MASK = 4, 2
"""Bytes of one number in a step's buffers, and of one place in its mask."""
EXPECTED_OUTPUT = 4096
"""Tokens. What a client allows at most is ten times what its answers are: to keep all of that free would refuse
requests that run."""
ROUNDED_TO = 256
"""Tokens: caches grow in steps of so many."""


class LoadCost(Struct, frozen=True):
    weights: int
    kv: int
    buffers: int

    @property
    def total(self) -> int:
        return PROCESS + self.weights + self.kv + self.buffers if self.weights else 0


def load_cost(card: ModelCard, context: int, parallel: int, batch: int) -> LoadCost:
    """With `context` tokens for each of `parallel` requests, and prompts read `batch` tokens at a time.

    The buffers of a step hold a few numbers per token for the widest layer, and for attention a mask over the context.
    """
    return LoadCost(
        weights=card.weight_bytes,
        kv=parallel * card.kv.bytes(context, batch),
        buffers=batch * (_ACTIVATION * card.width + _MASK * context),
    )


class Need(Struct, frozen=True):
    """Of a request: `bytes` that it will take; `promised` to those that run and not taken yet; `evictable` are kept
    for the future and may go; `waited` seconds already. `device`: what the engine's GPU still has, None if it is the
    machine's memory alone that counts."""

    bytes: int = 0
    promised: int = 0
    evictable: int = 0
    waited: float = 0.0
    device: int | None = None


def expected_tokens(prompt: int, max_tokens: int) -> int:
    return prompt + min(max_tokens, EXPECTED_OUTPUT)


def batch_bytes(memory: EngineMemory, lengths: Collection[int]) -> int:
    """Of jobs of so many tokens that run at once; 0 for an engine that took everything when it was loaded. MLX makes
    all jobs of a batch as long as the longest."""
    longest = -(-max(lengths, default=0) // ROUNDED_TO) * ROUNDED_TO
    return len(lengths) * (memory.kv_per_job + memory.kv_per_token * longest)


def need(memory: EngineMemory, tokens: int, running: Collection[int], evicted: int, waited: float) -> Need:
    """Of a request of so many `tokens`, beside `running` ones. Of what the engine says that it keeps, `evicted` bytes
    are gone already."""
    granted = batch_bytes(memory, running)
    return Need(
        bytes=batch_bytes(memory, [*running, tokens]) - granted,
        promised=max(0, granted - memory.running_kv),
        evictable=max(0, memory.kept_kv + memory.spare - evicted),
        waited=waited,
        device=max(0, memory.limit - memory.active - memory.spare) if memory.limit else None,
    )
