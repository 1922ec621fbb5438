"""From a model folder to a ModelCard, and what is told of a folder that is no model."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from make_mlx_model import make_mlx_model
from make_model import CHATML_WITH_HERMES_TOOLS, MARKER_TOKENS, SPECIAL_TOKENS
from pensieve.core.errors import SettingsError
from pensieve.core.generation import UNTOLD, Sampling
from pensieve.core.model import KvCost, ModelCard
from pensieve.library.bundled import NANO_FOLDER
from pensieve.library.cards import read_card


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_mlx_model("dice", tmp_path / "Some Model 4bit")


def changed(folder: Path, name: str, **fields: Any) -> ModelCard:
    file = folder / name
    content = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps({**content, **fields}))
    return read_card(str(folder))


def refusal(folder: Path, engine: str = "auto") -> str:
    with pytest.raises(SettingsError) as caught:
        read_card(str(folder), engine)
    return str(caught.value)


def test_the_card_of_a_folder(folder: Path) -> None:
    card = read_card(str(folder))
    assert (card.id, card.path, card.engine) == ("some-model-4bit", str(folder), "mlx")
    assert (card.architecture, card.trained_context, card.grammars) == ("llama", 131072, "lark")
    assert card.weight_bytes == (folder / "model.safetensors").stat().st_size
    assert card.kv == KvCost(2 * 2 * 1 * 1 * 32)
    assert (card.bos, card.eos, card.template) == ("<|endoftext|>", "<|im_end|>", CHATML_WITH_HERMES_TOOLS)
    assert card.control_tokens == {text: 4096 + at for at, text in enumerate((*SPECIAL_TOKENS, *MARKER_TOKENS))}
    assert card.special_tokens == tuple(SPECIAL_TOKENS)
    assert card.sampling == Sampling()
    (folder / "generation_config.json").unlink()
    assert read_card(str(folder)).sampling == UNTOLD


def test_the_bundled_model_for_mlx() -> None:
    card = read_card("", "mlx")
    assert (card.id, card.path, card.engine) == ("pensieve-nano", str(NANO_FOLDER), "mlx")
    assert card.sampling == read_card("").sampling == Sampling(temperature=0.0)


def test_the_shape_may_stand_one_step_deeper(folder: Path) -> None:
    text = {"max_position_embeddings": 4096, "num_hidden_layers": 2, "num_attention_heads": 4, "hidden_size": 64}
    card = changed(folder, "config.json", text_config=text)
    assert (card.trained_context, card.kv) == (4096, KvCost(2 * 2 * 4 * 16 * 2))


def test_what_the_makers_recommend_is_taken(folder: Path) -> None:
    card = changed(folder, "generation_config.json", temperature=0.7, top_p=0.8, top_k=20)
    assert card.sampling == Sampling(0.7, 0.8, 20)
    assert changed(folder, "generation_config.json", temperature="hot", top_p=7, top_k=-1).sampling == Sampling()


@pytest.mark.parametrize(
    ("value", "template"),
    [
        ("words", "words"),
        ([{"name": "default", "template": "a"}, {"name": "tool_use", "template": "b"}], "b"),
        ([{"name": "default", "template": "a"}, 3], "a"),
        (3, None),
    ],
)
def test_the_template_may_stand_among_the_words(folder: Path, value: Any, template: str | None) -> None:
    (folder / "chat_template.jinja").unlink()
    assert changed(folder, "tokenizer_config.json", chat_template=value).template == template


def test_a_token_may_be_an_object(folder: Path) -> None:
    card = changed(folder, "tokenizer_config.json", eos_token={"content": "</s>"}, bos_token=None)
    assert (card.bos, card.eos) == ("", "</s>")


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
@pytest.mark.parametrize("content", [None, b"{", b"[1]", b"\xff", b"[" * 100_000])
def test_a_file_that_is_missing_or_broken_is_named(folder: Path, name: str, content: bytes | None) -> None:
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_bytes(content)
    assert name in refusal(folder)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja"])
def test_a_pipe_in_a_folder_is_not_waited_for(folder: Path, name: str) -> None:
    (folder / name).unlink()
    os.mkfifo(folder / name)
    assert f"{name} cannot be read: it is not a regular file" in refusal(folder)


def test_weights_that_are_not_whole(folder: Path) -> None:
    file = folder / "model.safetensors"
    content = file.read_bytes()
    for length in (len(content) - 1, 100):
        file.write_bytes(content[:length])
        damage = read_card(str(folder)).damage
        assert damage.startswith(f"cut short: {length:,} of ")
    for junk in (b"", b"version https://git-lfs.github.com/spec/v1", b"\x02" + b"\0" * 7 + b"[]"):
        file.write_bytes(junk)
        assert "model.safetensors cannot be read" in read_card(str(folder)).damage
    file.unlink()
    os.mkfifo(file)
    assert "not a regular file" in read_card(str(folder)).damage
    file.unlink()
    file.write_bytes(content)
    shards = {"weight_map": {"a": file.name, "b": "model-00002-of-00002.safetensors"}}
    card = changed(folder, "model.safetensors.index.json", **shards)
    assert card.damage == "not whole: model-00002-of-00002.safetensors is missing"


def test_a_folder_without_a_context_length_and_the_wrong_engine(folder: Path) -> None:
    assert "cannot read" in refusal(folder, "llamacpp")
    file = folder / "config.json"
    file.write_text(json.dumps({"model_type": "llama"}))
    assert "names no context length" in refusal(folder)
