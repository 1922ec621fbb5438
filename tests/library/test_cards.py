"""From a path to a ModelCard: what the file says of itself, and what is told of a path that is no model."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import pytest
from hypothesis import given, settings, strategies as st

from make_model import CHATML_WITH_HERMES_TOOLS
from pensieve.core.errors import SettingsError
from pensieve.core.generation import UNTOLD, Sampling
from pensieve.core.model import KvCost
from pensieve.library.bundled import NANO
from pensieve.library.cards import SCRIPT_CONTEXT, check_whole, read_card

Entry = tuple[str, str, Any]
CONTEXT: Entry = ("uint32", "llama.context_length", 512)
HEADER = 300_000
"""Bytes of the tiny model's file, more than its header has."""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a model file that has a header alone: these entries and a context length, unless told otherwise."""

    def write(*entries: Entry, name: str = "m.gguf", context: Entry | None = CONTEXT) -> Path:
        path = tmp_path / name
        writer = gguf.GGUFWriter(path, "llama")
        for kind, key, value in entries + ((context,) if context else ()):
            if kind == "array":
                writer.add_array(key, value)
            else:
                writer.add_key_value(key, value, gguf.GGUFValueType[kind.upper()])
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.close()
        return path

    return write


def refusal(path: str | Path, engine: str = "auto") -> str:
    with pytest.raises(SettingsError) as caught:
        read_card(str(path), engine)
    return str(caught.value)


def test_the_card_of_the_tiny_model(tiny_model: Path) -> None:
    card = read_card(str(tiny_model))
    assert (card.id, card.path, card.engine) == ("tiny", str(tiny_model), "llamacpp")
    assert card.description == "Pensieve tiny noise"
    assert (card.architecture, card.trained_context) == ("llama", 131072)
    assert card.weight_bytes == tiny_model.stat().st_size
    assert card.created == int(tiny_model.stat().st_mtime)
    # keys and values, 2 bytes each, of 4 layers with 2 heads of 32 numbers
    assert card.kv == KvCost(2 * 2 * 4 * 2 * 32)
    assert card.template == CHATML_WITH_HERMES_TOOLS
    assert (card.bos, card.eos) == ("<|endoftext|>", "<|im_end|>")
    assert card.sampling == Sampling()


def test_a_file_that_says_little_has_a_card_of_defaults(write: Callable[..., Path]) -> None:
    card = read_card(str(write(name="Some Model.gguf")))
    assert (card.id, card.description, card.trained_context) == ("some-model", "Some Model", 512)
    assert (card.template, card.bos, card.eos, card.sampling) == (None, "", "", UNTOLD)
    assert card.kv.per_token > 0


@pytest.mark.parametrize(
    ("entries", "grammars"),
    [
        ([("string", "tokenizer.ggml.model", "gpt2")], "lark"),
        ([("string", "tokenizer.ggml.model", "llama")], "gbnf"),
        ([("string", "tokenizer.ggml.model", "llama"), ("bool", "tokenizer.ggml.add_space_prefix", False)], "lark"),
        ([("string", "tokenizer.ggml.model", "llama"), ("bool", "tokenizer.ggml.add_space_prefix", True)], "gbnf"),
    ],
)
def test_a_tokenizer_that_hides_spaces_needs_another_kind_of_grammar(
    write: Callable[..., Path], entries: list[Entry], grammars: str
) -> None:
    assert read_card(str(write(*entries))).grammars == grammars


def test_an_empty_template_is_none(write: Callable[..., Path]) -> None:
    assert read_card(str(write(("string", "tokenizer.chat_template", "")))).template is None


def test_the_sampling_that_its_makers_recommend(write: Callable[..., Path]) -> None:
    path = write(
        ("float32", "general.sampling.temp", 0.75),
        ("float32", "general.sampling.top_p", 0.5),
        ("int32", "general.sampling.top_k", 20),
    )
    assert read_card(str(path)).sampling == Sampling(temperature=0.75, top_p=0.5, top_k=20)
    assert read_card(str(write(("float32", "general.sampling.temp", 0.5)))).sampling == Sampling(temperature=0.5)


@pytest.mark.parametrize(
    "entry",
    [
        ("string", "general.sampling.temp", "hot"),
        ("array", "general.sampling.temp", [0.5]),
        ("float64", "general.sampling.temp", math.nan),
        ("string", "general.sampling.top_p", ""),
        ("float64", "general.sampling.top_k", math.inf),
        ("float64", "general.sampling.top_k", math.nan),
        ("uint32", "tokenizer.chat_template", 5),
        ("uint32", "tokenizer.bos_text", 5),
        ("array", "llama.attention.head_count", [0, 0]),
        ("array", "llama.attention.head_count_kv", [-1, -1]),
        ("uint32", "llama.attention.head_count", 0),
        ("string", "llama.attention.head_count", "many"),
        ("int32", "llama.embedding_length", -1),
        ("uint32", "general.name", 5),
        ("array", "general.name", ["a"]),
    ],
)
def test_nonsense_in_a_file_is_passed_over_or_a_settings_error(entry: Entry, write: Callable[..., Path]) -> None:
    path = write(entry)
    try:
        card = read_card(str(path))
    except SettingsError as error:
        assert str(path) in str(error)
        return
    assert all(map(math.isfinite, (card.sampling.temperature, card.sampling.top_p, card.sampling.top_k)))
    assert isinstance(card.template, str | None) and isinstance(card.bos, str)
    assert card.kv.per_token >= 0


