"""Which model is taken when nobody has chosen one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from command import COMMAND, pensieve, well
from hub import Hub
from make_mlx_model import make_mlx_model
from pensieve.cli import pick
from pensieve.cli.pick import best
from pensieve.config.settings import Engine, Settings
from pensieve.core.errors import SettingsError
from pensieve.library.cards import slug
from pensieve.library.catalog import Source, catalog
from pensieve.memory.probe import Probe
from pensieve.memory.state import Sample


@pytest.fixture(autouse=True)
def stopped(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PENSIEVE_PORT", "0")
    yield
    pensieve("stop")


def taken(**environment: Any) -> tuple[str, str]:
    """The model, and what was said."""
    done = pensieve("claude", "--print-env", **environment)
    line = next(line for line in well(done).splitlines() if line.startswith("export ANTHROPIC_MODEL="))
    return line.partition("=")[2], done.stderr


def test_the_best_of_those_that_are_here(own_home: Path, tiny_model: Path) -> None:
    folder = own_home / "models"
    folder.mkdir()
    shutil.copy(tiny_model, folder / "other.gguf")
    shutil.copy(tiny_model, folder / "Qwen3.5-9B-UD-Q4_K_XL.gguf")
    (folder / "larger.gguf").write_bytes(tiny_model.read_bytes() + bytes(1_000_000))
    model, said = taken()
    assert model == "qwen3.5-9b-ud-q4-k-xl" and "the best of the models on this machine" in said
    (folder / "Qwen3.5-9B-UD-Q4_K_XL.gguf").unlink()
    card = best(Settings(), Probe().read())
    assert card is not None and card.id == "larger"


def test_one_for_mlx_is_taken_only_if_its_engine_was_chosen(own_home: Path, tiny_model: Path) -> None:
    folder = own_home / "models"
    folder.mkdir()
    make_mlx_model("dice", folder / "Qwen3.5-9B-MLX-4bit")
    assert best(Settings(), Probe().read()) is None
    shutil.copy(tiny_model, folder / "small.gguf")
    chosen = best(Settings(), Probe().read())
    assert chosen is not None and chosen.id == "small"
    chosen = best(Settings(engine=Engine(kind="mlx")), Probe().read())
    assert chosen is not None and chosen.id == "qwen3.5-9b-mlx-4bit"


def test_one_that_was_chosen_is_taken(own_home: Path, tiny_model: Path, script: Path) -> None:
    folder = own_home / "models"
    folder.mkdir()
    shutil.copy(tiny_model, folder / "other.gguf")
    well(pensieve("use", str(script)))
    assert taken()[0] == "story"


def test_without_any_it_is_the_bundled_one_and_nothing_is_fetched_unasked(own_home: Path) -> None:
    model, said = taken(HF_ENDPOINT="http://127.0.0.1:9")
    assert model == "pensieve-nano" and "pensieve pull" in said


def best_of(source: Source) -> str:
    """A file of the repository, of the quantisation that is asked for."""
    return f"Best-{source.quant or 'Q4_K_M'}.gguf"


def test_the_best_is_fetched_after_a_question(
    own_home: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a terminal: the question, a bar, and then the client, for which a script stands that tells its model."""
    for name in ("HF_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME", "HF_TOKEN", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    client = own_home / "bin" / "claude"
    client.parent.mkdir()
    client.write_text('#!/bin/sh\necho "$ANTHROPIC_MODEL"\n')
    client.chmod(0o755)
    with Hub().running() as hub:
        # Which one fits best depends on what others leave of the memory.
        sources = {source.repository: source for source in (entry.gguf for entry in catalog())}
        for repository, source in sources.items():
            hub.repositories[repository] = {best_of(source): tiny_model.read_bytes()}
        environment = {"HF_ENDPOINT": hub.url, "PATH": f"{client.parent}{os.pathsep}{os.environ['PATH']}"}
        ours, theirs = os.openpty()
        with subprocess.Popen(
            [*COMMAND, "claude"],
            env={**os.environ, **environment},
            stdin=theirs,
            stderr=theirs,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            shown = ""
            while "Fetch it?" not in shown:
                shown += os.read(ours, 1000).decode()
            os.write(ours, b"y\n")
            while "Loading" not in shown:
                shown += os.read(ours, 1000).decode()
            told, _ = process.communicate(timeout=60)
        os.close(ours)
        os.close(theirs)
    (source,) = (source for repository, source in sources.items() if f"{repository}:" in shown)
    assert told.strip() == slug(best_of(source).removesuffix(".gguf"))
    assert "100 %" in shown


GB = 1_000_000_000


def machine_with(available: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of 16 GB, of which so many bytes are available."""
    monkeypatch.setattr(pick, "Probe", lambda: SimpleNamespace(read=lambda: Sample(0, available, 16 * GB)))


def asked(settings: Settings) -> tuple[str | None, list[str]]:
    """What is picked by somebody who says no, and what was asked."""
    questions: list[str] = []

    def no(question: str) -> bool:
        questions.append(question)
        return False

    return pick.picked(settings, no, lambda line: None), questions


def model_of(size: int, folder: Path, tiny_model: Path) -> None:
    folder.mkdir(exist_ok=True)
    with (folder / "Qwen3.5-9B-UD-Q4_K_XL.gguf").open("wb") as file:
        file.write(tiny_model.read_bytes())
        file.truncate(size)


def test_what_is_here_is_not_offered_again_when_memory_is_short(
    own_home: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model_of(6 * GB, own_home / "models", tiny_model)
    machine_with(5 * GB, monkeypatch)
    with pytest.raises(SettingsError, match=r"qwen3.5-9b-ud-q4-k-xl is here, but needs \d\.\d GB more") as caught:
        asked(Settings())
    assert "Close programs" in caught.value.remedy
    machine_with(14 * GB, monkeypatch)
    assert asked(Settings()) == ("qwen3.5-9b-ud-q4-k-xl", [])


def test_one_that_is_damaged_or_never_fits_does_not_stop_another_from_being_offered(
    own_home: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine_with(14 * GB, monkeypatch)
    model_of(20 * GB, own_home / "models", tiny_model)
    (own_home / "models" / "cut.gguf").write_bytes(tiny_model.read_bytes()[:1_000_000])
    chosen, questions = asked(Settings())
    assert chosen is None and len(questions) == 1


def test_what_would_not_run_now_is_not_offered(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {entry.name: entry.gguf.gb for entry in catalog()}
    for gigabytes in (9, 15):
        machine_with(gigabytes * GB, monkeypatch)
        _, (question,) = asked(Settings())
        offered = next(name for name in sizes if f" {name} fits best" in question)
        assert sizes[offered] < gigabytes
    machine_with(1 * GB, monkeypatch)
    assert asked(Settings()) == (None, [])


def test_recommend_lists_what_fits(own_home: Path) -> None:
    entries = json.loads(well(pensieve("recommend", "--json")))
    assert [entry["name"] for entry in entries]
    words = well(pensieve("recommend"))
    assert all(entry["name"] in words for entry in entries)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert all(entry["gguf"]["gb"] * 1e9 < memory for entry in entries)
