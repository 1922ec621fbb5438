"""Blocks in words: documents of every kind of source, images, tool results, and what leaves no words."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from pensieve.conversation.content import IMAGE_NOTE, result_text, text_of
from pensieve.core.errors import RequestError
from pensieve.wire.blocks import (
    AnyBlock,
    DocumentBlock,
    ImageBlock,
    RedactedThinkingBlock,
    TextBlock,
    ThinkingBlock,
    ToolResultBlock,
    UnknownBlock,
)

IMAGE = {"type": "image", "source": {"type": "url", "url": "http://127.0.0.1/x.png"}}
TEXT = {"type": "text", "text": "a"}
UNREADABLE = "[A document stands here that this server cannot read yet.]"


def coded(data: bytes) -> dict[str, Any]:
    return {"type": "base64", "media_type": "text/plain", "data": base64.b64encode(data).decode()}


def document(source: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"type": "document", "source": source, **fields}


def no_image(path: str) -> str:
    raise RequestError("no image", field=path)


def text(block: AnyBlock, path: str) -> str:
    return text_of(block, path, no_image)


def words(content: Any, is_error: bool | None = None) -> str:
    return result_text(ToolResultBlock("1", content, is_error), "p", lambda name: f"<{name}>")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({"type": "text", "media_type": "text/plain", "data": "plain"}, "plain"),
        ({"type": "text", "data": ""}, ""),
        ({"type": "content", "content": "a string"}, "a string"),
        ({"type": "content", "content": [TEXT, TEXT]}, "a\na"),
        ({"type": "content", "content": []}, ""),
        (coded("Grüße\n".encode()), "Grüße\n"),
        (coded(b""), ""),
        ({"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}, UNREADABLE),
        ({"type": "url", "url": "http://127.0.0.1/x.pdf"}, UNREADABLE),
        ({"type": "file", "file_id": "f"}, UNREADABLE),
        ({}, UNREADABLE),
    ],
)
def test_a_document_is_its_text_or_a_note(source: dict[str, Any], expected: str) -> None:
    assert text(DocumentBlock(source), "p") == expected
    titled = f"Notes\n{expected}" if expected else "Notes"
    assert text(DocumentBlock(source, title="Notes"), "p") == titled
    assert words([document(source, title="Notes")]) == titled
    assert text(DocumentBlock(source, title="Notes", context="c"), "p") == titled.replace("Notes", "Notes\nc", 1)


@pytest.mark.parametrize("data", ["!", "YQ", base64.b64encode(b"\xff").decode()])
def test_a_document_that_is_not_base64_of_text_is_an_error_that_names_its_place(data: str) -> None:
    block = DocumentBlock({"type": "base64", "media_type": "text/plain", "data": data})
    with pytest.raises(RequestError) as caught:
        text(block, "messages.0.content.1")
    assert caught.value.field == "messages.0.content.1.source.data"


def test_a_wrong_block_in_a_document_is_named_with_its_path() -> None:
    block = DocumentBlock({"type": "content", "content": [TEXT, {"type": "text", "text": 5}]})
    with pytest.raises(RequestError, match=r"^p\.source\.content\.1\.text: expected str, got int$"):
        text(block, "p")


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (TextBlock("hi"), "hi"),
        (TextBlock(""), ""),
        (ThinkingBlock("hm", "s"), ""),
        (RedactedThinkingBlock("d"), ""),
        (UnknownBlock("made_up"), ""),
    ],
)
def test_text_is_itself_and_thoughts_and_unknown_things_are_nothing(block: AnyBlock, expected: str) -> None:
    assert text(block, "p") == expected


def test_an_unknown_block_is_logged_with_its_kind_and_place(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        text(UnknownBlock("made_up"), "messages.3.content.0")
    assert "made_up" in caplog.text and "messages.3.content.0" in caplog.text


def test_an_image_is_an_error_that_names_its_place() -> None:
    with pytest.raises(RequestError) as caught:
        text(ImageBlock({"type": "url"}), "messages.0.content.2")
    assert caught.value.field == "messages.0.content.2"
    assert "image" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, ""),
        ("text", "text"),
        ([], ""),
        ([TEXT, TEXT], "a\na"),
        ([IMAGE], IMAGE_NOTE),
        ([TEXT, IMAGE, TEXT], f"a\n{IMAGE_NOTE}\na"),
        ([{"type": "tool_reference", "tool_name": "f"}, TEXT], "<f>\na"),
        ([document({"type": "content", "content": [TEXT, IMAGE]})], f"a\n{IMAGE_NOTE}"),
    ],
)
def test_a_result_is_told_in_words_and_an_image_in_it_by_a_note(content: Any, expected: str) -> None:
    assert words(content) == words(content, is_error=False) == expected
    assert words(content, is_error=True) == f"The tool failed: {expected}"


def test_a_wrong_block_in_a_result_is_named_with_its_path() -> None:
    with pytest.raises(RequestError, match=r"^p\.content\.1\.text: field required$"):
        words([TEXT, {"type": "text"}])
