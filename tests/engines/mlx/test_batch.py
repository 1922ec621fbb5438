"""Who is alone in a batch has caches of its own kind; others come and go, and answers stay the same."""

from __future__ import annotations

from typing import Any

import mlx.core as mx
import pytest
from mlx_lm.generate import BatchGenerator, generate_step
from mlx_lm.models.cache import BatchKVCache, KVCache

from make_mlx_model import make_mlx_model
from pensieve.engines.mlx.batch import Batch
from pensieve.engines.mlx.loading import load_model

PROMPTS = [3, 4, 5, 6], [7, 8, 9, 10, 11, 12, 13], [14, 15]
COUNT = 40


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return load_model(make_mlx_model("tiny", tmp_path_factory.mktemp("model") / "tiny"))


@pytest.fixture
def generator(model: Any) -> BatchGenerator:
    generator = BatchGenerator(model, completion_batch_size=4, prefill_batch_size=1)
    generator._generation_batch = Batch.empty(model, generator.sampler)
    return generator


def kinds(generator: BatchGenerator) -> set[type]:
    return {type(cache) for cache in generator._generation_batch.prompt_cache}


def test_one_alone_is_not_batched_and_answers_stay_the_same(model: Any, generator: BatchGenerator) -> None:
    expected = [
        [token for token, _ in generate_step(mx.array(prompt), model, max_tokens=COUNT, prefill_step_size=64)]
        for prompt in PROMPTS
    ]
    written: dict[int, list[int]] = {}
    seen: list[tuple[int, set[type]]] = []

    def steps(count: int) -> None:
        for _ in range(count):
            for output in generator.next()[1]:
                written[output.uid].append(output.token)
            seen.append((len(generator._generation_batch), kinds(generator)))

    for prompt, count in zip(PROMPTS, (COUNT, COUNT // 2, COUNT // 4), strict=True):
        (uid,) = generator.insert([prompt], max_tokens=[count])
        written[uid] = []
        steps(6)
    steps(COUNT)
    assert all(kind == {KVCache if jobs == 1 else BatchKVCache} for jobs, kind in seen if jobs)
    assert {jobs for jobs, _ in seen} == {0, 1, 2, 3}
    # After the other two had gone, the first went on alone.
    assert [jobs for jobs, _ in seen][-COUNT:].count(1) > 5
    assert list(written.values()) == [expected[0], expected[1][: COUNT // 2], expected[2][: COUNT // 4]]


def test_what_is_taken_out_can_be_gone_on_from(model: Any, generator: BatchGenerator) -> None:
    (first,) = generator.insert([PROMPTS[1]], max_tokens=[COUNT])
    for _ in range(5):
        generator.next()
    weight = generator.prompt_cache_nbytes
    (caches, ids) = generator.extract_cache([first])[first]
    assert kinds(generator) == {KVCache} and generator.prompt_cache_nbytes == weight
    assert [cache.offset for cache in caches] == [len(ids)] * len(caches)
    before = [output.token for _ in range(3) for output in generator.next()[1]]
    generator.remove([first])
    assert generator.prompt_cache_nbytes == 0
    (second,) = generator.insert([[before[0]]], max_tokens=[2], caches=[caches], all_tokens=[list(ids)])
    after = [output.token for _ in range(4) for output in generator.next()[1] if output.uid == second]
    assert after == before[1:3]
