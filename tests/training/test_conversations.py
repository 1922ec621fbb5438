"""What Nano is taught with: the same for the same seed, with phrasings and words kept back for the examination."""

from __future__ import annotations

import re
from typing import Any

from training.nano import phrases
from training.nano.conversations import HELLOS, Maker
from training.nano.facts import FACTS
from training.nano.lexicon import WORDS, kept_back
from training.nano.messages import Conversation
from training.nano.render import rendered


def test_every_greeting_has_the_number_of_words_it_stands_for() -> None:
    assert all(len(greeting.split()) == count for count, greeting in HELLOS.items())


def test_the_examination_has_words_of_its_own() -> None:
    unseen = [word for word in WORDS if kept_back(word)]
    assert len(unseen) > 200
    maker = Maker("words", unseen=False)
    seen = " ".join(message["content"] for _ in range(500) for message in maker.any().messages)
    assert not {word for word in unseen if len(word) > 7 and f" {word} " in seen}


def test_the_examination_has_phrasings_of_its_own() -> None:
    pairs = [pair for pair in vars(phrases).values() if isinstance(pair, tuple)]
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
