"""A folder that cannot be loaded is one sentence that names the file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from make_mlx_model import make_mlx_model
from pensieve.engines.base import EngineFailure
from pensieve.engines.mlx.loading import check_files, load_model


def rewrite(name: str, content: bytes) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        (folder / name).write_bytes(content)

    return spoil


def without(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def cut(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])


def index(folder: Path) -> None:
    weights = {"weight_map": {"a": "model.safetensors", "b": "model-00002-of-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(weights))


def architecture(folder: Path) -> None:
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"model_type": "abacus"}))


def another_layer(folder: Path) -> None:
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"num_hidden_layers": 9}))


def quantisation(folder: Path) -> None:
    file = folder / "config.json"
    how = {"quantization_config": {"quant_method": "compressed-tensors", "format": "abacus"}}
    file.write_text(json.dumps(json.loads(file.read_text()) | how))


BROKEN: list[tuple[Callable[[Path], None], str]] = [
    (without("config.json"), "model has no config.json."),
    (rewrite("config.json", b"{"), "model/config.json cannot be read"),
    (rewrite("config.json", b"[]"), "model/config.json holds no JSON object."),
    (without("tokenizer.json"), "model has no tokenizer.json."),
    (without("model.safetensors"), "model has no weights: model.safetensors is missing."),
    (index, "model/model-00002-of-00002.safetensors is missing."),
    (cut, "model/model.safetensors is cut short"),
    (rewrite("model.safetensors", b"tiny"), "model/model.safetensors is no safetensors file"),
    (rewrite("model.safetensors", b"\xff" * 64), "model/model.safetensors is no safetensors file."),
    (rewrite("model.safetensors", b"\x02" + b"\0" * 7 + b"[]"), "model/model.safetensors is no safetensors file"),
    (architecture, "MLX cannot load model: Model type abacus not supported"),
    (quantisation, "MLX cannot load model: unsupported compressed-tensors format"),
    (another_layer, "MLX cannot load model: Missing"),
]


@pytest.mark.parametrize(("spoil", "words"), BROKEN, ids=[words[:40] for _, words in BROKEN])
def test_what_is_wrong_with_a_folder_is_said(spoil: Callable[[Path], None], words: str, tmp_path: Path) -> None:
    folder = make_mlx_model("dice", tmp_path / "model")
    check_files(folder)
    spoil(folder)
    with pytest.raises(EngineFailure) as caught:
        load_model(folder)
    assert str(caught.value).startswith(words)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400
