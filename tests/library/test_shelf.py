"""Which model a name means."""

from __future__ import annotations

import pytest

from pensieve.core.errors import NotFound
from pensieve.core.model import KvCost, ModelCard
from pensieve.library.shelf import Shelf

CARD = ModelCard("qwen", "/m.gguf", "llamacpp", "Qwen", 0, "qwen3", 4096, 1, KvCost(1))


@pytest.mark.parametrize("name", ["qwen", "claude-opus-5-5", "claude-3-5-haiku-latest", "claude-", "gpt", "my model"])
def test_its_id_its_aliases_and_every_claude_name_mean_the_model(name: str) -> None:
    assert Shelf(CARD, ("gpt", "my model")).resolve(name) is CARD


@pytest.mark.parametrize("name", ["", "Qwen", "qwen2", "claude", "my-claude-x", "Claude-x"])
def test_any_other_name_is_not_found_and_the_names_that_are_there_are_listed(name: str) -> None:
    with pytest.raises(NotFound) as caught:
        Shelf(CARD, ("gpt",)).resolve(name)
    assert (caught.value.status, caught.value.kind) == (404, "not_found_error")
    assert repr(name) in str(caught.value)
    assert "gpt, qwen, claude-*" in str(caught.value)


def test_the_only_model_is_the_default() -> None:
    assert Shelf(CARD).default is CARD
