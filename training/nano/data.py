"""Batches without end: conversations made, rendered, and put together with others of like length."""

from __future__ import annotations

import random
from collections.abc import Iterator

import torch
from torch import Tensor

from training.nano.conversations import Maker
from training.nano.render import rendered
from training.nano.tokens import PADDING, Labeller

LONGEST = 768
"""Tokens; the few conversations that are longer are left out."""
POOL = 28
"""Batches that are sorted by length together, so that little is padded."""


def batches(labeller: Labeller, seed: int, tokens_per_batch: int) -> Iterator[tuple[Tensor, Tensor]]:
    """(ids, own): both (batch, length); `own` marks what Nano is to say. The same for the same seed."""
    maker, shuffler = Maker(f"training {seed}", unseen=False), random.Random(seed)
    examples: list[tuple[list[int], list[bool]]] = []
    while True:
        tokens = sum(len(ids) for ids, _ in examples)
        while tokens < POOL * tokens_per_batch:
            example = labeller(rendered(maker.any()))
            if len(example[0]) <= LONGEST:
                examples.append(example)
                tokens += len(example[0])
        examples.sort(key=lambda example: len(example[0]))
        made, batch = [], list[tuple[list[int], list[bool]]]()
        for example in examples:
            if batch and (len(batch) + 1) * len(example[0]) > tokens_per_batch:
                made.append(_padded(batch))
                batch = []
            batch.append(example)
        # The longest wait for others of their length, so that every batch is full.
        examples = batch
        shuffler.shuffle(made)
        yield from made


def _padded(batch: list[tuple[list[int], list[bool]]]) -> tuple[Tensor, Tensor]:
    longest = max(len(ids) for ids, _ in batch)
    ids, own = torch.full((len(batch), longest), PADDING), torch.zeros(len(batch), longest, dtype=torch.bool)
    for row, (example, marks) in enumerate(batch):
        ids[row, : len(example)], own[row, : len(example)] = torch.tensor(example), torch.tensor(marks)
    return ids, own
