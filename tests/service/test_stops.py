"""Stop sequences: what goes out and what matched, the same however the text is cut."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from pensieve.service.stops import StopMatcher

Outcome = tuple[str, str | None]
letters = st.text("ab", max_size=14)
sequences = st.text("ab", min_size=1, max_size=4)


def reference(text: str, sequences: tuple[str, ...]) -> Outcome:
    """Letter by letter: the first that is complete wins, and of several that end there the longest."""
    for end in range(1, len(text) + 1):
        complete = [sequence for sequence in sequences if text[:end].endswith(sequence)]
        if complete:
            longest = max(complete, key=len)
            return text[: end - len(longest)], longest
    return text, None


def matched(parts: list[str], sequences: tuple[str, ...]) -> Outcome:
    matcher = StopMatcher(sequences)
    out = "".join([matcher.feed(part) for part in parts])
    return out + matcher.close(), matcher.matched


def parts_of(text: str, cuts: list[int]) -> list[str]:
    places = sorted(min(cut, len(text)) for cut in cuts)
    return [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]


@pytest.mark.parametrize(
    ("text", "sequences", "out", "found"),
    [
        ("hello", (), "hello", None),
        ("hello", ("x",), "hello", None),
        ("hello", ("hello",), "", "hello"),
        ("hello", ("hello!",), "hello", None),
        ("hello", ("lo",), "hel", "lo"),
        ("hello", ("l",), "he", "l"),
        ("one\n\ntwo", ("\n\n",), "one", "\n\n"),
        ("a</b</block>c", ("</block>",), "a</b", "</block>"),
        ("aab", ("ab",), "a", "ab"),
        ("ababac", ("abac",), "ab", "abac"),
        ("one two", ("two", "one"), "", "one"),
        ("xyz", ("z", "y"), "x", "y"),
        ("Grüße\U0001f600!", ("\U0001f600",), "Grüße", "\U0001f600"),
        ("stop and stop", ("stop",), "", "stop"),
        ("", ("x",), "", None),
    ],
)
def test_a_text_ends_before_its_first_stop_sequence_however_it_is_cut(
    text: str, sequences: tuple[str, ...], out: str, found: str | None
) -> None:
    assert reference(text, sequences) == (out, found)
    assert matched([text], sequences) == matched(list(text), sequences) == (out, found)
    for position in range(len(text) + 1):
        assert matched([text[:position], text[position:]], sequences) == (out, found)


@pytest.mark.parametrize(
    ("text", "sequences", "out", "found"),
    [
        ("xabc", ("ab", "abc"), "x", "ab"),
        ("xabd", ("ab", "abc"), "x", "ab"),
        ("xab", ("abc", "ab"), "x", "ab"),
        ("xabcde", ("bcd", "abcde"), "xa", "bcd"),
        ("xabcd", ("bcd", "abcd"), "x", "abcd"),
        ("xabcdf", ("bcd", "abcde"), "xa", "bcd"),
        ("aaab", ("aab", "aa"), "", "aa"),
        ("\n\nHuman:", ("\n", "\n\nHuman:"), "", "\n"),
    ],
)
def test_of_sequences_that_overlap_the_first_complete_one_wins_and_at_a_tie_the_longest(
    text: str, sequences: tuple[str, ...], out: str, found: str | None
) -> None:
    assert reference(text, sequences) == (out, found)
    assert matched([text], sequences) == (out, found)
    for position in range(len(text) + 1):
        assert matched([text[:position], text[position:]], sequences) == (out, found)
    assert matched(list(text), sequences) == (out, found)


@settings(deadline=None)
@given(text=letters, sequence=sequences, cuts=st.lists(st.integers(0, 14), max_size=8))
def test_one_sequence_is_found_as_in_the_whole_text(text: str, sequence: str, cuts: list[int]) -> None:
    assert matched(parts_of(text, cuts), (sequence,)) == reference(text, (sequence,))


@settings(deadline=None)
@given(
    text=letters,
    wanted=st.integers(1, 3).flatmap(lambda size: st.lists(st.text("ab", min_size=size, max_size=size), min_size=1)),
    cuts=st.lists(st.integers(0, 14), max_size=8),
)
def test_sequences_of_one_length_are_found_as_in_the_whole_text(text: str, wanted: list[str], cuts: list[int]) -> None:
    assert matched(parts_of(text, cuts), tuple(wanted)) == reference(text, tuple(wanted))


@settings(deadline=None)
@given(text=letters, wanted=st.lists(sequences, max_size=4), cuts=st.lists(st.integers(0, 14), max_size=8))
def test_any_sequences_are_found_as_in_the_whole_text(text: str, wanted: list[str], cuts: list[int]) -> None:
    assert matched(parts_of(text, cuts), tuple(wanted)) == reference(text, tuple(wanted))


def test_without_sequences_nothing_is_held_back() -> None:
    matcher = StopMatcher(())
    assert [matcher.feed(part) for part in ("a", "", "\n")] == ["a", "", "\n"]
    assert (matcher.close(), matcher.matched) == ("", None)


def test_only_a_possible_beginning_is_held_back() -> None:
    matcher = StopMatcher(("stop",))
    assert [matcher.feed(part) for part in ("a s", "t", "o", "ne ", "s", "st")] == ["a ", "", "", "stone ", "", "s"]
    assert matcher.close() == "st"
    assert matcher.matched is None


def test_after_a_match_nothing_comes_any_more() -> None:
    matcher = StopMatcher(("stop",))
    assert matcher.feed("go stop and go") == "go "
    assert matcher.matched == "stop"
    assert [matcher.feed(part) for part in ("more", "stop", "s")] == ["", "", ""]
    assert matcher.close() == ""
    assert matcher.matched == "stop"
