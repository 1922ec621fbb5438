from __future__ import annotations

from hypothesis import given, strategies as st

from pensieve.core.sequences import common_prefix


@given(st.text("ab", max_size=9), st.text("ab", max_size=9))
def test_it_is_the_longest_text_that_both_begin_with(first: str, second: str) -> None:
    common = common_prefix(first, second)
    assert first.startswith(common) and second.startswith(common)
    longer = first[: len(common) + 1]
    assert longer == common or not second.startswith(longer)
    ids = tuple(map(ord, first)), tuple(map(ord, second))
    assert common_prefix(*ids) == tuple(map(ord, common))
