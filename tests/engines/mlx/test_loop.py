"""The generating loop with models of three kinds: caches that can be cut anywhere, windows, sums over all tokens."""

from __future__ import annotations

import gc
import json
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest
from mlx_lm.generate import generate_step

from make_mlx_model import HYBRID, WINDOWED, make_mlx_model, make_random_model
from pensieve.core.generation import Chunk, Finish, Job, Prefill, Sampling
from pensieve.engines.base import EngineOptions
from pensieve.engines.mlx.loading import load_model
from pensieve.engines.mlx.loop import BUFFERS_KEPT, BUFFERS_KEPT_READING, Loop
from pensieve.engines.mlx.tokens import Tokens

GREEDY = Sampling(temperature=0.0)
STORY = "Once upon a time there was a machine that read everything twice. " * 12


class Kind:
    """A loaded model, and as many fresh loops over it as a test likes."""

    def __init__(self, folder: Path) -> None:
        self.model, self.tokens = load_model(folder), Tokens(folder)

    def loop(self, *, parallel: int = 4, batch: int = 64, cache_mb: int = 64, context: int = 8192) -> Loop:
        return Loop(self.model, self.tokens, EngineOptions("", context, parallel, 0, batch, cache_mb, ""))

    def expected(self, prompt: tuple[int, ...], count: int) -> list[int]:
        """What mlx-lm itself writes."""
        steps = generate_step(mx.array(prompt), self.model, max_tokens=count, prefill_step_size=64)
        return [token for token, _ in steps]


class Answer:
    """A submitted job and what came of it."""

    def __init__(self, loop: Loop, number: int, prompt: tuple[int, ...], count: int, **more: Any) -> None:
        self.chunks: list[Chunk] = []
        loop.submit(Job(number, prompt, more.pop("sampling", GREEDY), count, **more), self.chunks.append)

    @property
    def ids(self) -> list[int]:
        return [token for chunk in self.chunks for token in chunk.ids]

    @property
    def text(self) -> str:
        return "".join(chunk.text for chunk in self.chunks)

    @property
    def prefills(self) -> list[Prefill]:
        return [chunk.prefill for chunk in self.chunks if chunk.prefill is not None]

    @property
    def finish(self) -> Finish | None:
        return self.chunks[-1].finish if self.chunks else None


def run(loop: Loop) -> None:
    while not loop.idle:
        loop.step()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def tiny(folder: Path) -> Kind:
    return Kind(make_mlx_model("tiny", folder / "tiny"))


@pytest.fixture(scope="module", params=["tiny", "windowed", "hybrid"])
def kind(request: pytest.FixtureRequest, folder: Path, tiny: Kind) -> Kind:
    if request.param == "tiny":
        return tiny
    return Kind(make_random_model(WINDOWED if request.param == "windowed" else HYBRID, folder / request.param))


def test_greedy_answers_are_what_mlx_lm_writes_alone_and_together(kind: Kind) -> None:
    prompts = [kind.tokens.tokenize(text) for text in ("Hi.", STORY, "Tell me more, please.", STORY[100:400])]
    expected = [kind.expected(prompt, 24) for prompt in prompts]
    loop = kind.loop(cache_mb=0)
    answers = []
    for number, prompt in enumerate(prompts):
        answers.append(Answer(loop, number, prompt, 24))
        for _ in range(3):
            loop.step()
    run(loop)
    assert [answer.ids for answer in answers] == expected
    assert [answer.finish for answer in answers] == [Finish("length")] * 4


def test_what_has_been_read_is_not_read_again_and_changes_nothing(kind: Kind) -> None:
    first = kind.tokens.tokenize(STORY)
    loop = kind.loop()
    before = Answer(loop, 1, first, 10)
    run(loop)
    turns = (*first, *before.ids, *kind.tokens.plain(" And then? Tell me."))
    again, branch = Answer(loop, 2, turns, 20), Answer(loop, 3, (*first[:-1], 5, 6, 7), 20)
    run(loop)
    assert again.prefills[0].cached >= len(first) - 1
    assert branch.prefills[0].cached == len(first) - 1
    assert again.ids == kind.expected(turns, 20)
    assert branch.ids == kind.expected((*first[:-1], 5, 6, 7), 20)


def test_what_conversations_share_outlasts_them(kind: Kind) -> None:
    """The system prompt is there for the next conversation, though none is kept any more."""
    system = kind.tokens.tokenize(STORY)
    loop = kind.loop(cache_mb=64)
    prompts = [(*system, number, 9, 9, 9) for number in range(3)]
    for number, prompt in enumerate(prompts[:2]):
        Answer(loop, number, prompt, 4, shared=len(system))
        run(loop)
    Answer(loop, 2, (9,) * 50, 1)
    run(loop)
    tree = loop._prefixes
    while len(tree._own) > 1:
        tree.shrink(tree.nbytes - 1)
    assert [entry.tokens for entry in tree._shared.values()] == [len(system)]
    third = Answer(loop, 3, prompts[2], 12, shared=len(system))
    run(loop)
    assert third.prefills[0].cached == len(system)
    assert third.ids == kind.expected(prompts[2], 12)


