"""Batches without end: conversations made, rendered, and put together with others of like length."""

from __future__ import annotations

import random
from collections.abc import Iterator

import torch
from torch import Tensor

from training.nano.conversations import Maker
from training.nano.render import rendered
from training.nano.slips import Example, slipping
from training.nano.tokens import OTHERS, PADDING, Labeller

LONGEST = 768
"""Tokens; the few conversations that are longer are left out."""
POOL = 28
"""Batches that are sorted by length together, so that little is padded."""


def batches(labeller: Labeller, seed: int, tokens_per_batch: int) -> Iterator[tuple[Tensor, Tensor]]:
    """(ids, speakers): both (batch, length); see `tokens.py`. The same for the same seed."""
    maker, shuffler = Maker(f"training {seed}", unseen=False), random.Random(seed)
    examples: list[Example] = []
    while True:
        tokens = sum(len(ids) for ids, _ in examples)
        while tokens < POOL * tokens_per_batch:
            example = slipping(labeller(rendered(maker.any())), shuffler, labeller.closing)
            if len(example[0]) <= LONGEST:
                examples.append(example)
                tokens += len(example[0])
        examples.sort(key=lambda example: len(example[0]))
        made, batch = [], list[Example]()
        for example in examples:
            if batch and (len(batch) + 1) * len(example[0]) > tokens_per_batch:
                made.append(_padded(batch))
                batch = []
            batch.append(example)
        # The longest wait for others of their length, so that every batch is full.
        examples = batch
        shuffler.shuffle(made)
        yield from made


def _padded(batch: list[Example]) -> tuple[Tensor, Tensor]:
    longest = max(len(ids) for ids, _ in batch)
    ids, speakers = torch.full((len(batch), longest), PADDING), torch.full((len(batch), longest), OTHERS)
    for row, (example, said) in enumerate(batch):
        ids[row, : len(example)], speakers[row, : len(example)] = torch.tensor(example), torch.tensor(said)
    return ids, speakers
