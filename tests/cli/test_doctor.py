"""`pensieve doctor`: what is wrong is found, and named with its remedy."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from command import one_line, pensieve, well


def found(*options: str, **environment: Any) -> dict[str, dict[str, Any]]:
    done = pensieve("doctor", "--json", *options, **environment)
    assert done.returncode in (0, 1) and not done.stderr, done.stderr
    return {finding["name"]: finding for finding in json.loads(done.stdout)}


@pytest.fixture
def client(tmp_path: Path) -> str:
    """A PATH with a client of some version in it."""
    file = tmp_path / "bin" / "claude"
    file.parent.mkdir()
    file.write_text("#!/bin/sh\necho '2.1.100 (Claude Code)'\n")
    file.chmod(0o755)
    return str(file.parent)


def test_all_is_well_on_a_new_machine(own_home: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    said = well(pensieve("doctor", PENSIEVE_PORT=port))
    assert [line[2:12].strip() for line in said.splitlines()] == [
        *("home", "settings", "port", "model", "engine", "memory", "disk", "models", "client", "token", "setup"),
    ]
    assert "! " not in said and "Pensieve Nano" in said


def test_a_server_that_runs(background: Path) -> None:
    well(pensieve("start"))
    assert "serves story" in found()["server"]["words"]
    wrong = found(PENSIEVE_SERVER__TOKEN="another")["server"]
    assert (wrong["verdict"], wrong["remedy"]) == ("bad", "`pensieve restart`")


def test_a_port_that_is_taken(own_home: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = str(busy.getsockname()[1])
        finding = found(PENSIEVE_PORT=port)["port"]
    assert finding["verdict"] == "bad" and port in finding["words"] and "server.port" in finding["remedy"]


def test_settings_and_models_that_cannot_be_read(own_home: Path) -> None:
    assert found(PENSIEVE_PORT="high")["settings"]["verdict"] == "bad"
    missing = found(PENSIEVE_MODEL="/none.gguf")["model"]
    assert missing["verdict"] == "bad" and "/none.gguf" in missing["words"]


def test_a_server_for_others_needs_a_token(own_home: Path) -> None:
    wanting = found(PENSIEVE_HOST="0.0.0.0")["token"]
    assert wanting["verdict"] == "bad" and "server.token" in wanting["remedy"]
    assert found(PENSIEVE_HOST="0.0.0.0", PENSIEVE_SERVER__TOKEN="mine")["token"]["verdict"] == "ok"


def test_a_model_that_does_not_fit(own_home: Path, tiny_model: Path) -> None:
    short = found(PENSIEVE_MODEL=str(tiny_model), PENSIEVE_MEMORY__WARN_GB="900000")["model"]
    assert short["verdict"] == "bad" and "can be had" in short["words"]
    assert "tokens in" in found(PENSIEVE_MODEL=str(tiny_model))["model"]["words"]


def test_the_client(own_home: Path, client: str, tmp_path: Path) -> None:
    assert "older than" in found(PATH=client)["client"]["words"]
    assert "npm install" in found(PATH=str(tmp_path))["client"]["remedy"]


def test_what_is_safe_is_mended(own_home: Path) -> None:
    home = own_home / ".pensieve"
    home.mkdir(mode=0o755)
    assert found()["home"]["verdict"] == "bad"
    assert home.stat().st_mode & 0o777 == 0o755
    assert "Mended" in found("--fix")["home"]["words"]
    assert home.stat().st_mode & 0o777 == 0o700


def test_a_client_that_was_left_without_a_server(background: Path) -> None:
    well(pensieve("setup", "--yes"))
    assert found()["setup"]["verdict"] == "ok"
    well(pensieve("stop"))
    assert found()["setup"]["remedy"] == "`pensieve start`"


def test_a_user_without_a_home_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container whose user has a number only. A module that is loaded first stands for the missing account."""
    (tmp_path / "sitecustomize.py").write_text(
        "import pwd\ndef getpwuid(number):\n    raise KeyError(number)\npwd.getpwuid = getpwuid\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH")))))
    monkeypatch.delenv("HOME")
    for command in (("models",), ("start",), ("config", "validate"), ("show", "some")):
        assert "Set HOME" in one_line(pensieve(*command)), command
