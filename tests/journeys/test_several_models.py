"""Several models behind one server: loaded when they are asked for, unloaded when there is no room for all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from make_model import make_model
from pensieve.library.cards import read_card
from pensieve.memory.estimate import load_cost
from server import Server, wait_for
from shortage import steady_gb

pytestmark = pytest.mark.journey


def asked(model: str, most: int = 4) -> dict[str, Any]:
    """At temperature 0 the noise never ends by itself."""
    return {
        "model": model, "max_tokens": most, "temperature": 0, "messages": [{"role": "user", "content": "hello"}]
    }  # fmt: skip


@pytest.fixture
def folder(own_home: Path, tiny_model: Path) -> Path:
    """Models `one`, `two` and `three` on this machine."""
    place = own_home / "models"
    place.mkdir()
    for name in ("one", "two", "three"):
        shutil.copy(tiny_model, place / f"{name}.gguf")
    return place


def loaded(server: Server) -> set[str]:
    return {model["model"] for model in server.health()["models"] if model["status"] == "ready"}


def test_a_model_is_loaded_when_it_is_asked_for(folder: Path, script: Path, serve: Callable[..., Server]) -> None:
    server = serve(script, model__aliases="fast=two")
    assert loaded(server) == {"story"}
    answer = server.post(asked("one"))
    assert answer.status_code == 200 and answer.json()["model"] == "one"
    assert server.post(asked("fast")).status_code == 200
    assert loaded(server) == {"story", "one", "two"}
    with server.sdk() as client:
        assert [model.id for model in client.models.list().data] == ["story", "one", "two"]
        assert client.models.retrieve("fast").max_input_tokens == client.models.retrieve("two").max_input_tokens
    workers = [model["worker_pid"] for model in server.health()["models"]]
    assert server.stop() == 0
    wait_for(lambda: not any(map(psutil.pid_exists, workers)))


def test_many_who_ask_at_once_load_it_once(folder: Path, script: Path, serve: Callable[..., Server]) -> None:
    server = serve(script)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda name: server.post(asked(name)).status_code, ["one", "two"] * 8))
    assert answers == [200] * 16
    assert sum("worker_ready" in line for line in server.log.splitlines()) == 3


def test_a_name_of_no_model_and_a_path(folder: Path, script: Path, serve: Callable[..., Server]) -> None:
    server = serve(script)
    for name in ("four", str(folder / "one.gguf"), "../one", "one.gguf"):
        answer = server.post(asked(name))
        assert answer.status_code == 404 and "story" in answer.json()["error"]["message"]
    assert loaded(server) == {"story"}


def test_a_model_that_is_damaged(folder: Path, script: Path, serve: Callable[..., Server]) -> None:
    (folder / "one.gguf").write_bytes((folder / "one.gguf").read_bytes()[:1_000_000])
    server = serve(script)
    answer = server.post(asked("one"))
    assert answer.status_code == 503 and "cut short" in answer.json()["error"]["message"]
    assert server.post(asked("two")).status_code == 200
    assert server.post(asked("story")).status_code == 200


@pytest.fixture(scope="module")
def roomy_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model("roomy", tmp_path_factory.mktemp("models") / "roomy.gguf")


def test_the_one_not_used_for_longest_makes_room_unless_it_is_at_work(
    own_home: Path, roomy_model: Path, serve: Callable[..., Server]
) -> None:
    """Models of a size that can be told from chance, and room for two of them."""
    place = own_home / "models"
    place.mkdir(exist_ok=True)
    for name in ("first", "second", "third"):
        os.link(roomy_model, place / f"{name}.gguf")
    line = steady_gb() - 2.5 * load_cost(read_card(str(roomy_model)), 32768, 1, 512).total / 1e9
    lines = {"memory__warn_gb": line, "memory__reject_gb": line, "memory__emergency_gb": 0}
    server = serve(place / "first.gguf", **lines, engine__context=32768, engine__parallel=1, engine__cache_mb=0)
    for name, left in (
        ("second", {"first", "second"}),
        ("first", {"first", "second"}),
        ("third", {"first", "third"}),
        ("second", {"second", "third"}),
    ):
        assert server.post(asked(name)).status_code == 200
        assert loaded(server) == left
    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(server.post, asked(name, most=200)) for name in ("second", "third")]
        wait_for(lambda: sum(model["running"] for model in server.health()["models"]) == 2)
        answer = server.post(asked("first"))
        assert answer.status_code == 503 and "at work" in answer.json()["error"]["message"]
        assert [one.result().status_code for one in running] == [200, 200]
    assert loaded(server) == {"second", "third"}
