"""A model folder as mlx-lm reads it -> the model in memory, or one sentence that says which file is wrong.

To be called on the thread that will use the model: MLX's streams belong to threads.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pensieve.core.files import read_regular
from pensieve.core.safetensors import whole_bytes
from pensieve.engines.base import EngineFailure

LONGEST_MESSAGE = 300


def load_model(folder: Path) -> Any:
    """Raises EngineFailure."""
    check_files(folder)
    import mlx.core as mx
    from mlx_lm import utils

    try:
        model, _ = utils.load_model(folder)
        # Some mistakes, as an unknown kind of quantisation, show only when it runs.
        mx.eval(model.parameters(), model(mx.array([[0]])))
    except Exception as error:
        # The library raises whatever its parts raise; the reader of the message wants the model's name in it.
        raise EngineFailure(f"MLX cannot load {folder.name}: {_first_words(error)}") from error
    return model


def _first_words(error: Exception) -> str:
    """On one line; some messages list all tensors."""
    words = " ".join(str(error).split())
    return words if len(words) <= LONGEST_MESSAGE else words[:LONGEST_MESSAGE] + "..."


def check_files(folder: Path) -> None:
    """What the library would only stumble over later, or load as if nothing was missing. Raises EngineFailure."""
    for name in ("config.json", "tokenizer.json"):
        read_json(folder / name)
    index = folder / "model.safetensors.index.json"
    wanted = set(read_json(index).get("weight_map", {}).values()) if index.exists() else set()
    files = sorted({*folder.glob("model*.safetensors"), *(folder / str(name) for name in wanted)})
    if not files:
        raise EngineFailure(f"{folder.name} has no weights: model.safetensors is missing.")
    for file in files:
        _check_shard(file)


def read_json(file: Path) -> dict[str, Any]:
    """Raises EngineFailure."""
    try:
        content = json.loads(read_regular(file))
    except FileNotFoundError:
        raise EngineFailure(f"{file.parent.name} has no {file.name}.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise EngineFailure(f"{file.parent.name}/{file.name} cannot be read: {error}") from None
    if not isinstance(content, dict):
        raise EngineFailure(f"{file.parent.name}/{file.name} holds no JSON object.")
    return content


def _check_shard(file: Path) -> None:
    name = f"{file.parent.name}/{file.name}"
    try:
        size, whole = file.stat().st_size, whole_bytes(file)
    except FileNotFoundError:
        raise EngineFailure(f"{name} is missing.") from None
    except ValueError:
        raise EngineFailure(f"{name} is no safetensors file.") from None
    except OSError as error:
        raise EngineFailure(f"{name} cannot be read: {error}") from None
    if size < whole:
        raise EngineFailure(f"{name} is cut short: {size:,} of {whole:,} bytes are there.")
