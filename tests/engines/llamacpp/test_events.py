"""The library's events as Chunks, with the tokens that its stream leaves out."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pensieve.core.generation import Chunk, Finish, Prefill
from pensieve.engines.llamacpp.events import ChunkMaker, decode


def event(**verbose: Any) -> Any:
    return decode(msgspec.json.encode({"choices": [], "__verbose": verbose}))


def output(text: str, ids: list[int], predicted: int) -> Any:
    return event(content=text, tokens=ids, tokens_predicted=predicted, stop=False)


def end(predicted: int, stop_type: str = "eos") -> Any:
    return event(content="", tokens=[], tokens_predicted=predicted, stop=True, stop_type=stop_type)


def test_progress_is_a_prefill() -> None:
    progress = event(content="", tokens=[0], prompt_progress={"total": 9, "cache": 3, "processed": 5})
    assert ChunkMaker().chunk(progress) == Chunk(prefill=Prefill(9, 3, 5))


def test_tokens_come_with_their_text() -> None:
    maker = ChunkMaker()
    assert maker.chunk(output("a", [7], 1)) == Chunk(text="a", ids=(7,))
    assert maker.chunk(output("b", [8], 2)) == Chunk(text="b", ids=(8,))


def test_a_jump_in_the_count_tells_of_missing_ids() -> None:
    maker = ChunkMaker()
    assert maker.chunk(output("😀", [225], 4)) == Chunk(text="😀", ids=(225,), missing=3)


def test_tokens_without_text_wait_for_the_next() -> None:
    maker = ChunkMaker()
    assert maker.chunk(output("", [1], 1)) is None
    assert maker.chunk(output("", [2], 2)) is None
    assert maker.chunk(output("c", [3], 3)) == Chunk(text="c", ids=(1, 2, 3))


def test_waiting_tokens_before_a_gap_are_counted_with_it() -> None:
    maker = ChunkMaker()
    assert maker.chunk(output("", [1], 1)) is None
    assert maker.chunk(output("é", [9], 3)) == Chunk(text="é", ids=(9,), missing=2)


def test_the_last_token_leaves_only_with_the_end() -> None:
    maker = ChunkMaker()
    maker.chunk(output("a", [7], 1))
    assert maker.chunk(output("", [2], 2)) is None
    assert maker.chunk(end(2)) is None
    assert maker.last(cancelled=False) == Chunk(ids=(2,), finish=Finish("end"))


def test_tokens_that_never_became_text_are_counted() -> None:
    maker = ChunkMaker()
    maker.chunk(output("a", [7], 1))
    maker.chunk(end(3, "limit"))
    assert maker.last(cancelled=False) == Chunk(missing=2, finish=Finish("length"))


@pytest.mark.parametrize(
    ("cancelled", "finish"), [(True, Finish("cancelled")), (False, Finish("failed", "llama.cpp ended without a word"))]
)
def test_an_end_without_an_event_is_a_cancel_or_a_failure(cancelled: bool, finish: Finish) -> None:
    assert ChunkMaker().last(cancelled) == Chunk(finish=finish)


def test_a_failure_keeps_its_words_even_when_cancelled() -> None:
    maker = ChunkMaker()
    assert maker.chunk(decode(b'{"error": {"code": 400, "message": "no room"}}')) is None
    assert maker.last(cancelled=True) == Chunk(finish=Finish("failed", "no room"))