@pytest.mark.parametrize(
    "context",
    [
        None,
        ("uint32", "llama.context_length", 0),
        ("int32", "llama.context_length", -1),
        ("string", "llama.context_length", "512"),
        ("bool", "llama.context_length", True),
        ("uint32", "qwen3.context_length", 512),
    ],
)
def test_a_file_without_a_context_length_is_no_text_model(context: Entry | None, write: Callable[..., Path]) -> None:
    path = write(context=context)
    assert f"{path} names no context length" in refusal(path)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Qwen3-8B-Q4_K_M", "qwen3-8b-q4-k-m"),
        ("llama-3.2.1b", "llama-3.2.1b"),
        ("A  b!", "a-b"),
        ("-x-", "x"),
        ("模型", "model"),
        ("..", "model"),
    ],
)
def test_the_id_is_the_name_of_the_file_made_simple(name: str, slug: str, write: Callable[..., Path]) -> None:
    assert read_card(str(write(name=f"{name}.gguf"))).id == slug


def test_a_script_has_a_card_that_costs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "My Script.json"
    path.write_text("{}")
    for engine in ("auto", "scripted"):
        card = read_card(str(path), engine)
        assert (card.id, card.engine, card.path) == ("my-script", "scripted", str(path))
        assert (card.trained_context, card.weight_bytes, card.kv) == (SCRIPT_CONTEXT, 0, KvCost(0))
        assert card.template is None


def test_an_engine_that_cannot_read_the_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text("{}")
    message = refusal(tmp_path / "s.json", "llamacpp")
    assert "llamacpp" in message and "s.json" in message


def test_without_a_path_it_is_the_bundled_model() -> None:
    card = read_card("")
    assert (card.id, card.engine, card.path) == ("pensieve-nano", "llamacpp", str(NANO))
    assert "no script" in refusal("", "scripted")
    # It has learned one answer to each question.
    assert card.sampling.temperature == 0


def test_a_path_is_taken_from_the_users_home(write: Callable[..., Path], own_home: Path) -> None:
    write(name="m.gguf").rename(own_home / "m.gguf")
    assert read_card("~/m.gguf").path == str(own_home / "m.gguf")


@pytest.mark.parametrize("name", ["none.gguf", "none.json", ".", "a" * 300, "~no-such-user/m.gguf", "loop.gguf"])
def test_a_path_that_is_no_file_is_named(name: str, tmp_path: Path) -> None:
    (tmp_path / "loop.gguf").symlink_to(tmp_path / "loop.gguf")
    path = name if name.startswith("~") else str(tmp_path / name)
    message = refusal(path)
    assert Path(path).name in message and "--model" in message


def test_a_path_that_no_file_can_have_is_a_settings_error() -> None:
    assert refusal("a\0b")


def test_a_file_that_is_no_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.gguf").write_text("not a model, only notes")
    assert str(tmp_path / "notes.gguf") in refusal(tmp_path / "notes.gguf")


def test_the_card_does_not_need_the_weights_and_says_that_they_are_cut(tiny_model: Path, tmp_path: Path) -> None:
    path, size = tmp_path / "tiny.gguf", tiny_model.stat().st_size
    path.write_bytes(tiny_model.read_bytes()[:HEADER])
    card, whole = read_card(str(path)), read_card(str(tiny_model))
    assert card.template == whole.template and not whole.damage
    assert card.damage == f"cut short: {HEADER:,} of {size:,} bytes"
    check_whole(whole)
    with pytest.raises(SettingsError, match="cut short"):
        check_whole(card)
    path.write_bytes(tiny_model.read_bytes() + b"more")
    assert not read_card(str(path)).damage


def test_of_a_model_in_parts_the_one_that_is_cut_is_named(tiny_model: Path, tmp_path: Path) -> None:
    first, second = (tmp_path / f"big-0000{number}-of-00002.gguf" for number in (1, 2))
    for part in (first, second):
        part.write_bytes(tiny_model.read_bytes())
    assert not read_card(str(first)).damage
    second.write_bytes(tiny_model.read_bytes()[:HEADER])
    assert read_card(str(first)).damage.endswith(f" bytes of {second.name}")


def test_a_pipe_is_no_model(tmp_path: Path) -> None:
    for name in ("m.gguf", "m.json"):
        os.mkfifo(tmp_path / name)
    assert "not a regular file" in refusal(tmp_path / "m.gguf")
    # The engine says what is wrong with a script.
    assert read_card(str(tmp_path / "m.json")).trained_context == SCRIPT_CONTEXT


@settings(deadline=None, max_examples=200)
@given(position=st.integers(0, 2000), flip=st.integers(1, 255))
def test_a_wrong_byte_in_a_real_file_is_passed_over_or_a_settings_error(
    tiny_model: Path, tmp_path_factory: pytest.TempPathFactory, position: int, flip: int
) -> None:
    data = bytearray(tiny_model.read_bytes()[:HEADER])
    data[position] ^= flip
    path = tmp_path_factory.getbasetemp() / "flipped.gguf"
    path.write_bytes(data)
    try:
        card = read_card(str(path))
    except SettingsError as error:
        assert str(path) in str(error)
    else:
        assert card.trained_context >= 1
