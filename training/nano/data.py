"""Batches without end: conversations made, rendered, and put together with others of like length."""

from __future__ import annotations

import random
from collections.abc import Iterator

import torch
from torch import Tensor

from training.nano.conversations import Maker
from training.nano.render import rendered
from training.nano.tokens import NANO, OTHERS, PADDING, SLIP, Labeller

LONGEST = 768
"""Tokens; the few conversations that are longer are left out."""
SLIPS = 0.08
"""Of the answers: so many are made to slip into saying something twice or more, and shown how to go on from there."""
LONGEST_SLIP, MOST_SLIPPED, MOST_TIMES = 24, 120, 12
POOL = 28
"""Batches that are sorted by length together, so that little is padded."""


def batches(labeller: Labeller, seed: int, tokens_per_batch: int) -> Iterator[tuple[Tensor, Tensor]]:
    """(ids, speakers): both (batch, length); see `tokens.py`. The same for the same seed."""
    maker, shuffler = Maker(f"training {seed}", unseen=False), random.Random(seed)
    examples: list[tuple[list[int], list[int]]] = []
    while True:
        tokens = sum(len(ids) for ids, _ in examples)
        while tokens < POOL * tokens_per_batch:
            example = slipping(labeller(rendered(maker.any())), shuffler)
            if len(example[0]) <= LONGEST:
                examples.append(example)
                tokens += len(example[0])
        examples.sort(key=lambda example: len(example[0]))
        made, batch = [], list[tuple[list[int], list[int]]]()
        for example in examples:
            if batch and (len(batch) + 1) * len(example[0]) > tokens_per_batch:
                made.append(_padded(batch))
                batch = []
            batch.append(example)
        # The longest wait for others of their length, so that every batch is full.
        examples = batch
        shuffler.shuffle(made)
        yield from made


def slipping(example: tuple[list[int], list[int]], rng: random.Random) -> tuple[list[int], list[int]]:
    """Now and then with a stretch of an answer repeated, which is not to be learned, and what follows it, which is: who
    copies by what came last time would else repeat it for ever."""
    ids, speakers = example
    places = [at for at in range(1, len(ids)) if speakers[at - 1] == speakers[at] == NANO]
    if len(places) < 2 * LONGEST_SLIP or rng.random() >= SLIPS:
        return example
    end = rng.choice(places[LONGEST_SLIP:])
    length = rng.randint(1, LONGEST_SLIP)
    if any(speaker != NANO for speaker in speakers[end - length : end]):
        return example
    again = ids[end - length : end] * rng.randint(1, min(MOST_TIMES, MOST_SLIPPED // length))
    return ids[:end] + again + ids[end:], speakers[:end] + [SLIP] * len(again) + speakers[end:]


def _padded(batch: list[tuple[list[int], list[int]]]) -> tuple[Tensor, Tensor]:
    longest = max(len(ids) for ids, _ in batch)
    ids, speakers = torch.full((len(batch), longest), PADDING), torch.full((len(batch), longest), OTHERS)
    for row, (example, said) in enumerate(batch):
        ids[row, : len(example)], speakers[row, : len(example)] = torch.tensor(example), torch.tensor(said)
    return ids, speakers
