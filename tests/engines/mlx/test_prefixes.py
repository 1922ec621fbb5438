"""The tree of prefixes against a list that is searched the slow way."""

from __future__ import annotations

import random
import sys

from hypothesis import given, strategies as st

from pensieve.engines.mlx.prefixes import Prefixes

TOKENS = st.lists(st.integers(0, 2), min_size=1, max_size=8)
PLENTY = 1 << 30


def common(first: list[int], second: list[int]) -> int:
    return next(
        (i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), min(len(first), len(second))
    )


@given(kept=st.lists(TOKENS, max_size=12), asked=TOKENS)
def test_the_longest_whole_and_the_longest_shared_prefix_are_found(kept: list[list[int]], asked: list[int]) -> None:
    tree: Prefixes[tuple[int, ...]] = Prefixes(PLENTY)
    for tokens in kept:
        tree.put(tokens, tuple(tokens), 1, replaces=False)
    match = tree.find(asked)
    whole = max((len(t) for t in kept if asked[: len(t)] == t), default=0)
    assert (match.whole.tokens if match.whole else 0) == whole
    assert match.whole is None or match.whole.value == tuple(asked[:whole])
    assert match.shared == max((common(t, asked) for t in kept), default=0)
    if match.part is not None:
        assert match.part.value[: match.shared] == tuple(asked[: match.shared])
    assert (match.part is None) == (match.shared == 0)


@given(kept=st.lists(TOKENS, max_size=12))
def test_what_serves_for_its_prefixes_too_replaces_them(kept: list[list[int]]) -> None:
    tree: Prefixes[tuple[int, ...]] = Prefixes(PLENTY)
    last: list[list[int]] = []
    for tokens in kept:
        tree.put(tokens, tuple(tokens), 1, replaces=True)
        last = [t for t in last if tokens[: len(t)] != t] + [tokens]
    assert len(tree) == len(last) == tree.nbytes
    for tokens in last:
        found = tree.find(tokens).whole
        assert found is not None and found.value == tuple(tokens)


@given(steps=st.lists(st.tuples(TOKENS, st.integers(1, 5), st.booleans()), max_size=20))
def test_the_budget_is_kept_and_what_was_used_last_stays(steps: list[tuple[list[int], int, bool]]) -> None:
    tree: Prefixes[int] = Prefixes(8)
    for number, (tokens, size, remove) in enumerate(steps):
        tree.put(tokens, number, size, replaces=False)
        match = tree.find(tokens)
        assert match.whole is not None and match.whole.value == number
        assert tree.nbytes <= 8
        if remove:
            tree.remove(match.whole)
            tree.remove(match.whole)
            assert (found := tree.find(tokens).whole) is None or found.tokens < len(tokens)
    tree.shrink(0)
    assert (len(tree), tree.nbytes, tree.find([0]).shared) == (0, 0, 0)


def test_the_oldest_goes_first_and_what_is_too_large_does_not_come_in() -> None:
    tree: Prefixes[str] = Prefixes(2)
    tree.put([1, 1], "a", 1, replaces=False)
    tree.put([2, 2], "b", 1, replaces=False)
    tree.find([1, 1, 5])
    tree.put([3], "c", 1, replaces=False)
    tree.put([4], "huge", 3, replaces=False)
    kept = [tree.find([token, token]).whole for token in (1, 2, 3, 4)]
    assert [entry.value if entry else None for entry in kept] == ["a", None, "c", None]


def test_what_conversations_share_stays_longest() -> None:
    """Each of `shared + own` tokens; of the last conversation that goes, the shared ones are kept."""
    made: list[str] = []

    def shorten(value: str, tokens: int) -> tuple[str, int]:
        made.append(value)
        return value[:-tokens], len(value) - tokens

    def put(text: str, shared: int) -> None:
        tree.put(list(map(ord, text)), text, len(text), replaces=True, shared=shared)

    def kept() -> set[str]:
        return {entry.value for entry in [*tree._own.values(), *tree._shared.values()]}

    tree: Prefixes[str] = Prefixes(20, shorten)
    put("system 1", 6)
    put("system 2", 6)
    assert (kept(), made) == ({"system 1", "system 2"}, [])
    put("agent 3", 5)
    # The oldest conversation has gone; the second one still holds what both shared.
    assert (kept(), made) == ({"system 2", "agent 3"}, [])
    put("agent 4", 5)
    assert (kept(), made) == ({"system", "agent 3", "agent 4"}, ["system 2"])
    put("system 5", 6)
    assert kept() == {"system 5", "agent 4"} and tree.nbytes == 15
    put("0123456789abcd", 0)
    assert kept() == {"system", "0123456789abcd"}
    tree.shrink(0)
    assert len(tree) == 0


def test_a_long_path_is_small() -> None:
    """Its bytes, and little more."""
    rng = random.Random(1)
    tokens = [rng.randrange(150_000) for _ in range(100_000)]
    tree: Prefixes[None] = Prefixes(PLENTY)
    tree.put(tokens, None, 1, replaces=False)
    (node,) = tree._root.children.values()
    assert sys.getsizeof(node.edge) < 500_000 and not node.children
    assert tree.find([*tokens[:50_000], 1, *tokens[50_001:]]).shared == 50_000
