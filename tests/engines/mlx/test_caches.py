"""What is kept of tokens, of models of three kinds."""

from __future__ import annotations

from typing import Any

import mlx.core as mx
import pytest
from mlx_lm.models.cache import CacheList, KVCache, make_prompt_cache

from make_mlx_model import HYBRID, WINDOWED, make_mlx_model, make_random_model
from pensieve.engines.mlx.caches import can_be_cut, cost, cut, shortened, weight
from pensieve.engines.mlx.loading import load_model


@pytest.fixture(scope="module", params=["tiny", "windowed", "hybrid"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("models") / request.param
    if request.param == "tiny":
        return load_model(make_mlx_model("tiny", folder))
    return load_model(make_random_model(WINDOWED if request.param == "windowed" else HYBRID, folder))


def read(model: Any, tokens: int) -> list[Any]:
    """As a prompt and a token of the answer: windows are longer while a stretch is read."""
    caches: list[Any] = make_prompt_cache(model)
    for stretch in (tokens - 1, 1):
        mx.eval(model(mx.array([[7] * stretch]), cache=caches), [cache.state for cache in caches])
    return caches


def test_the_cost_of_a_job_is_what_its_caches_come_to(model: Any) -> None:
    per_token, per_job = cost(model)
    assert weight(read(model, 1024)) == pytest.approx(1024 * per_token + per_job, rel=0.05)
    assert weight(read(model, 2048)) - weight(read(model, 1024)) == pytest.approx(1024 * per_token, rel=0.01, abs=4096)


def filled(tokens: int) -> KVCache:
    cache = KVCache()
    cache.update_and_fetch(mx.random.normal((1, 2, tokens, 4)), mx.random.normal((1, 2, tokens, 4)))
    return cache


def test_a_shorter_one_is_the_same_at_its_beginning_and_leaves_the_longer_as_it_is() -> None:
    """Of caches in lists too, as some models have them."""
    caches = [filled(700), CacheList(filled(700), filled(700))]
    assert can_be_cut(caches)
    before = weight(caches)
    for shorter in (cut(caches, 600), shortened(caches, 600)):
        assert [cache.size() for cache in caches] == [700, 700]
        assert [cache.size() for cache in shorter] == [100, 100]
        for longer, leaf in zip([caches[0], *caches[1]], [shorter[0], *shorter[1]], strict=True):
            for whole, part in zip(longer.keys_and_values(), leaf.keys_and_values(), strict=True):
                assert mx.array_equal(whole[..., :100, :], part)
    assert weight(caches) == before
    assert weight(shortened(caches, 600)) == 3 * 2 * 2 * 100 * 4 * 4
