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

pytestmark = pytest.mark.journey


def asked(model: str, most: int = 4) -> dict[str, Any]:
    return {"model": model, "max_tokens": most, "messages": [{"role": "user", "content": "hello"}]}


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
    assert answer.status_code == 503 and "cannot be loaded" in answer.json()["error"]["message"]
    assert server.post(asked("two")).status_code == 200
    assert server.post(asked("story")).status_code == 200


@pytest.fixture(scope="module")
def mid_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model("mid", tmp_path_factory.mktemp("models") / "mid.gguf")


@pytest.fixture
def room_for_two(own_home: Path, mid_model: Path) -> dict[str, Any]:
    """Models `first`, `second` and `third` of a size that can be told from chance, and settings that leave room for
    two of them."""
    place = own_home / "models"
    place.mkdir(exist_ok=True)
    for name in ("first", "second", "third"):
        os.link(mid_model, place / f"{name}.gguf")
    card = read_card(str(mid_model))
    needed = load_cost(card, 4096, 1, 512).total / 1e9
    line = psutil.virtual_memory().available / 1e9 - 2.2 * needed
    lines = {"memory__warn_gb": line, "memory__reject_gb": line, "memory__emergency_gb": 0}
    return {**lines, "engine__context": 4096, "engine__parallel": 1, "engine__cache_mb": 0}


def test_the_one_not_used_for_longest_makes_room(
    own_home: Path, room_for_two: dict[str, Any], serve: Callable[..., Server]
) -> None:
    server = serve(own_home / "models" / "first.gguf", **room_for_two)
    assert server.post(asked("second")).status_code == 200
    assert loaded(server) == {"first", "second"}
    assert server.post(asked("first")).status_code == 200
    assert server.post(asked("third")).status_code == 200
    assert loaded(server) == {"first", "third"}
    assert server.post(asked("second")).status_code == 200
    assert loaded(server) == {"second", "third"}


def test_one_that_is_pinned_or_at_work_stays(
    own_home: Path, room_for_two: dict[str, Any], serve: Callable[..., Server]
) -> None:
    server = serve(own_home / "models" / "first.gguf", model__pinned="first", **room_for_two)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(server.post, asked("second", most=600))
        wait_for(lambda: any(model["running"] for model in server.health()["models"]))
        answer = server.post(asked("third"))
        assert answer.status_code == 503 and "pinned" in answer.json()["error"]["message"]
        assert running.result().status_code == 200
    assert server.post(asked("third")).status_code == 200
    assert loaded(server) == {"first", "third"}