def test_the_next_turn_may_have_the_answer_in_other_words(kind: Kind) -> None:
    """As templates do that drop thoughts: what is the same ends where the model's own turn began."""
    start = next(number for number, text in kind.tokens.special.items() if text == "<|im_start|>")
    asked = (*kind.tokens.tokenize(STORY), start, 40, 41, 42)
    loop = kind.loop()
    Answer(loop, 1, asked, 6)
    run(loop)
    turns = (*asked[:-1], 50, 51, 52)
    again = Answer(loop, 2, turns, 12)
    run(loop)
    assert again.prefills[0].cached >= len(asked) - 4
    assert again.ids == kind.expected(turns, 12)


def test_it_tells_what_its_memory_holds(kind: Kind) -> None:
    loop = kind.loop()
    answer = Answer(loop, 1, kind.tokens.tokenize(STORY), 30)
    while not answer.ids:
        loop.step()
    busy = loop.memory()
    assert busy.peak >= busy.active > busy.running_kv > 0 and busy.kv_per_token > 0
    run(loop)
    assert loop._buffers_kept == BUFFERS_KEPT
    idle = loop.memory()
    assert idle.running_kv == 0 and idle.kept_kv == loop._prefixes.nbytes > 0
    Answer(loop, 2, (9,) * 500, 1)
    loop.step()
    assert loop._buffers_kept == BUFFERS_KEPT_READING
    loop.cancel_all()
    assert loop._buffers_kept == BUFFERS_KEPT


def test_the_same_prompt_once_more_reads_its_last_token_alone(kind: Kind) -> None:
    prompt = kind.tokens.tokenize(STORY[:300])
    loop = kind.loop()
    answers = []
    for number in range(2):
        answers.append(Answer(loop, number, prompt, 12))
        run(loop)
    assert answers[1].prefills[0] == Prefill(len(prompt), len(prompt) - 1, len(prompt) - 1)
    assert answers[0].ids == answers[1].ids


def test_a_prompt_of_one_token(kind: Kind) -> None:
    loop = kind.loop()
    answer = Answer(loop, 1, (17,), 5)
    run(loop)
    assert answer.ids == kind.expected((17,), 5)


def test_a_job_can_be_cancelled_in_the_queue_while_it_reads_and_while_it_writes(kind: Kind) -> None:
    loop = kind.loop(parallel=2, batch=32)
    story = kind.tokens.tokenize(STORY)
    writes, reads, waits = Answer(loop, 1, (1, 2, 3), 500), Answer(loop, 2, story, 5), Answer(loop, 3, (4, 5), 5)
    while len(reads.prefills) < 2:
        loop.step()
    assert reads.prefills[-1].done < len(story) and not waits.chunks
    for number in (1, 2, 3):
        loop.cancel(number)
    assert loop.idle
    assert [answer.finish for answer in (writes, reads, waits)] == [Finish("cancelled")] * 3
    assert writes.ids and not reads.ids
    after = Answer(loop, 4, story, 8)
    run(loop)
    assert after.prefills[0].cached == reads.prefills[-1].done
    assert after.ids == kind.expected(story, 8)


def test_a_job_cancelled_before_it_has_read_anything_leaves_nothing(kind: Kind) -> None:
    story = kind.tokens.tokenize(STORY)
    loop = kind.loop(batch=32)
    first = Answer(loop, 1, story, 5)
    run(loop)
    kept = len(loop._prefixes), loop._prefixes.nbytes
    reads, waits = Answer(loop, 2, (9, *story), 5), Answer(loop, 3, (*story, 1, 2), 5)
    loop.step()
    # The other is still being read, so this one stands in line with what it starts from.
    assert reads.prefills[-1].done < len(story) and len(waits.prefills) == 1
    loop.cancel(3)
    assert (len(loop._prefixes), loop._prefixes.nbytes) == kept
    loop.cancel(2)
    again = Answer(loop, 4, story, 5)
    run(loop)
    assert again.ids == first.ids


SCHEMA = {
    "type": "object",
    "properties": {"tool": {"enum": ["Read", "Bash"]}, "n": {"type": "integer", "minimum": 0, "maximum": 99}},
    "required": ["tool", "n"],
    "additionalProperties": False,
}


def test_one_of_a_batch_is_held_to_a_grammar(kind: Kind) -> None:
    loop = kind.loop()
    grammar = "%llguidance {}\nstart: %json " + json.dumps(SCHEMA | {"x-guidance": {"whitespace_flexible": False}})
    free = Answer(loop, 1, (3, 4, 5), 40)
    held = [Answer(loop, n, (7, 8, n), 90, grammar=grammar, sampling=Sampling()) for n in (2, 3)]
    run(loop)
    for answer in held:
        value = json.loads(answer.text)
        assert value["tool"] in ("Read", "Bash") and 0 <= value["n"] <= 99
        assert answer.finish == Finish("end")
    assert free.ids == kind.expected((3, 4, 5), 40)


