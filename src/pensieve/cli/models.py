"""`pensieve models`, `show`, `use`, `pull`, `rm`: the models on this machine, and more of them."""

from __future__ import annotations

import glob
import json
import os
import sys
from pathlib import Path
from typing import Any

from pensieve.cli.background import find
from pensieve.cli.pick import fitted_to, machine
from pensieve.cli.status import facts_of
from pensieve.config.file import writable_file
from pensieve.config.load import load_settings, user_home
from pensieve.config.settings import Settings
from pensieve.config.write import set_key
from pensieve.core.errors import SettingsError
from pensieve.core.model import EngineName, ModelCard
from pensieve.library.bundled import NANO
from pensieve.library.cards import check_whole, read_card
from pensieve.library.catalog import source_of
from pensieve.library.find import Found, Library, how_to_install, is_installed, is_path
from pensieve.library.places import hugging_face_cache, places
from pensieve.library.pull import Download, check_room, fetch, parse_spec, plan_download, quiet_hub
from pensieve.library.unfinished import Unfinished, unfinished
from pensieve.memory.fit import Fit
from pensieve.memory.probe import Probe
from pensieve.memory.state import GB, Sample

HUGGING_FACE = "Hugging Face"


def library() -> Library:
    return Library(os.environ, user_home())


def show_all(home: Path, as_json: bool) -> None:
    """What is here, the largest first."""
    settings = load_settings(os.environ)
    sample, loaded = _free_without_a_model(home)
    chosen = library().card(settings.model.path, settings.engine.kind).id if _can_be_read(settings) else ""
    found = sorted(library().all(), key=lambda model: -model.card.weight_bytes)
    rows = [
        _row(model, settings, sample, chosen, loaded) for model in [*found, Found(read_card(str(NANO)), "Pensieve")]
    ]
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    width, words = (max(len(row[key]) for row in rows) for key in ("name", "fits_words"))
    print(f"  {'NAME':<{width}}  {'SIZE':>8}  {'CONTEXT':>9}  {'FITS':<{words}}  FROM")
    for row in rows:
        mark = "*" if row["chosen"] else " "
        size = f"{row['bytes'] / GB:.1f} GB"
        what = f"{row['name']:<{width}}  {size:>8}  {row['context']:>9,}  {row['fits_words']:<{words}}"
        print(f"{mark} {what}  {row['from']}")
    for left in unfinished(hugging_face_cache(os.environ, user_home())):
        print(f"\nNot whole: {left.repository}, {left.size / GB:.1f} GB so far. The same pull goes on, ", end="")
        print(f"`pensieve rm {left.repository}` removes it.")


def show_one(home: Path, name: str) -> None:
    settings = load_settings(os.environ)
    card = library().card(name, settings.engine.kind)
    sample, _ = _free_without_a_model(home)
    fitted = fitted_to(card, settings, sample)
    facts = {
        "name": card.id,
        "says": card.description,
        "path": card.path,
        "engine": card.engine,
        "family": card.architecture,
        "weights": f"{card.weight_bytes / GB:.2f} GB",
        "context": f"{card.trained_context:,} tokens as trained",
        "memory": f"{card.kv.bytes(1024) / 1e6:.1f} MB per 1,024 tokens of a conversation",
        "template": "its own" if card.template else "none: a plain one is used",
        "here": card.damage or _fits_words(fitted),
    }
    for key, value in facts.items():
        print(f"{key:<10}{value}")


def use(home: Path, name: str) -> ModelCard:
    """The model of every later start. Raises SettingsError."""
    card = library().card(name, load_settings(os.environ).engine.kind)
    check_whole(card)
    set_key(writable_file(home), "model.path", card.path if is_path(name) else card.id)
    return card


