"""What Nano is taught with: the same for the same seed, with phrasings and words kept back for the examination."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from training.nano import command_phrases, messages, phrases, results, sayings, slips, tokens
from training.nano.conversations import HELLOS, LONGEST_QUESTION, Maker
from training.nano.facts import FACTS
from training.nano.lexicon import WORDS, kept_back
from training.nano.messages import Conversation
from training.nano.render import rendered
from training.nano.tokens import Labeller, train_tokenizer


def test_every_greeting_has_the_number_of_words_it_stands_for() -> None:
    assert all(len(greeting.split()) == count for count, greeting in HELLOS.items())


def test_the_examination_has_words_of_its_own() -> None:
    unseen = [word for word in WORDS if kept_back(word)]
    assert len(unseen) > 200
    maker = Maker("words", unseen=False)
    seen = " ".join(message["content"] for _ in range(500) for message in maker.any().messages)
    assert not {word for word in unseen if len(word) > 7 and f" {word} " in seen}


def test_the_examination_has_phrasings_of_its_own() -> None:
    listed = vars(phrases) | vars(command_phrases) | vars(sayings) | vars(results)
    pairs = [pair for pair in listed.values() if isinstance(pair, tuple)]
    pairs += [(fact.asked, fact.asked_otherwise) for fact in FACTS]
    for seen, unseen in pairs:
        told = "|".join(
            re.sub(r"\\([\[\]|])", lambda sign: {"[": "(?:", "]": ")", "|": "|"}[sign[1]], re.escape(text))
            for text in seen
        )
        assert not [text for text in unseen if re.fullmatch(told, text, re.IGNORECASE)]


def test_conversations_are_the_same_for_the_same_seed() -> None:
    first, second = Maker("seed", unseen=False), Maker("seed", unseen=False)
    assert [rendered(first.any()) for _ in range(50)] == [rendered(second.any()) for _ in range(50)]


def test_the_template_leaves_out_what_nano_cannot_use() -> None:
    def said(content: str, tools: list[Any] | None = None) -> str:
        return rendered(Conversation("", [{"role": "user", "content": content}], tools or []), ask=True)

    plain = said("Hello")
    reminder = "<system-reminder>\nTags like <system-reminder> may come.\n</system-reminder>\n"
    assert said(f"<system>\nUse <system-reminder> tags.\n</system>\n\n{reminder}Hello") == plain
    assert said("Hello\n<system>late</system>") == plain
    long = {"type": "function", "function": {"name": "Useless", "description": "x" * 9000, "parameters": {}}}
    assert said("Hello", [long] * 50) == plain
    assert "Useless()" in said("Use the Useless tool", [long])


def test_the_template_cuts_as_the_conversations_say() -> None:
    long = "y" * 1000
    call = messages.call("Read", {"file_path": "x"})
    chat = Conversation("", [{"role": "user", "content": long}, call, messages.result("Read", long)], [])
    text = rendered(chat, ask=True)
    assert f"user\n{'y' * LONGEST_QUESTION}<" in text
    assert f"<tool_response>\n{messages.seen(long)}\n</tool_response>" in text


def test_of_tools_that_nano_knows_the_template_tells_the_names_alone() -> None:
    """In its own order; the inputs only where they are others than it knows."""
    offered = [
        messages.tool("Grep", ["regex"]),
        messages.tool("dial", ["level"], "integer"),
        messages.tool("Edit", ["file_path", "old_string", "new_string"]),
        messages.tool("unheard_of", ["x"]),
        messages.tool("Read", ["file_path"]),
    ]
    text = rendered(Conversation("", [{"role": "user", "content": "Use dial with 3"}], offered), ask=True)
    assert text.startswith("<|im_start|>system\nRead Edit Grep(regex) dial(level: integer)<|im_end|>")
    assert "-Write -Bash -Glob<" in text


def test_what_claude_code_says_after_a_tool_search_is_no_request() -> None:
    search = [messages.call("ToolSearch", {"query": "x"}), messages.result("ToolSearch", "x(y)")]
    said = [{"role": "user", "content": "Find x"}, *search]
    loaded = {"role": "user", "content": "Tool loaded."}
    assert rendered(Conversation("", [*said, loaded]), ask=True) == rendered(Conversation("", said), ask=True)


@pytest.mark.parametrize(
    ("name", "content", "shown"),
    [
        ("Read", "1\tone\n2\t\n3\tthree", "one\n\nthree"),
        ("Read", "     1→one\n     2→", "one"),
        ("Read", "1\tone\n2\t\n\n<system-reminder>\nBe good.\n</system-reminder>\n", "one"),
        ("Read", "1\tone\ntwo", "1\tone\ntwo"),
        ("Bash", "1\tone\n2\ttwo", "1\tone\n2\ttwo"),
        ("Read", "It tells of <system-reminder> and more", "It tells of <system-reminder> and more"),
        ("Read", "The tool failed: <tool_use_error>Gone.</tool_use_error>", "The tool failed: Gone."),
        ("Read", "<tool_use_error> is a tag", "<tool_use_error> is a tag"),
        ("Read", "\n".join(f"{number}\tx" for number in range(1, 9999)), "\n".join("x" * 150)),
    ],
)
def test_of_a_result_the_template_shows_what_was_in_the_file(name: str, content: str, shown: str) -> None:
    asked = [{"role": "user", "content": "Read x"}, messages.call(name, {"file_path": "x"})]
    text = rendered(Conversation("", [*asked, messages.result(name, content)], []), ask=True)
    assert text.partition("<tool_response>\n")[2].partition("\n</tool_response>")[0].removesuffix(messages.CUT) == shown


WORDS_OF_CHAT = st.text(max_size=2000) | st.integers(1, 900).map(lambda times: "🙂<\n" * times)
MESSAGES = st.one_of(
    WORDS_OF_CHAT.map(lambda text: {"role": "user", "content": text}),
    WORDS_OF_CHAT.map(messages.say),
    WORDS_OF_CHAT.map(lambda text: messages.call("Write", {"content": text})),
    WORDS_OF_CHAT.map(lambda text: messages.result("Read", text)),
)


@given(
    st.lists(MESSAGES, max_size=12),
    st.lists(WORDS_OF_CHAT.map(lambda name: messages.tool("Read", [name])), max_size=20),
)
def test_whatever_a_client_sends_fits_in_the_window(said: list[Any], tools: list[Any]) -> None:
    chat = Conversation("", [{"role": "user", "content": "Go on"}, *said, {"role": "tool", "content": "x"}], tools)
    assert len(rendered(chat, ask=True).encode()) < 5200


def test_what_nano_is_to_say_is_marked(tmp_path: Path) -> None:
    maker = Maker("labels", unseen=False)
    train_tokenizer(rendered(maker.any()) for _ in range(500)).save(str(tmp_path / "tokenizer.json"))
    labeller = Labeller(tmp_path / "tokenizer.json")
    for made in (maker.copy(), maker.edit(), maker.fact()):
        text = rendered(made)
        ids, speakers = labeller(text)
        assert labeller.tokenizer.decode(ids, skip_special_tokens=False) == text
        marked = [id for id, by in zip(ids, speakers, strict=True) if by == tokens.NANO]
        said = re.findall(r"<\|im_start\|>assistant\n(.*?<\|im_end\|>)", text, re.DOTALL)
        assert labeller.tokenizer.decode(marked, skip_special_tokens=False) == "".join(said)


CLOSING = [9001, 9002, 9003]
"""Stands for what ends a call."""


def test_a_slip_is_shown_and_not_taught() -> None:
    """What is to be said is taught in full, in its order, with or without a slip in between."""
    # Every third token is the same, and what follows it never is.
    ids = [0 if number % 3 == 0 else number for number in range(100)]
    speakers, rng, slipped_in = [tokens.OTHERS] * 20 + [tokens.NANO] * 80, random.Random(1), 0
    for _ in range(500):
        shown, taught = slips.slipping((ids, speakers), rng, CLOSING)
        slipped = taught.count(tokens.SLIP)
        if slipped > slips.MOST_SLIPPED:  # That one was a loop.
            continue
        assert [token for token, by in zip(shown, taught, strict=True) if by == tokens.NANO] == ids[20:]
        assert len(shown) - len(ids) == slipped
        if slipped:
            begin = taught.index(tokens.SLIP)
            # The first wrong token has followed the same one before, and is not what comes in the end.
            assert shown[begin - 1] == shown[shown.index(shown[begin]) - 1] == 0 != shown[begin]
            assert shown[begin] != shown[begin + slipped]
        slipped_in += slipped > 0
    assert 20 < slipped_in < 100


@pytest.mark.parametrize("ending", [[99], CLOSING], ids=["words", "a call"])
def test_what_is_said_over_and_over_ends(ending: list[int]) -> None:
    """The loop is not taught; taught is that an end comes after it, which of a call is one that closes it."""
    said = list(range(40, 80))
    ids = [1, 2, 3, *said, *ending, 7, 7]
    speakers = [tokens.OTHERS] * 3 + [tokens.NANO] * len(said + ending) + [tokens.OTHERS] * 2
    rng, loops = random.Random(2), 0
    for _ in range(1000):
        shown, taught = slips.slipping((ids, speakers), rng, CLOSING)
        looped = taught.count(tokens.SLIP)
        if looped == 0:
            assert (shown, taught) == (ids, speakers)
            continue
        begin = taught.index(tokens.SLIP)
        assert looped >= slips.LEAST_LOOPED and shown[:begin] == ids[:begin]
        assert shown[begin + looped :] == ending and taught[begin + looped :] == [tokens.NANO] * len(ending)
        loop = shown[begin : begin + looped]
        period = next(p for p in range(1, looped) if loop[p:] == loop[:-p])
        assert period in slips.LENGTHS_OF_LOOPS or period == begin - 3
        assert looped >= slips.LEAST_TIMES * period and loop[:period] == shown[begin - period : begin]
        loops += 1
    assert 10 < loops < 60


def test_what_never_comes_again_has_nothing_to_slip_into() -> None:
    example, rng = (list(range(100)), [tokens.NANO] * 100), random.Random(1)
    shown = [slips.slipping(example, rng, CLOSING) for _ in range(100)]
    assert all(made == example or made[1].count(tokens.SLIP) >= slips.LEAST_LOOPED for made in shown)
