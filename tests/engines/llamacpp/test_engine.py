"""What only the real engine can show: answers whose every token is known before they are written."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from pathlib import Path

import pytest

from make_model import SHAPES, make_model, next_token
from pensieve.core.generation import Chunk, Job, Sampling, Span
from pensieve.engines.base import Engine, EngineOptions
from pensieve.engines.load import load_engine

TOKENS = 1500


@pytest.fixture(scope="module")
def engine(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    loaded = load_engine(
        "llamacpp", EngineOptions(str(tiny_model), 4096, 1, 0, 512, 0, str(tmp_path_factory.mktemp("engine")))
    )
    yield loaded
    loaded.close()


def answer(engine: Engine, job: Job) -> list[Chunk]:
    arrived: queue.SimpleQueue[Chunk] = queue.SimpleQueue()
    engine.submit(job, arrived.put)
    chunks = [arrived.get(timeout=60)]
    while chunks[-1].finish is None:
        chunks.append(arrived.get(timeout=60))
    return chunks


def foretold(prompt: tuple[int, ...]) -> tuple[int, ...]:
    ids = list(prompt)
    while len(ids) < len(prompt) + TOKENS:
        ids.append(next_token(ids, SHAPES["tiny"].ordinary))
    return tuple(ids[len(prompt) :])


@pytest.mark.parametrize("number", [0, 7, 13])
def test_a_long_answer_is_right_in_every_token_wherever_it_is_resumed(engine: Engine, number: int) -> None:
    prompt = engine.tokenize(f"<|im_start|>user\nTell me story number {number}.<|im_end|>\n<|im_start|>assistant\n")
    job = Job(number, prompt, Sampling(temperature=0.0), TOKENS)
    chunks = answer(engine, job)
    expected, gaps, told = foretold(prompt), 0, 0
    for chunk in chunks:
        gaps += chunk.missing > 0
        told += chunk.tokens
        assert chunk.ids == expected[told - len(chunk.ids) : told]
    assert (told, gaps > 0) == (TOKENS, True)
    # What a next worker would be given after each of these chunks.
    text = "".join(chunk.text for chunk in chunks)
    for cut in range(100, len(chunks), 400):
        spans = tuple(Span(chunk.text, chunk.ids, chunk.missing) for chunk in chunks[:cut] if chunk.tokens)
        left = TOKENS - sum(chunk.tokens for chunk in chunks[:cut])
        rest = answer(engine, Job(100 * number + cut, prompt, job.sampling, left, generated=spans))
        assert "".join(chunk.text for chunk in [*chunks[:cut], *rest]) == text


@pytest.mark.parametrize(("kind", "hides"), [("dice", False), ("dice-gpt-2", True)])
def test_what_a_grammar_does_not_see_of_some_vocabularies(kind: str, hides: bool, tmp_path: Path) -> None:
    """llama.cpp "cleans up" the texts of the tokens that it shows the grammar: `fit` and `mend` know what that does."""
    engine = load_engine(
        "llamacpp", EngineOptions(str(make_model(kind, tmp_path / "dice.gguf")), 4096, 1, 0, 512, 0, str(tmp_path))
    )
    grammar = '%llguidance {}\nstart: %json {"type": "number"}\n'
    jobs = [Job(number, (1,), Sampling(), 20, grammar=grammar) for number in range(30)]
    said = ["".join(chunk.text for chunk in answer(engine, job)) for job in jobs]
    engine.close()
    assert any(" ." in text for text in said) == hides
    assert not [text for text in said if " " in text.replace(" .", ".")]
