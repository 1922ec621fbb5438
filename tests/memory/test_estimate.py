"""What a model and a request take, in bytes."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from pensieve.core.model import KvCost, ModelCard
from pensieve.core.vitals import EngineMemory
from pensieve.memory.estimate import EXPECTED_OUTPUT, PROCESS, Need, batch_bytes, expected_tokens, load_cost, need

GROWS = EngineMemory(active=10, kv_per_token=100, kv_per_job=7)
counts = st.integers(0, 10**9)


def card(weights: int, kv: KvCost, width: int = 0) -> ModelCard:
    return ModelCard("m", "/m.gguf", "llamacpp", "M", 0, "llama", 32768, weights, kv, width)


def test_a_model_takes_its_weights_its_windows_and_the_buffers_of_a_step() -> None:
    cost = load_cost(card(1000, KvCost(10, ((3, 100),), 5), width=50), context=200, parallel=4, batch=16)
    assert cost.weights == 1000
    assert cost.kv == 4 * (10 * 200 + 3 * (100 + 16) + 5)
    assert cost.buffers == 16 * (4 * 50 + 2 * 200)
    assert cost.total == PROCESS + cost.weights + cost.kv + cost.buffers


def test_a_script_takes_nothing() -> None:
    assert load_cost(card(0, KvCost(0)), 1_000_000, 4, 512).total == 0


@pytest.mark.parametrize(
    ("prompt", "max_tokens", "tokens"), [(0, 0, 0), (100, 50, 150), (1024, 32_000, 1024 + EXPECTED_OUTPUT)]
)
def test_an_answer_is_thought_to_be_of_usual_length(prompt: int, max_tokens: int, tokens: int) -> None:
    assert expected_tokens(prompt, max_tokens) == tokens


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ([], 0),
        ([0], 7),
        ([1], 7 + 25_600),
        ([256], 7 + 25_600),
        ([257], 7 + 51_200),
        # As long as the longest, all of them.
        ([1, 257, 2], 3 * (7 + 51_200)),
    ],
)
def test_jobs_that_run_at_once_take_what_the_longest_takes(lengths: list[int], expected: int) -> None:
    assert batch_bytes(GROWS, lengths) == expected
    assert batch_bytes(EngineMemory(), lengths) == 0, "all was taken at the start"


def test_what_running_jobs_have_taken_is_not_counted_twice() -> None:
    told = EngineMemory(kv_per_token=1, running_kv=100)
    assert need(told, 256, [256], evicted=0, waited=2) == Need(256, 156, 0, 2)
    full = EngineMemory(kv_per_token=1, running_kv=300)
    assert need(full, 512, [256], evicted=0, waited=2) == Need(2 * 512 - 256, 0, 0, 2)


def test_what_is_spare_and_what_is_kept_can_be_had_once() -> None:
    told = EngineMemory(kept_kv=40, spare=2)
    assert need(told, 0, [], evicted=0, waited=0).evictable == 42
    assert need(told, 0, [], evicted=30, waited=0).evictable == 12
    assert need(told, 0, [], evicted=50, waited=0).evictable == 0


@given(lengths=st.lists(counts, max_size=5), more=counts)
def test_one_more_job_never_takes_less(lengths: list[int], more: int) -> None:
    assert batch_bytes(GROWS, lengths) <= batch_bytes(GROWS, [*lengths, more])
