"""An answer that only says the same over and over is ended; one that says something new is not."""

from __future__ import annotations

import random

import pytest

from pensieve.service.repeats import LEAST_TIMES, STRETCH, STRETCHES, Repeats, only_repeats

LINE = "0, 0, 0, 0, 0, 0, 0, 0,\n"


def words(count: int) -> str:
    draw = random.Random(count)
    return " ".join("".join(draw.choices("abcdefgh", k=draw.randint(1, 9))) for _ in range(count))


@pytest.mark.parametrize("said", ["a", "ab", "I am sorry. ", LINE, words(100), "aaaaaaaaab", "é🙂"])
def test_the_same_over_and_over(said: str) -> None:
    assert only_repeats((said * 2000)[7:12_000])


@pytest.mark.parametrize("said", ["", " ", "\n\n \n", "\t" * 5000])
def test_white_space_alone(said: str) -> None:
    assert only_repeats(said)


@pytest.mark.parametrize(
    "said",
    [
        words(2000),
        "abc",
        words(20) + LINE * 400,
        LINE * 400 + words(20),
        "\n".join(f"line {number}" for number in range(1000)),
        "\n".join(f"x{'0' * 80}{number % 7}{number // 9}" for number in range(200)),
        words(700) * (LEAST_TIMES - 1),
    ],
)
def test_something_else_in_it(said: str) -> None:
    assert not only_repeats(said)


def test_it_is_told_once_all_of_the_last_stretches_say_the_same() -> None:
    repeats, before = Repeats(), 2 * STRETCH
    told = [repeats.feed(f"{number} ", 1) for number in range(before)]
    told += [repeats.feed(" and so on", 1) for _ in range(STRETCH * STRETCHES)]
    assert told.index(True) == before + STRETCH * STRETCHES - 1


def test_more_than_one_token_at_a_time() -> None:
    repeats = Repeats()
    told = [repeats.feed("No no no no no no no ", 7) for _ in range(STRETCH * STRETCHES)]
    assert STRETCH * STRETCHES <= (told.index(True) + 1) * 7 < STRETCH * (STRETCHES + 1)


def test_a_list_of_a_few_hundred_equal_lines_may_be_meant() -> None:
    repeats = Repeats()
    assert not any(repeats.feed(LINE, 8) for _ in range(STRETCH * STRETCHES // 8 - 1))
