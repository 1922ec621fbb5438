"""Models of other programs are found where those keep them."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from pensieve.core.errors import SettingsError
from pensieve.library.find import Library
from pensieve.library.places import hugging_face_cache, places


@pytest.fixture
def user(tmp_path: Path) -> Path:
    return tmp_path / "user"


def hub(user: Path, repository: str, files: dict[str, Path], commit: str = "abc") -> Path:
    """As huggingface_hub lays it out: links into blobs."""
    top = user / ".cache" / "huggingface" / "hub" / f"models--{repository.replace('/', '--')}"
    (top / "refs").mkdir(parents=True, exist_ok=True)
    (top / "refs" / "main").write_text(commit)
    (top / "blobs").mkdir(exist_ok=True)
    for name, source in files.items():
        blob = top / "blobs" / f"blob-of-{name.replace('/', '-')}"
        shutil.copy(source, blob)
        link = top / "snapshots" / commit / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(os.path.relpath(blob, link.parent))
    return top


def ollama(folder: Path, name: str, model: Path, digest: str = "sha256:ab") -> None:
    (folder / "blobs").mkdir(parents=True, exist_ok=True)
    shutil.copy(model, folder / "blobs" / digest.replace(":", "-"))
    manifest = folder / "manifests" / "registry.ollama.ai" / name
    manifest.parent.mkdir(parents=True, exist_ok=True)
    layers = [{"mediaType": "application/vnd.ollama.image.model", "digest": digest}]
    manifest.write_text(json.dumps({"layers": [{"mediaType": "x", "digest": "y"}, *layers]}))


def found(user: Path, **environment: str) -> dict[str, str]:
    return {model.card.id: model.owner for model in Library(environment, user).all()}


def test_each_program_keeps_them_elsewhere(user: Path, tiny_model: Path) -> None:
    hub(user, "org/some-GGUF", {"Some-Q4_K_M.gguf": tiny_model})
    ollama(user / ".ollama" / "models", "library/qwen3/8b", tiny_model)
    ollama(user / ".ollama" / "models", "someone/phi/latest", tiny_model, "sha256:cd")
    for folder in ("models/deep", ".lmstudio/models/org/repo"):
        (user / folder).mkdir(parents=True)
    shutil.copy(tiny_model, user / "models" / "deep" / "mine.gguf")
    shutil.copy(tiny_model, user / ".lmstudio" / "models" / "org" / "repo" / "studio.gguf")
    assert found(user) == {
        "mine": "models",
        "some-q4-k-m": "Hugging Face",
        "studio": "LM Studio",
        "someone-phi-latest": "Ollama",
        "qwen3-8b": "Ollama",
    }


def test_a_model_is_used_where_it_is(user: Path, tiny_model: Path) -> None:
    """By the name of the link, not that of the blob it leads to; a model that is split has its parts beside it."""
    top = hub(user, "org/some-GGUF", {"Some-Q4_K_M.gguf": tiny_model})
    card = Library({}, user).card("some-q4-k-m")
    assert card.path == str(top / "snapshots" / "abc" / "Some-Q4_K_M.gguf") and card.id == "some-q4-k-m"
    assert Library({}, user).card("Some-Q4_K_M").path == card.path


def test_of_a_repository_the_commit_that_main_names(user: Path, tiny_model: Path) -> None:
    """But what was fetched of another one only is there as well."""
    hub(user, "org/some", {"same.gguf": tiny_model, "old.gguf": tiny_model}, "zzz")
    hub(user, "org/some", {"same.gguf": tiny_model}, "bbb")
    assert "/bbb/" in Library({}, user).card("same").path and "/zzz/" in Library({}, user).card("old").path


def test_what_is_no_model_is_passed_over(user: Path, tiny_model: Path) -> None:
    folder = user / "models"
    folder.mkdir(parents=True)
    (folder / "letter.gguf").write_text("Dear reader")
    (folder / "gone.gguf").symlink_to(folder / "nowhere")
    (folder / "loop").symlink_to(folder)
    for name in ("mmproj-eyes.gguf", "big-00002-of-00002.gguf", "big-00001-of-00002.gguf", ".hidden.txt"):
        shutil.copy(tiny_model, folder / name)
    (user / ".ollama" / "models" / "manifests" / "r" / "library" / "bad").mkdir(parents=True)
    (user / ".ollama" / "models" / "manifests" / "r" / "library" / "bad" / "latest").write_text("{")
    os.mkfifo(folder / "pipe.gguf")
    for name in ("config.json", "model.safetensors"):
        (folder / "pipes").mkdir(exist_ok=True)
        os.mkfifo(folder / "pipes" / name)
    (folder / "loop.gguf").symlink_to(folder / "loop.gguf")
    os.mkfifo(user / ".ollama" / "models" / "manifests" / "r" / "library" / "bad" / "pipe")
    main = hub(user, "org/some", {"own.gguf": tiny_model}) / "refs" / "main"
    main.unlink()
    os.mkfifo(main)
    assert list(found(user)) == ["big-00001-of-00002", "own"]


def test_a_folder_whose_name_ends_like_a_file_is_looked_into(user: Path, tiny_model: Path) -> None:
    (user / "models" / "Some.gguf").mkdir(parents=True)
    shutil.copy(tiny_model, user / "models" / "Some.gguf" / "inner.gguf")
    assert list(found(user)) == ["inner"]


def test_a_model_that_cannot_be_read_is_not_said_to_be_missing(user: Path, tiny_model: Path) -> None:
    (user / "models").mkdir(parents=True)
    (user / "models" / "short.gguf").write_bytes(tiny_model.read_bytes()[:1000])
    assert found(user) == {}
    with pytest.raises(SettingsError, match="cut short"):
        Library({}, user).card("short")


def test_a_manifest_leads_nowhere_but_into_the_blobs(user: Path, tiny_model: Path) -> None:
    models = user / ".ollama" / "models"
    ollama(models, "library/fine/1", tiny_model)
    ollama(models, "library/bad/1", tiny_model, "sha256:ab")
    manifest = models / "manifests" / "registry.ollama.ai" / "library" / "bad" / "1"
    manifest.write_text(manifest.read_text().replace("sha256:ab", "../../secret.gguf"))
    shutil.copy(tiny_model, user / ".ollama" / "secret.gguf")
    assert list(found(user)) == ["fine-1"]


def test_a_folder_for_mlx(user: Path, tmp_path: Path) -> None:
    folder = tmp_path / "weights"
    folder.mkdir()
    for name in ("config.json", "model.safetensors"):
        (folder / name).write_text("{}")
    hub(user, "mlx-community/Qwen3-4bit", {name: folder / name for name in ("config.json", "model.safetensors")})
    (place,) = places({}, user)
    assert (place.name, place.owner) == ("Qwen3-4bit", "Hugging Face")


def test_an_unknown_name_names_the_nearest(user: Path, tiny_model: Path) -> None:
    with pytest.raises(SettingsError, match="pensieve models"):
        Library({}, user).card("qwen3-8b")
    ollama(user / ".ollama" / "models", "library/qwen3/8b", tiny_model)
    with pytest.raises(SettingsError, match="Did you mean qwen3-8b"):
        Library({}, user).card("qwen38b")


def test_the_cache_is_where_hugging_face_says(user: Path) -> None:
    assert hugging_face_cache({}, user) == user / ".cache" / "huggingface" / "hub"
    assert hugging_face_cache({"XDG_CACHE_HOME": "/x"}, user) == Path("/x/huggingface/hub")
    assert hugging_face_cache({"HF_HOME": "/h", "XDG_CACHE_HOME": "/x"}, user) == Path("/h/hub")
    assert hugging_face_cache({"HF_HUB_CACHE": "/c", "HF_HOME": "/h"}, user) == Path("/c")


def test_ollama_may_keep_its_models_elsewhere(user: Path, tiny_model: Path, tmp_path: Path) -> None:
    ollama(tmp_path / "elsewhere", "library/qwen3/8b", tiny_model)
    assert list(found(user, OLLAMA_MODELS=str(tmp_path / "elsewhere"))) == ["qwen3-8b"]
