"""What Nano is taught with: the same for the same seed, with phrasings and words kept back for the examination."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from training.nano import command_phrases, messages, phrases, results, sayings
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
        ids, own = labeller(text)
        assert labeller.tokenizer.decode(ids, skip_special_tokens=False) == text
        marked = [id for id, mine in zip(ids, own, strict=True) if mine]
        said = re.findall(r"<\|im_start\|>assistant\n(.*?<\|im_end\|>)", text, re.DOTALL)
        assert labeller.tokenizer.decode(marked, skip_special_tokens=False) == "".join(said)


def test_a_slip_is_shown_and_not_taught() -> None:
    """What is to be said is taught in full, in its order, with or without a slip in between."""
    data = pytest.importorskip("training.nano.data", reason="PyTorch is for training only")
    ids, own = list(range(100)), [False] * 20 + [True] * 80
    rng, slips = random.Random(1), 0
    for _ in range(500):
        shown, taught = data.slipping((ids, own), rng)
        assert [token for token, mark in zip(shown, taught, strict=True) if mark] == ids[20:]
        slips += len(shown) > len(ids)
    assert 10 < slips < 60