def pull(spec: str) -> ModelCard:
    """Fetches a model, with a bar that shows speed and time. Raises SettingsError."""
    quiet_hub(os.environ)
    if "/" not in spec:
        spec = source_of(spec).spec
    download = plan_download(*parse_spec(spec))
    engine: EngineName = "llamacpp" if download.main_file.endswith(".gguf") else "mlx"
    if not is_installed(engine):
        raise SettingsError(
            f"{download.repository} is for {engine.upper()}, which is not installed here.",
            f"Take one with GGUF files, or: {how_to_install(engine)}",
        )
    cache = hugging_face_cache(os.environ, user_home())
    check_room(download, cache, machine())
    print(f"{download.repository}: {download.size / GB:.2f} GB in {len(download.files)} files", file=sys.stderr)
    path = _with_a_bar(download, cache)
    card = read_card(str(path))
    name = path.stem if path.suffix == ".gguf" else download.repository.rpartition("/")[2]
    return library().card(name, card.engine)


def _with_a_bar(download: Download, cache: Path) -> Path:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    columns = (BarColumn(), "{task.percentage:.0f} %", DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task("", total=download.size)
        return fetch(
            download,
            cache,
            tell=lambda size: progress.update(bar, completed=size),
            waits=lambda: progress.console.print("Another pull of it is under way: waiting for that."),
        )


def broken_off(name: str) -> Unfinished | None:
    """The pull of this repository that was not ended."""
    left = unfinished(hugging_face_cache(os.environ, user_home()))
    return next((pull for pull in left if pull.repository == name), None)


def removable(home: Path, name: str) -> ModelCard:
    """The model of the hub's cache that is meant. Raises SettingsError."""
    card = library().card(name)
    owners = {str(place.path): place.owner for place in places(os.environ, user_home())}
    if owners.get(card.path) != HUGGING_FACE:
        raise SettingsError(f"{card.path} was not fetched from the hub.", "Remove it where it is kept.")
    models = facts_of(home)[1].get("health", {}).get("models", [])
    if any(model["model"] == card.id for model in models):
        raise SettingsError(f"{card.id} is in use by the server.", "`pensieve stop`, then try again.")
    return card


def remove(card: ModelCard) -> None:
    """With all parts of the same variant; other files of its repository stay."""
    path = Path(card.path)
    for file in sorted(path.rglob("*")) if path.is_dir() else _parts(path):
        if file.is_symlink():
            # One step only: what a blob itself leads to may be shared with other repositories.
            blob = Path(os.path.normpath(file.parent / file.readlink()))
            file.unlink()
            if not _is_linked_to(blob):
                blob.unlink(missing_ok=True)
        elif file.is_file():
            file.unlink()


def _is_linked_to(blob: Path) -> bool:
    """By another commit's snapshot."""
    links = (link for link in (blob.parents[1] / "snapshots").rglob("*") if link.is_symlink())
    return any(Path(os.path.normpath(link.parent / link.readlink())) == blob for link in links)


def _parts(path: Path) -> list[Path]:
    start, _, end = path.name.partition("-00001-of-")
    return sorted(path.parent.glob(f"{glob.escape(start)}-*-of-{end}")) if end else [path]


def _free_without_a_model(home: Path) -> tuple[Sample, set[str]]:
    """What could be had if no server ran, and the models that are loaded."""
    sample = Probe().read()
    if find(home) is None:
        return sample, set()
    models = (facts_of(home)[1].get("health") or {}).get("models", [])
    held = sum(model["worker_rss"] or 0 for model in models)
    available = None if sample.available is None else sample.available + held
    loaded = {model["model"] for model in models if model["worker_pid"]}
    return Sample(sample.at, available, sample.total, sample.pressure), loaded


def _row(model: Found, settings: Settings, sample: Sample, chosen: str, loaded: set[str]) -> dict[str, Any]:
    card = model.card
    fitted = fitted_to(card, settings, sample)
    return {
        "name": card.id,
        "bytes": card.weight_bytes,
        "context": card.trained_context,
        "fits": fitted.fits and not card.damage,
        "fits_words": card.damage or _fits_words(fitted),
        "engine": card.engine,
        "from": model.owner,
        "path": card.path,
        "chosen": card.id == chosen,
        "loaded": card.id in loaded,
    }


def _fits_words(fitted: Fit) -> str:
    if not fitted.fits:
        return f"no, needs {fitted.cost.total / GB:.1f} GB"
    return f"{fitted.context:,} tokens, {fitted.parallel} at once"


def _can_be_read(settings: Settings) -> bool:
    try:
        library().card(settings.model.path, settings.engine.kind)
    except SettingsError:
        return False
    return True
