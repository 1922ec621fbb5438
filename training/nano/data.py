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
SLIPS = 0.12
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
    copies by what came last time would else repeat it for ever.

    It slips as Nano does: back to an earlier place that has the same token before it, and another one behind it.
    """
    ids, speakers = example
    if rng.random() >= SLIPS:
        return example
    places: dict[int, list[tuple[int, int]]] = {}
    for end in range(1, len(ids)):
        for begin in range(max(1, end - LONGEST_SLIP), end):
            mistaken = ids[begin - 1] == ids[end - 1] and ids[begin] != ids[end]
            if mistaken and all(by == NANO for by in speakers[begin - 1 : end + 1]):
                places.setdefault(ids[end - 1], []).append((begin, end))
    if not places:
        return example
    begin, end = rng.choice(places[rng.choice(list(places))])
    again = ids[begin:end] * rng.randint(1, min(MOST_TIMES, MOST_SLIPPED // (end - begin)))
    return ids[:end] + again + ids[end:], speakers[:end] + [SLIP] * len(again) + speakers[end:]


def _padded(batch: list[tuple[list[int], list[int]]]) -> tuple[Tensor, Tensor]:
    longest = max(len(ids) for ids, _ in batch)
    ids, speakers = torch.full((len(batch), longest), PADDING), torch.full((len(batch), longest), OTHERS)
    for row, (example, said) in enumerate(batch):
        ids[row, : len(example)], speakers[row, : len(example)] = torch.tensor(example), torch.tensor(said)
    return ids, speakers
