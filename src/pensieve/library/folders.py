"""What a model folder in the layout of Hugging Face says of itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pensieve.core.errors import SettingsError
from pensieve.core.files import read_regular
from pensieve.core.generation import UNTOLD, Sampling
from pensieve.core.model import ModelCard
from pensieve.core.safetensors import whole_bytes
from pensieve.library.costs import folder_cost, folder_width

_REMEDY = "Name a folder that mlx-lm can load, or a GGUF file, with --model."

Fields = dict[str, Any]


def folder_card(folder: Path, name: str) -> ModelCard:
    """Raises SettingsError that names the file."""
    config = _read(folder, "config.json", needed=True)
    text = config.get("text_config")
    shape = text if isinstance(text, dict) else config
    added = _added_tokens(_read(folder, "tokenizer.json", needed=True))
    words = _read(folder, "tokenizer_config.json")
    context = _number(shape, "max_position_embeddings")
    if not context:
        raise SettingsError(f"{folder.name}/config.json names no context length.", _REMEDY)
    weights = _weights(folder)
    return ModelCard(
        id=name,
        path=str(folder),
        engine="mlx",
        description=folder.name,
        created=int((folder / "config.json").stat().st_mtime),
        architecture=str(config.get("model_type", "")),
        trained_context=context,
        weight_bytes=sum(file.stat().st_size for file in weights if file.is_file()),
        kv=folder_cost(shape),
        width=folder_width(shape),
        template=_template(folder, words),
        bos=_token(words, "bos_token"),
        eos=_token(words, "eos_token"),
        sampling=_sampling(_read(folder, "generation_config.json")),
        # llguidance knows none of them as text, special or not.
        control_tokens={token["content"]: token["id"] for token in added},
        special_tokens=tuple(token["content"] for token in added if token.get("special") is True),
        grammars="lark",
        damage=_damage(weights),
    )


def _weights(folder: Path) -> list[Path]:
    """Those that mlx-lm loads, not all that makers put beside them. Some may not be there."""
    shards = _read(folder, "model.safetensors.index.json").get("weight_map")
    named = {folder / str(name) for name in shards.values()} if isinstance(shards, dict) else set()
    return sorted({*folder.glob("model*.safetensors"), *named})


def _damage(weights: list[Path]) -> str:
    for file in weights:
        try:
            size, whole = file.stat().st_size, whole_bytes(file)
        except FileNotFoundError:
            return f"not whole: {file.name} is missing"
        except (OSError, ValueError) as error:
            return f"damaged: {file.name} cannot be read: {error}"
        if size < whole:
            return cut_short(size, whole, file.name if len(weights) > 1 else "")
    return ""


def cut_short(size: int, whole: int, part: str) -> str:
    """Bytes that are there, and that would be there. `part`: the file, if the model has several."""
    return f"cut short: {size:,} of {whole:,} bytes{part and f' of {part}'}"


def _read(folder: Path, name: str, needed: bool = False) -> Fields:
    file = folder / name
    try:
        content = json.loads(read_regular(file))
    except FileNotFoundError:
        if needed:
            raise SettingsError(f"{folder} is no model: it has no {name}.", _REMEDY) from None
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise SettingsError(f"{file} cannot be read: {error}.", _REMEDY) from None
    if not isinstance(content, dict):
        raise SettingsError(f"{file} holds no JSON object.", _REMEDY)
    return content


def _number(fields: Fields, key: str, default: int = 0) -> int:
    value = fields.get(key)
    return value if type(value) is int and value > 0 else default


def _template(folder: Path, words: Fields) -> str | None:
    file = folder / "chat_template.jinja"
    try:
        return read_regular(file).decode()
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        raise SettingsError(f"{file} cannot be read: {error}.", _REMEDY) from None
    value = words.get("chat_template")
    if isinstance(value, list):
        named = {entry.get("name"): entry.get("template") for entry in value if isinstance(entry, dict)}
        value = named.get("tool_use") or named.get("default")
    return value if isinstance(value, str) else None


def _token(words: Fields, key: str) -> str:
    value = words.get(key)
    value = value.get("content") if isinstance(value, dict) else value
    return value if isinstance(value, str) else ""


def _sampling(generation: Fields) -> Sampling:
    """What the model's makers recommend."""
    if not any(key in generation for key in ("temperature", "top_p", "top_k", "do_sample")):
        return UNTOLD
    default = Sampling()

    def number(key: str, otherwise: float, most: float) -> float:
        value = generation.get(key)
        return float(value) if isinstance(value, int | float) and 0 <= value <= most else otherwise

    return Sampling(
        temperature=0.0 if generation.get("do_sample") is False else number("temperature", default.temperature, 10),
        top_p=number("top_p", default.top_p, 1),
        top_k=int(number("top_k", default.top_k, 2**31 - 1)),
    )


def _added_tokens(tokens: Fields) -> list[Fields]:
    """To the vocabulary."""
    added = tokens.get("added_tokens")
    return [
        token
        for token in (added if isinstance(added, list) else [])
        if isinstance(token, dict) and isinstance(token.get("content"), str) and type(token.get("id")) is int
    ]
