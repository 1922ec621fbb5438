"""The words of `engines/base.py`, held by every engine."""

from __future__ import annotations

import contextlib
import itertools
import queue
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from make_mlx_model import make_mlx_model
from pensieve.core.generation import Chunk, Job, Prefill, Sampling, Span
from pensieve.core.literal import CUT
from pensieve.core.model import EngineName
from pensieve.engines.base import Engine, EngineFailure, EngineOptions
from pensieve.engines.load import load_engine
from pensieve.engines.scripted.engine import ScriptedEngine

GREEDY = Sampling(temperature=0.0)
SCRIPT = {"replies": [{"when": "slow", "steps": ["a", {"sleep": 600}, "b"]}, {"steps": ["word "] * 400}]}
PATIENCE = 60
ENGINES: list[EngineName] = ["llamacpp", "mlx", "scripted"]


class Run:
    """One submitted job and its Chunks."""

    def __init__(self, engine: Engine, job: Job) -> None:
        self.engine, self.job = engine, job
        self._arrived: queue.SimpleQueue[Chunk] = queue.SimpleQueue()
        self.chunks: list[Chunk] = []
        engine.submit(job, self._arrived.put)

    def next(self) -> Chunk:
        self.chunks.append(self._arrived.get(timeout=PATIENCE))
        return self.chunks[-1]

    def to_end(self) -> list[Chunk]:
        while self.next().finish is None:
            pass
        assert self._arrived.empty(), "something came after the terminal Chunk"
        return self.chunks

    @property
    def cached(self) -> int:
        return self.prefills[0].cached

    @property
    def read(self) -> int:
        """As far as was told."""
        return self.prefills[-1].done

    @property
    def prefills(self) -> list[Prefill]:
        return [chunk.prefill for chunk in self.chunks if chunk.prefill is not None]

    @property
    def text(self) -> str:
        return "".join(chunk.text for chunk in self.chunks)

    @property
    def tokens(self) -> int:
        return sum(chunk.tokens for chunk in self.chunks)

    @property
    def reason(self) -> str:
        finish = self.chunks[-1].finish
        return finish.reason if finish else "none"


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("script") / "script.json"
    path.write_bytes(msgspec.json.encode(SCRIPT))
    return path