def test_a_grammar_that_cannot_be_read_fails_its_own_job(tiny: Kind) -> None:
    loop = tiny.loop()
    good, bad = Answer(loop, 1, (3, 4, 5), 20), Answer(loop, 2, (3, 4, 6), 20, grammar="start: nothing_of_this_name")
    run(loop)
    assert bad.finish is not None and bad.finish.reason == "failed" and "grammar" in bad.finish.message
    assert good.ids == tiny.expected((3, 4, 5), 20)


def test_a_step_that_fails_ends_its_jobs_and_leaves_nothing_wrong_behind(
    tiny: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = tiny.loop()
    prompt = tiny.tokens.tokenize(STORY)
    answers = [Answer(loop, number, prompt, 30) for number in range(2)]
    while not answers[0].ids:
        loop.step()

    def fail() -> None:
        raise RuntimeError("no more memory")

    with monkeypatch.context() as patch:
        patch.setattr(loop._generator, "next", fail)
        loop.step()
    assert [answer.finish for answer in answers] == [Finish("failed", "no more memory")] * 2
    after = Answer(loop, 9, prompt, 30)
    run(loop)
    assert (after.prefills[0].cached, after.ids) == (0, tiny.expected(prompt, 30))


def test_an_error_of_the_gpu_ends_the_loop(tiny: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = tiny.loop()
    answer = Answer(loop, 1, (3, 4, 5), 30)
    loop.step()

    def fail() -> None:
        raise RuntimeError("[METAL] Command buffer execution failed")

    monkeypatch.setattr(loop._generator, "next", fail)
    monkeypatch.setattr("pensieve.engines.mlx.loop.on_gpu", lambda: True)
    with pytest.raises(RuntimeError):
        loop.step()
    assert answer.finish is None


def test_long_prompts_are_read_in_shorter_stretches(tiny: Kind) -> None:
    loop = tiny.loop(batch=2048)
    for number, length, stretch in ((1, 10, 2048), (2, 100_000, 1300)):
        Answer(loop, number, (3,) * length, 1)
        loop.step()
        assert loop._generator.prefill_step_size == stretch
    loop.cancel_all()


def test_markers_have_text_and_other_special_tokens_have_none(tiny: Kind) -> None:
    loop = tiny.loop()
    call = tiny.tokens.tokenizer.token_to_id("<tool_call>")
    start = next(number for number, text in tiny.tokens.special.items() if text == "<|im_start|>")
    grammar = f'%llguidance {{}}\nstart: <[{call}]> <[{start}]> "é😀" <[{call}]>\n'
    answer = Answer(loop, 1, (3, 4, 5), 30, grammar=grammar, markers=("<tool_call>",))
    run(loop)
    assert answer.text == "<tool_call>é😀<tool_call>"
    assert answer.finish == Finish("end")
    # An id whose character is not complete waits for the rest: what was told can be gone on from.
    assert all(chunk.text for chunk in answer.chunks if chunk.ids and chunk.finish is None)


def test_memory_comes_back_to_what_it_was(tiny: Kind) -> None:
    loop = tiny.loop(cache_mb=4)

    def many(start: int) -> int:
        for number in range(start, start + 25):
            prompt = tiny.tokens.tokenize(f"{number} {STORY}"[: 200 + 20 * (number % 7)])
            Answer(loop, number, prompt, 5)
        run(loop)
        loop._prefixes.shrink(0)
        gc.collect()
        mx.clear_cache()
        return int(mx.get_active_memory())

    first = many(0)
    assert many(100) == first
    assert loop._generator.prompt_cache_nbytes == 0


def test_kept_prefixes_take_what_running_jobs_leave(tiny: Kind) -> None:
    """Of the tiny model a token weighs 2 KiB: four layers, two heads of 32 numbers, keys and values in f32."""
    loop = tiny.loop(cache_mb=5, context=1024, parallel=2, batch=512)
    Answer(loop, 0, (5,) * 2100, 1)
    run(loop)
    for number in range(20):
        Answer(loop, number, tiny.tokens.tokenize(f"{number} {STORY}"), 3)
    run(loop)
    assert loop._per_token == 4 * 2 * 32 * 2 * 4
    most = (5 << 20) + 2 * 1024 * 2048
    assert most - 300 * 2048 < loop._prefixes.nbytes <= most
    long = Answer(loop, 99, (1, 2, 3), 900)
    while len(long.ids) < 800:
        loop.step()
    assert loop._prefixes.nbytes <= most - 700 * 2048
    loop.cancel_all()
