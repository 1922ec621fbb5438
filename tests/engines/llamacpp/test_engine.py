"""What only the real engine can show: answers whose every token is known before they are written."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from make_model import SHAPES, make_model, next_token
from pensieve.core.generation import Chunk, Finish, Job, Sampling, Span
from pensieve.engines.base import Engine, EngineOptions
from pensieve.engines.llamacpp.engine import LlamaCppEngine
from pensieve.engines.llamacpp.threads import allowed_cores, thread_count
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


@pytest.mark.parametrize("number", [7, 13])
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


class Stuck:
    """In the library's place: a step that does not end until it is let. All else is the library's own."""

    def __init__(self, library: Any) -> None:
        self._library = library
        self.entered, self.ends = threading.Event(), threading.Event()

    def handle_completions(self, request: bytes, on_event: Any) -> Any:
        self.entered.set()
        self.ends.wait(60)
        return self._library.handle_completions(request, on_event)

    def handle_metrics(self) -> Any:
        return self._library.handle_metrics()


def test_a_step_that_does_not_end_is_no_beat(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(engine, LlamaCppEngine)
    stuck = Stuck(engine._server)
    monkeypatch.setattr(engine, "_server", stuck)
    engine.beat()
    arrived: queue.SimpleQueue[Chunk] = queue.SimpleQueue()
    engine.submit(Job(900, engine.tokenize("Go on."), Sampling(), 5), arrived.put)
    assert stuck.entered.wait(60)
    beating = threading.Thread(target=engine.beat)
    beating.start()
    beating.join(0.3)
    assert beating.is_alive()
    stuck.ends.set()
    beating.join(60)
    assert not beating.is_alive() and engine.longest_step >= 0.3
    while arrived.get(timeout=60).finish is None:
        pass
    engine.beat()


def test_what_is_read_for_a_resumed_job_can_be_stopped(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A greedy answer of which not all ids were told: they are written once more, behind a prompt to be read anew."""
    assert isinstance(engine, LlamaCppEngine)
    library, asked = engine._server, list[bytes]()

    class Cancelling:
        def handle_completions(self, request: bytes, on_event: Any) -> Any:
            asked.append(request)

            def hear(data: bytes) -> Any:
                engine.cancel(910)
                return on_event(data)

            return library.handle_completions(request, hear)

    words = "Something long that is read before anything can be written once more. " * 150
    job = Job(910, engine.tokenize(words), Sampling(temperature=0.0), 100, generated=(Span("é", (5,), 2),))
    monkeypatch.setattr(engine, "_server", Cancelling())
    chunks = answer(engine, job)
    assert [chunk.finish for chunk in chunks] == [Finish("cancelled")] and len(asked) == 1
    monkeypatch.undo()
    assert answer(engine, job)[-1].finish is not None


@pytest.mark.parametrize(
    ("limit", "cores"), [("max 100000", None), ("200000 100000", 2), ("50000 100000", 1), ("", None), ("odd", None)]
)
def test_no_more_threads_than_a_container_may_use(limit: str, cores: int | None, tmp_path: Path) -> None:
    file = tmp_path / "sys" / "fs" / "cgroup" / "cpu.max"
    file.parent.mkdir(parents=True)
    file.write_text(limit)
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert allowed is not None
    assert allowed_cores(tmp_path) == min(allowed, cores or allowed)
    assert allowed_cores(tmp_path / "none") == allowed
    assert thread_count(7) == 7 and 1 <= thread_count(0) <= allowed
