"""Answers that go wrong on the way: shown, so that Nano learns how to go on from there, and not taught."""

from __future__ import annotations

import random
from itertools import groupby

from training.nano.tokens import NANO, SLIP

Example = tuple[list[int], list[int]]
"""Token ids, and who says each."""

SLIPS = 0.12
"""So many conversations have an answer that slips into saying something twice or more, and goes on."""
LONGEST_SLIP, MOST_SLIPPED, MOST_TIMES = 24, 96, 12
LOOPS = 0.02
"""So many have one that says something over and over, and ends."""
LENGTHS_OF_LOOPS = (1, 1, 2, 3, 4, 6, 9, 12, 18, 27, 40)
LEAST_LOOPED, MOST_LOOPED, LEAST_TIMES = 100, 200, 4


def slipping(example: Example, rng: random.Random, closing: list[int]) -> Example:
    """`closing`: what ends a call, from the quote that ends its last value to the end of the turn."""
    chance = rng.random()
    if chance < SLIPS:
        return _repeating(example, rng)
    return _looping(example, rng, closing) if chance < SLIPS + LOOPS else example


def _repeating(example: Example, rng: random.Random) -> Example:
    """Who copies by what came last time would repeat it for ever.

    It slips as Nano does: back to an earlier place that has the same token before it, and another one behind it.
    """
    ids, speakers = example
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


def _looping(example: Example, rng: random.Random, closing: list[int]) -> Example:
    """Who has said the same for so long has lost the place: the way out is to end, and nothing comes after it."""
    ids, speakers = example
    begin, end = rng.choice(_answers(speakers))
    is_call = ids[end - len(closing) : end] == closing
    closed = closing if is_call else ids[end - 1 : end]
    last = end - len(closed)
    at = rng.randint(begin + 1, last) if last > begin else last
    stretch = ids[max(begin, at - rng.choice(LENGTHS_OF_LOOPS)) : at]
    if not stretch or (is_call and closing[0] in stretch):
        return example
    looped = max(rng.randint(LEAST_LOOPED, MOST_LOOPED), LEAST_TIMES * len(stretch))
    again = (stretch * looped)[:looped]
    return ids[:at] + again + closed, speakers[:at] + [SLIP] * looped + [NANO] * len(closed)


def _answers(speakers: list[int]) -> list[tuple[int, int]]:
    """Where each answer begins and ends."""
    answers, at = [], 0
    for by, said in groupby(speakers):
        length = len(list(said))
        if by == NANO:
            answers.append((at, at + length))
        at += length
    return answers
