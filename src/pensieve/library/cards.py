"""From a path to a ModelCard: what kind of model is this, and what does its file say of it?"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from pensieve.core.errors import SettingsError
from pensieve.core.files import read_regular
from pensieve.core.generation import UNTOLD, Sampling
from pensieve.core.model import EngineName, KvCost, ModelCard
from pensieve.library.bundled import NANO, NANO_FOLDER
from pensieve.library.costs import gguf_cost, gguf_width
from pensieve.library.folders import cut_short, folder_card
from pensieve.library.gguf import CONTROL_TOKENS, Header, read_header

SCRIPT_CONTEXT = 1_000_000
MOST_NEIGHBOURS = 20


def read_card(path: str, engine: str = "auto") -> ModelCard:
    """The bundled model's for an empty path. Raises SettingsError, in words for the person who typed the path."""
    if engine == "scripted" and not path:
        raise SettingsError("The scripted engine has no script.", "Name one: --model story.json")
    try:
        file = Path(path or (NANO_FOLDER if engine == "mlx" else NANO)).expanduser()
        # Links are not followed: what they lead to may have no telling name, and not its parts beside it.
        file = Path(os.path.abspath(file))
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
        return folder_card(file, slug(NANO.stem if file == NANO_FOLDER else file.name))
    return _script_card(file) if kind == "scripted" else _gguf_card(file)


def check_whole(card: ModelCard) -> None:
    """Raises SettingsError for one that cannot be loaded."""
    if card.damage:
        raise SettingsError(f"{card.path} is {card.damage}.", "Fetch it again, or choose another model.")


def neighbours(card: ModelCard) -> Iterator[ModelCard]:
    """The other whole GGUF files in a model's folder, the largest first; then the bundled model."""
    path = Path(card.path)
    files = [file for file in path.parent.glob("*.gguf") if file != path and file.is_file()]
    for file in [*sorted(files, key=lambda file: -file.stat().st_size)[:MOST_NEIGHBOURS], NANO]:
        with contextlib.suppress(SettingsError):
            other = read_card(str(file))
            check_whole(other)
            yield other


def _engine_of(file: Path, engine: str) -> EngineName:
    if file.is_dir():
        return "mlx"
    return "scripted" if engine == "scripted" or file.suffix == ".json" else "llamacpp"


def _script_card(file: Path) -> ModelCard:
    return ModelCard(
        id=slug(file.stem),
        path=str(file),
        engine="scripted",
        description=f"the script {file.name}",
        created=int(file.stat().st_mtime),
        architecture="script",
        trained_context=_window_of_script(file),
        weight_bytes=0,
        kv=KvCost(0),
    )


def _window_of_script(file: Path) -> int:
    """What it says itself. If it cannot be read the engine will say why."""
    try:
        told = msgspec.json.decode(read_regular(file))
    except (OSError, msgspec.MsgspecError):
        return SCRIPT_CONTEXT
    window = told.get("context") if isinstance(told, dict) else None
    return window if type(window) is int and window > 0 else SCRIPT_CONTEXT


def _gguf_card(file: Path) -> ModelCard:
    header = read_header(file)
    metadata = header.metadata
    architecture = str(metadata.get("general.architecture", ""))
    context = metadata.get(f"{architecture}.context_length")
    if type(context) is not int or context < 1:
        raise SettingsError(f"{file} names no context length.", "It is not a text model that llama.cpp can run.")
    parts = _parts(file)
    return ModelCard(
        id=slug(file.stem),
        path=str(file),
        engine="llamacpp",
        description=str(metadata.get("general.name") or file.stem),
        created=int(file.stat().st_mtime),
        architecture=architecture,
        trained_context=context,
        weight_bytes=sum(part.stat().st_size for part in parts),
        kv=gguf_cost(metadata, architecture),
        width=gguf_width(metadata, architecture),
        template=_text(metadata, "tokenizer.chat_template") or None,
        bos=_text(metadata, "tokenizer.ggml.bos_token"),
        eos=_text(metadata, "tokenizer.ggml.eos_token"),
        sampling=_recommended_sampling(metadata),
        control_tokens=metadata.get(CONTROL_TOKENS, {}),
        special_tokens=tuple(metadata.get(CONTROL_TOKENS, {})),
        grammars="gbnf" if _hides_spaces(metadata) else "lark",
        damage=_damage(parts, header),
    )


def _damage(parts: list[Path], first: Header) -> str:
    for part in parts:
        size = part.stat().st_size
        whole = first.whole if part == parts[0] else read_header(part).whole
        if size < whole:
            return cut_short(size, whole, part.name if len(parts) > 1 else "")
    return ""


def _parts(file: Path) -> list[Path]:
    """All files of a model that is split: llama.cpp is given the first, and reads the others too.

    Raises SettingsError when one is missing.
    """
    split = re.fullmatch(r"(.*)-\d{5}-of-(\d{5})", file.stem)
    if not split:
        return [file]
    parts = [file.with_name(f"{split[1]}-{number:05}-of-{split[2]}.gguf") for number in range(1, int(split[2]) + 1)]
    missing = next((part for part in parts if not part.is_file()), None)
    if missing:
        raise SettingsError(f"{missing} is missing, a part of {file.name}.", "Fetch all parts into one folder.")
    return parts


def _hides_spaces(metadata: dict[str, Any]) -> bool:
    """Whether llama.cpp shows llguidance each token without the space in front: a SentencePiece model that begins every
    text with a space. Its grammar would forbid what it should demand, so that the answer breaks off."""
    return metadata.get("tokenizer.ggml.model") == "llama" and metadata.get("tokenizer.ggml.add_space_prefix", True)


def _recommended_sampling(metadata: dict[str, Any]) -> Sampling:
    """What the model's makers recommend (`general.sampling.*`)."""
    if not any(
        key in metadata for key in ("general.sampling.temp", "general.sampling.top_p", "general.sampling.top_k")
    ):
        return UNTOLD
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


def slug(name: str) -> str:
    """The id of a model that is called so."""
    return re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.") or "model"