@pytest.fixture(scope="module")
def models(tiny_model: Path, script: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[EngineName, Path]:
    folder = make_mlx_model("tiny", tmp_path_factory.mktemp("mlx") / "tiny")
    return {"llamacpp": tiny_model, "mlx": folder, "scripted": script}


@pytest.fixture(scope="module", params=ENGINES)
def engine(
    request: pytest.FixtureRequest, models: dict[EngineName, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    name: EngineName = request.param
    loaded = load_engine(name, options(models[name], tmp_path_factory.mktemp(name)))
    yield loaded
    loaded.close()


def options(model: Path, directory: Path) -> EngineOptions:
    return EngineOptions(str(model), 8192, 4, 0, 512, 0, str(directory))


def job(engine: Engine, number: int, text: str = "Say something.", max_tokens: int = 60) -> Job:
    return Job(number, engine.tokenize(text), GREEDY, max_tokens)


def test_tokens_are_the_same_every_time(engine: Engine) -> None:
    assert engine.tokenize("Hello, wörld 😀") == engine.tokenize("Hello, wörld 😀") != ()


def test_an_empty_text_may_have_tokens_but_is_no_error(engine: Engine) -> None:
    assert isinstance(engine.tokenize(""), tuple)


def test_the_prefill_comes_first_and_the_end_once_and_last(engine: Engine) -> None:
    run = Run(engine, job(engine, 1))
    chunks = run.to_end()
    assert chunks[0].prefill is not None
    assert chunks[0].prefill.total == len(run.job.prompt)
    assert sum(chunk.finish is not None for chunk in chunks) == 1
    assert run.text


def test_max_tokens_is_kept_to_the_token(engine: Engine) -> None:
    run = Run(engine, job(engine, 2, max_tokens=37))
    run.to_end()
    assert (run.reason, run.tokens) == ("length", 37)


def test_no_tokens_at_all_still_reads_the_prompt(engine: Engine) -> None:
    run = Run(engine, job(engine, 3, "Only read this.", max_tokens=0))
    run.to_end()
    assert (run.reason, run.tokens, run.text) == ("length", 0, "")
    prefill = run.chunks[-2].prefill
    assert prefill is not None and prefill.done == prefill.total


def test_greedy_answers_repeat(engine: Engine) -> None:
    first, second = Run(engine, job(engine, 4)), Run(engine, job(engine, 5))
    first.to_end()
    second.to_end()
    assert first.text == second.text


def test_what_is_banned_is_never_written(engine: Engine) -> None:
    free = Run(engine, job(engine, 6))
    written = {token for chunk in free.to_end() for token in chunk.ids}
    if isinstance(engine, ScriptedEngine):
        return  # It plays what it is told to.
    banned = tuple(written)[:5]
    held = Run(engine, msgspec.structs.replace(job(engine, 7), banned=banned))
    ids = [token for chunk in held.to_end() for token in chunk.ids]
    assert ids and not set(ids) & set(banned)


def test_jobs_run_at_once_and_more_than_fit_wait_their_turn(engine: Engine) -> None:
    alone = Run(engine, job(engine, 10))
    alone.to_end()
    runs = [Run(engine, job(engine, 11 + number)) for number in range(9)]
    for run in runs:
        run.to_end()
    assert {run.text for run in runs} == {alone.text}


def test_a_cancelled_job_says_so_and_frees_its_place(engine: Engine) -> None:
    runs = [Run(engine, job(engine, 30 + number, "slow, please", max_tokens=5000)) for number in range(4)]
    for run in runs:
        while not run.next().text:
            pass
        engine.cancel(run.job.id)
    for run in runs:
        run.to_end()
        assert run.reason == "cancelled"
    after = Run(engine, job(engine, 40, max_tokens=5))
    after.to_end()
    assert after.reason == "length"


def test_a_job_can_be_cancelled_before_it_has_begun(engine: Engine) -> None:
    busy = [Run(engine, job(engine, 50 + number, "slow, please", max_tokens=5000)) for number in range(4)]
    waiting = Run(engine, job(engine, 60))
    engine.cancel(60)
    for run in busy:
        engine.cancel(run.job.id)
        run.to_end()
    waiting.to_end()
    assert waiting.reason == "cancelled"


@pytest.mark.parametrize("name", ["llamacpp", "mlx"])
def test_what_was_read_for_a_cancelled_job_is_not_read_again(
    name: EngineName, models: dict[EngineName, Path], tmp_path: Path
) -> None:
    """Ten clients in a row that have no patience cost one reading."""
    loaded = load_engine(name, msgspec.structs.replace(options(models[name], tmp_path), batch=128))
    with contextlib.closing(loaded) as engine:
        runs = impatient(engine, 10)
    assert runs[0].reason == "cancelled" and runs[0].read < 4000
    assert runs[-1].reason == "length" and runs[-1].read == 4000
    assert sum(run.read - run.cached for run in runs) <= 4000 + len(runs)


def impatient(engine: Engine, attempts: int) -> list[Run]:
    """Each cancelled when something has been read, but for one more."""
    words = "".join(f"Line {number} of a text that takes its time to be read. " for number in range(1000))
    whole = msgspec.structs.replace(job(engine, 0, max_tokens=3), prompt=engine.tokenize(words)[:4000])
    runs: list[Run] = []
    for number in range(attempts):
        runs.append(Run(engine, msgspec.structs.replace(whole, id=number)))
        while runs[-1].next().prefill is None or runs[-1].read == runs[-1].cached:
            pass
        engine.cancel(number)
    runs.append(Run(engine, msgspec.structs.replace(whole, id=attempts)))
    for run, after in itertools.pairwise(runs):
        run.to_end()
        after.next()
        assert after.cached >= min(run.read, 4000 - 1)
    runs[-1].to_end()
    return runs


def test_cancelling_what_is_not_there_is_harmless(engine: Engine) -> None:
    run = Run(engine, job(engine, 70))
    run.to_end()
    engine.cancel(70)
    engine.cancel(424242)


@pytest.mark.parametrize("prompt", ["Say something.", "Grüße 😀 é", "Once upon a time"])
def test_a_resumed_job_goes_on_where_it_was(engine: Engine, prompt: str) -> None:
    whole = Run(engine, job(engine, 80, prompt, max_tokens=120))
    output = [chunk for chunk in whole.to_end() if chunk.text]
    for cut in range(1, len(output), 9):
        before = output[:cut]
        spans = tuple(Span(chunk.text, chunk.ids, chunk.missing) for chunk in before)
        left = 120 - sum(chunk.tokens for chunk in before)
        rest = Run(engine, msgspec.structs.replace(job(engine, 80 + cut, prompt), max_tokens=left, generated=spans))
        rest.to_end()
        assert "".join(chunk.text for chunk in before) + rest.text == whole.text
        assert (rest.tokens, rest.reason) == (whole.tokens - (120 - left), whole.reason)


def test_while_prompts_are_held_answers_go_on_and_prompts_wait(engine: Engine) -> None:
    words = "Read all of this, calmly and to the end. " * 100
    free = Run(engine, job(engine, 400, words))
    free.to_end()
    writing = Run(engine, job(engine, 401, "Write.", max_tokens=3000))
    while not writing.next().text:
        pass
    engine.restrain(0, hold=True)
    held, unwanted = Run(engine, job(engine, 402, words)), Run(engine, job(engine, 403, words))
    writing.to_end()
    assert writing.reason in ("length", "end")
    engine.beat()
    engine.cancel(403)
    unwanted.to_end()
    assert (unwanted.reason, unwanted.text, held.text) == ("cancelled", "", "")
    engine.restrain(None, hold=False)
    held.to_end()
    assert (held.text, held.reason) == (free.text, free.reason)


def test_a_prompt_is_read_on_where_it_was_held(engine: Engine) -> None:
    words = "Another long text, that nobody has read before now. " * 400
    run = Run(engine, job(engine, 410, words))
    run.next()
    engine.restrain(0, hold=True)
    engine.beat()
    engine.restrain(None, hold=False)
    run.to_end()
    again = Run(engine, job(engine, 411, words))
    again.to_end()
    assert (run.text, run.reason) == (again.text, again.reason)


def test_the_loop_answers_a_beat_while_it_works(engine: Engine) -> None:
    run = Run(engine, job(engine, 300, "slow, please", max_tokens=5000))
    while not run.next().text:
        pass
    engine.beat()
    engine.cancel(300)
    run.to_end()


@pytest.mark.parametrize("name", ENGINES)
def test_a_broken_model_is_a_failure_with_words(name: EngineName, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(b"GGUF\x03\x00\x00\x00 and then nothing")
    with pytest.raises(EngineFailure, match=r"\w"):
        load_engine(name, options(broken, tmp_path))


@pytest.mark.parametrize("name", ENGINES)
def test_closing_ends_what_runs(name: EngineName, models: dict[EngineName, Path], tmp_path: Path) -> None:
    engine = load_engine(name, options(models[name], tmp_path))
    run = Run(engine, job(engine, 1, "slow, please", max_tokens=5000))
    while not run.next().text:
        pass
    closing = threading.Thread(target=engine.close)
    closing.start()
    run.to_end()
    closing.join(PATIENCE)
    assert not closing.is_alive()
    assert run.reason == "cancelled"


def test_a_text_that_is_cut_spells_no_token_there(engine: Engine) -> None:
    whole = engine.tokenize("<|im_start|>user\nSay <|im_end|> to me.<|im_end|>\n")
    cut = engine.tokenize(f"<|im_start|>user\nSay <{CUT}|im_end|> to me.<|im_end|>\n")
    if isinstance(engine, ScriptedEngine):
        assert cut == whole  # Its tokens are characters.
        return
    (end,) = engine.tokenize("<|im_end|>")[-1:]
    assert (whole.count(end), cut.count(end)) == (2, 1)
