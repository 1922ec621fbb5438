"""From a path to a ModelCard: what kind of model is this, and what does its file say of it?"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pensieve.core.errors import SettingsError
from pensieve.core.generation import Sampling
from pensieve.core.model import EngineName, ModelCard
from pensieve.library.bundled import NANO, NANO_FOLDER
from pensieve.library.folders import folder_card
from pensieve.library.gguf import CONTROL_TOKENS, read_metadata

_KV_BYTES = 2  # of one f16 number
SCRIPT_CONTEXT = 1_000_000


def read_card(path: str, engine: str = "auto") -> ModelCard:
    """The bundled model's for an empty path. Raises SettingsError, in words for the person who typed the path."""
    if engine == "scripted" and not path:
        raise SettingsError("The scripted engine has no script.", "Name one: --model story.json")
    try:
        file = Path(path or (NANO_FOLDER if engine == "mlx" else NANO)).expanduser().resolve()
        found = file.exists()
    except (OSError, RuntimeError, ValueError) as error:
        raise SettingsError(f"The path {path!r} cannot be used: {error}.", "Check --model.") from None
    if not found:
        remedy = "Check the path given with --model." if path else "It belongs to the package: install pensieve again."
        raise SettingsError(f"There is no model file {file}.", remedy)
    kind = _engine_of(file, engine)
    if engine not in ("auto", kind):
        raise SettingsError(f"The engine {engine} cannot read {file.name}.", "Leave out --engine.")
    if kind == "mlx":
        return folder_card(file, _slug(NANO.stem if file == NANO_FOLDER else file.name))
    return _script_card(file) if kind == "scripted" else _gguf_card(file)


def _engine_of(file: Path, engine: str) -> EngineName:
    if file.is_dir():
        return "mlx"
    return "scripted" if engine == "scripted" or file.suffix == ".json" else "llamacpp"


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
    if type(context) is not int or context < 1:
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
        template=_text(metadata, "tokenizer.chat_template") or None,
        bos=_text(metadata, "tokenizer.ggml.bos_token"),
        eos=_text(metadata, "tokenizer.ggml.eos_token"),
        sampling=_recommended_sampling(metadata),
        control_tokens=metadata.get(CONTROL_TOKENS, {}),
        grammars="gbnf" if _hides_spaces(metadata) else "lark",
    )


def _hides_spaces(metadata: dict[str, Any]) -> bool:
    """Whether llama.cpp shows llguidance each token without the space in front: a SentencePiece model that begins every
    text with a space. Its grammar would forbid what it should demand, so that the answer breaks off."""
    return metadata.get("tokenizer.ggml.model") == "llama" and metadata.get("tokenizer.ggml.add_space_prefix", True)


def _kv_bytes_per_token(metadata: dict[str, Any], architecture: str) -> int:
    """Keys and values of all layers at f16. Too much for models with windows or linear layers, never too little."""

    def number(key: str, default: int) -> int:
        value = metadata.get(f"{architecture}.{key}")
        numbers = value if isinstance(value, list) else [value]
        return max((item for item in numbers if type(item) is int and item > 0), default=default)

    layers, heads = number("block_count", 1), number("attention.head_count", 1)
    kv_heads = number("attention.head_count_kv", heads)
    head = number("embedding_length", 1) // heads
    per_head = number("attention.key_length", head) + number("attention.value_length", head)
    return layers * kv_heads * per_head * _KV_BYTES


def _recommended_sampling(metadata: dict[str, Any]) -> Sampling:
    """What the model's makers recommend (`general.sampling.*`), else the API's default of 1.0 and nothing cut."""
    default = Sampling()

    def number(key: str, otherwise: float, most: float) -> float:
        value = metadata.get(f"general.sampling.{key}")
        return float(value) if isinstance(value, int | float) and 0 <= value <= most else otherwise

    return Sampling(
        temperature=number("temp", default.temperature, 10),
        top_p=number("top_p", default.top_p, 1),
        top_k=int(number("top_k", default.top_k, 2**31 - 1)),
    )


def _text(metadata: dict[str, Any], key: str) -> str:
    value = metadata.get(key, "")
    return value if isinstance(value, str) else ""


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.") or "model"
