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
SLIPS = 0.06
"""Of the answers: so many are made to slip into saying something twice or more, and shown how to go on from there."""
LONGEST_SLIP, MOST_SLIPS = 24, 5
POOL = 28
"""Batches that are sorted by length together, so that little is padded."""


def batches(labeller: Labeller, seed: int, tokens_per_batch: int) -> Iterator[tuple[Tensor, Tensor]]:
    """(ids, own): both (batch, length); `own` marks what Nano is to say. The same for the same seed."""
    maker, shuffler = Maker(f"training {seed}", unseen=False), random.Random(seed)
    examples: list[tuple[list[int], list[bool]]] = []
    while True:
        tokens = sum(len(ids) for ids, _ in examples)
        while tokens < POOL * tokens_per_batch:
            example = slipping(labeller(rendered(maker.any())), shuffler)
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


def slipping(example: tuple[list[int], list[bool]], rng: random.Random) -> tuple[list[int], list[bool]]:
    """Now and then with a stretch of an answer repeated, which is not to be learned, and what follows it, which is: who
    copies by what came last time would else repeat it for ever."""
    ids, own = example
    places = [at for at in range(1, len(ids)) if own[at - 1] and own[at]]
    if len(places) < 2 * LONGEST_SLIP or rng.random() >= SLIPS:
        return example
    end = rng.choice(places[LONGEST_SLIP:])
    length = rng.randint(1, LONGEST_SLIP)
    if not all(own[end - length : end]):
        return example
    again = ids[end - length : end] * rng.randint(1, MOST_SLIPS)
    return ids[:end] + again + ids[end:], own[:end] + [False] * len(again) + own[end:]


def _padded(batch: list[tuple[list[int], list[bool]]]) -> tuple[Tensor, Tensor]:
    longest = max(len(ids) for ids, _ in batch)
    ids, own = torch.full((len(batch), longest), PADDING), torch.zeros(len(batch), longest, dtype=torch.bool)
    for row, (example, marks) in enumerate(batch):
        ids[row, : len(example)], own[row, : len(example)] = torch.tensor(example), torch.tensor(marks)
    return ids, own
