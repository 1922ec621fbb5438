"""Where other programs keep models on this machine. They are used where they are, and never copied.

- Hugging Face's cache: `models--org--name/snapshots/<commit>/...`, links into `blobs`; `refs/main` names the commit.
- LM Studio: `<publisher>/<repository>/...`.
- Ollama: `manifests/<registry>/<namespace>/<name>/<tag>` names the file in `blobs`, which is GGUF.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from pensieve.core.files import read_regular

MOST_FILES = 10_000
"""Looked at in one place: somebody's whole disk may hang below it."""
DEEPEST = 5
OLLAMA_MODEL = "application/vnd.ollama.image.model"
LIBRARY = "library"
"""Ollama's namespace of the models without one."""


class Place(Struct, frozen=True):
    """A model's file or folder, what it is called there, and whose place it is."""

    name: str
    path: Path
    owner: str


def places(environment: Mapping[str, str], user: Path) -> Iterator[Place]:
    """All files and folders that may be models, by name. `user` is the home folder."""
    yield from _tree(user / "models", "models")
    yield from _hugging_face(hugging_face_cache(environment, user))
    for folder in (user / ".lmstudio" / "models", user / ".cache" / "lm-studio" / "models"):
        yield from _tree(folder, "LM Studio")
    ollama = environment.get("OLLAMA_MODELS")
    for folder in (
        [absolute_folder(ollama)] if ollama else [user / ".ollama" / "models", Path("/usr/share/ollama/.ollama/models")]
    ):
        yield from _ollama(folder)


def hugging_face_cache(environment: Mapping[str, str], user: Path) -> Path:
    """As huggingface_hub decides it."""
    if named := environment.get("HF_HUB_CACHE") or environment.get("HUGGINGFACE_HUB_CACHE"):
        return absolute_folder(named)
    if named := environment.get("HF_HOME"):
        return absolute_folder(named) / "hub"
    cache = environment.get("XDG_CACHE_HOME")
    return (absolute_folder(cache) if cache else user / ".cache") / "huggingface" / "hub"


def absolute_folder(folder: str) -> Path:
    """Of one that a variable names."""
    return Path(os.path.abspath(os.path.expanduser(os.path.expandvars(folder))))


def _hugging_face(cache: Path) -> Iterator[Place]:
    for repository in sorted_entries(lambda: cache.glob("models--*")):
        name, main = repository.name.rpartition("--")[2], _main_commit(repository)
        # What was fetched of an older commit is still there.
        for commit in sorted(
            sorted_entries((repository / "snapshots").iterdir), key=lambda commit: commit.name != main
        ):
            yield from _tree(commit, "Hugging Face", name)


def _main_commit(repository: Path) -> str:
    try:
        return read_regular(repository / "refs" / "main").decode().strip()
    except (OSError, ValueError):
        return ""


def _tree(top: Path, owner: str, named: str = "") -> Iterator[Place]:
    """GGUF files and model folders. A folder without a telling name of its own is `named`."""
    waiting, seen = [(top, 0)], 0
    while waiting:
        folder, depth = waiting.pop()
        entries = sorted_entries(folder.iterdir)
        seen += len(entries)
        if seen > MOST_FILES:
            return
        names = {entry.name for entry in entries}
        if "config.json" in names and any(name.endswith(".safetensors") for name in names):
            yield Place(named if folder == top and named else folder.name, folder, owner)
        for entry in entries:
            if entry.suffix == ".gguf" and os.path.isfile(entry):
                if _is_a_model(entry):
                    yield Place(entry.stem, entry, owner)
            elif depth < DEEPEST and not entry.name.startswith(".") and os.path.isdir(entry) and not entry.is_symlink():
                waiting.append((entry, depth + 1))


def _is_a_model(file: Path) -> bool:
    """Neither a later part of a model that is split, nor the eyes of one."""
    number = file.stem.rpartition("-of-")[0].rpartition("-")[2]
    return not file.name.startswith("mmproj") and not (number.isdigit() and len(number) == 5 and int(number) != 1)


def _ollama(folder: Path) -> Iterator[Place]:
    for manifest in sorted_entries(lambda: folder.glob("manifests/*/*/*/*")):
        try:
            layers = json.loads(read_regular(manifest))["layers"]
            digest = next(layer["digest"] for layer in layers if layer["mediaType"] == OLLAMA_MODEL)
        except (OSError, ValueError, KeyError, TypeError, StopIteration, RecursionError):
            continue
        blob = folder / "blobs" / str(digest).replace(":", "-")
        namespace, name, tag = manifest.parts[-3:]
        if blob.parent == folder / "blobs" and os.path.isfile(blob):
            yield Place(f"{'' if namespace == LIBRARY else namespace + '/'}{name}:{tag}", blob, "Ollama")


def sorted_entries(entries: Callable[[], Iterator[Path]]) -> list[Path]:
    """Nothing where nothing is, or nobody may look."""
    try:
        return sorted(entries())
    except OSError:
        return []
