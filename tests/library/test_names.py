"""Which model a name means."""

from __future__ import annotations

import pytest

from pensieve.library.names import Names

NAMES = Names("qwen", ("gpt", "my model", "fast=qwen-small", "claude-haiku-4-5 = qwen-small"))


@pytest.mark.parametrize("name", ["qwen", "claude-opus-5-5", "claude-3-5-haiku-latest", "claude-", "gpt", "my model"])
def test_its_id_its_aliases_and_every_claude_name_mean_the_default(name: str) -> None:
    assert NAMES.model(name) == "qwen"


@pytest.mark.parametrize("name", ["fast", "claude-haiku-4-5"])
def test_an_alias_may_mean_another_model(name: str) -> None:
    assert NAMES.model(name) == "qwen-small"


@pytest.mark.parametrize("name", ["", "Qwen", "qwen2", "claude", "my-claude-x", "Claude-x"])
def test_any_other_name_is_that_of_a_model(name: str) -> None:
    assert NAMES.model(name) == name


def test_all_names_are_listed() -> None:
    assert {"qwen", "gpt", "fast"} <= NAMES.all
