"""From a path to a ModelCard: what kind of model is this, and what does its file say of it?"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pensieve.core.errors import SettingsError
from pensieve.core.generation import Sampling
from pensieve.core.model import EngineName, ModelCard
from pensieve.library.gguf import read_metadata

_KV_BYTES = 2  # of one f16 number
SCRIPT_CONTEXT = 1_000_000


def read_card(path: str, engine: str = "auto") -> ModelCard:
    """Raises SettingsError, in words for the person who typed the path."""
    if not path:
        raise SettingsError("No model is configured.", "Name one: pensieve serve --model /path/to/model.gguf")
    file = Path(path).expanduser().resolve()
    if not file.is_file():
        raise SettingsError(f"There is no model file {file}.", "Check the path given with --model.")
    kind: EngineName = "scripted" if engine == "scripted" or file.suffix == ".json" else "llamacpp"
    if engine not in ("auto", kind):
        raise SettingsError(f"The engine {engine} cannot read {file.name}.", "Leave out --engine.")
    return _script_card(file) if kind == "scripted" else _gguf_card(file)


def _script_card(file: Path) -> ModelCard:
    return ModelCard(
        id=_slug(file.stem),
        path=str(file),
        engine="scripted",
        description=f"the script {file.name}",
        created=int(file.stat().st_mtime),
        architecture="script",
        trained_context=SCRIPT_CONTEXT,
        weight_bytes=0,
        kv_bytes_per_token=0,
    )


def _gguf_card(file: Path) -> ModelCard:
    metadata = read_metadata(file)
    architecture = str(metadata.get("general.architecture", ""))
    context = metadata.get(f"{architecture}.context_length")
    if not isinstance(context, int) or context < 1:
        raise SettingsError(f"{file} names no context length.", "It is not a text model that llama.cpp can run.")
    return ModelCard(
        id=_slug(file.stem),
        path=str(file),
        engine="llamacpp",
        description=str(metadata.get("general.name") or file.stem),
        created=int(file.stat().st_mtime),
        architecture=architecture,
        trained_context=context,
        weight_bytes=file.stat().st_size,
        kv_bytes_per_token=_kv_bytes_per_token(metadata, architecture),
        template=metadata.get("tokenizer.chat_template") or None,
        bos=metadata.get("tokenizer.bos_text", ""),
        eos=metadata.get("tokenizer.eos_text", ""),
        sampling=_recommended_sampling(metadata),
    )


def _kv_bytes_per_token(metadata: dict[str, Any], architecture: str) -> int:
    """Keys and values of all layers at f16. Too much for models with windows or linear layers, never too little."""

    def number(key: str, default: int) -> int:
        value = metadata.get(f"{architecture}.{key}", default)
        if isinstance(value, list):
            return max((item for item in value if isinstance(item, int)), default=default)
        return value if isinstance(value, int) and value > 0 else default

    layers, heads = number("block_count", 1), number("attention.head_count", 1)
    kv_heads = number("attention.head_count_kv", heads)
    head = number("embedding_length", 1) // heads
    per_head = number("attention.key_length", head) + number("attention.value_length", head)
    return layers * kv_heads * per_head * _KV_BYTES


def _recommended_sampling(metadata: dict[str, Any]) -> Sampling:
    """What the model's makers recommend (`general.sampling.*`), else the API's default of 1.0 and nothing cut."""
    default = Sampling()
    return Sampling(
        temperature=float(metadata.get("general.sampling.temp", default.temperature)),
        top_p=float(metadata.get("general.sampling.top_p", default.top_p)),
        top_k=int(metadata.get("general.sampling.top_k", default.top_k)),
    )


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.") or "model"
