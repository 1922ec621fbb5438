"""A picture is refused once: whoever goes on is answered."""

from __future__ import annotations

from typing import Any

from pensieve.service.pictures import MOST, Pictures
from pensieve.wire.blocks import DocumentBlock, ImageBlock, TextBlock
from pensieve.wire.request import InputMessage


def picture(data: Any = "a") -> ImageBlock:
    return ImageBlock({"type": "base64", "media_type": "image/png", "data": data})


def message(*blocks: Any) -> InputMessage:
    return InputMessage("user", blocks)


ASKED = message(picture(), TextBlock("what is this?"))


def test_a_new_picture_is_refused_and_so_is_the_same_message_again() -> None:
    pictures = Pictures()
    assert [pictures.known(ASKED) for _ in range(3)] == [False] * 3


def test_who_says_something_else_in_the_same_message_goes_on() -> None:
    pictures = Pictures()
    pictures.known(ASKED)
    longer = message(*ASKED.blocks, TextBlock("never mind"))
    assert pictures.known(longer) and pictures.known(longer)
    assert not pictures.known(ASKED)


def test_a_new_picture_beside_a_known_one_is_refused() -> None:
    pictures = Pictures()
    pictures.known(ASKED)
    both = message(*ASKED.blocks, picture("b"))
    assert not pictures.known(both) and not pictures.known(both)
    assert pictures.known(message(*both.blocks, TextBlock("never mind")))


def test_pictures_in_documents_count() -> None:
    pictures = Pictures()
    document = DocumentBlock({"type": "content", "content": [{"type": "image", "source": {}}]})
    assert not pictures.known(message(document))
    assert pictures.known(message(document, TextBlock("never mind")))


def test_the_oldest_are_forgotten() -> None:
    pictures = Pictures()
    pictures.known(ASKED)
    for number in range(MOST):
        pictures.known(message(picture(number)))
    assert not pictures.known(message(*ASKED.blocks, TextBlock("never mind")))
