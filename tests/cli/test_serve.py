"""`pensieve` as a person meets it: a process, its words, its exit code."""

from __future__ import annotations

import shlex
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from command import one_line, pensieve
from pensieve.config.settings import Settings
from pensieve.core.errors import SettingsError
from pensieve.http.server import listen
from server import Server, start_server


def test_no_model_is_the_bundled_one_and_it_says_what_that_is(tmp_path: Path) -> None:
    server = start_server(None, tmp_path)
    assert server.stop() == 0
    assert "Pensieve Nano, a tiny demonstration model" in server.said
    command = next(line for line in server.said.splitlines() if line.endswith("--model /path/to/model.gguf"))
    asked = subprocess.run([*shlex.split(command), "--help"], capture_output=True, text=True, timeout=60)
    assert (asked.returncode, "--model" in asked.stdout) == (0, True)


@pytest.mark.parametrize("name", ["/no/such/file.gguf", "nothing.gguf"])
def test_a_missing_model(name: str) -> None:
    assert name in one_line(pensieve("serve", "--model", name))


def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    file = tmp_path / "letter.gguf"
    file.write_text("Dear reader")
    assert "does not begin with GGUF" in one_line(pensieve("serve", "--model", str(file)))


def test_a_model_that_is_cut_short(tmp_path: Path, tiny_model: Path) -> None:
    file, size = tmp_path / "cut.gguf", tiny_model.stat().st_size
    file.write_bytes(tiny_model.read_bytes()[:1_000_000])
    line = one_line(pensieve("serve", "--port", "0", "--model", str(file)))
    assert f"cut short: 1,000,000 of {size:,} bytes" in line and len(line) < 300


def test_a_busy_port(tiny_model: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = str(busy.getsockname()[1])
        line = one_line(pensieve("serve", "--port", port, "--model", str(tiny_model)))
    assert f"Port {port}" in line and "--port" in line


def test_a_port_is_taken_from_the_moment_that_it_is_said_to_be() -> None:
    """Before anything slow is done: whoever comes second is told at once, and not when its model is loaded."""
    free = replace(Settings().server, port=0)
    with listen(free) as first, pytest.raises(SettingsError, match="cannot be used"):
        listen(replace(free, port=first.getsockname()[1]))


def test_a_port_that_another_server_of_ours_has(tiny_model: Path, tmp_path: Path, serve: Callable[..., Server]) -> None:
    port = str(serve(tiny_model).port)
    arguments = ("serve", "--port", port, "--model", str(tiny_model))
    line = one_line(pensieve(*arguments, PENSIEVE_HOME=str(tmp_path / "another")))
    assert "another home" in line and tiny_model.stem in line and "--port" in line
    for host in ("127.0.0.1", "localhost"):
        line = one_line(pensieve(*arguments, "--host", host, PENSIEVE_HOME=str(tmp_path / "server-0" / "home")))
        assert "this home" in line and "pensieve stop" in line


def test_a_bad_config(tmp_path: Path, tiny_model: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[server]\nprot = 1\n")
    line = one_line(pensieve("serve", "--model", str(tiny_model), "--config", str(config)))
    assert "server.prot" in line and "server.port" in line
    assert "no config file" in one_line(pensieve("serve", "--config", str(tmp_path / "none.toml")))


def test_a_bad_environment() -> None:
    assert "PENSIEVE_SERVER__PORT" in one_line(pensieve("serve", PENSIEVE_SERVER__PRT="1"))


def test_off_loopback_a_token_is_asked_for(tiny_model: Path) -> None:
    line = one_line(pensieve("serve", "--host", "0.0.0.0", "--port", "0", "--model", str(tiny_model)))
    assert "PENSIEVE_SERVER__TOKEN" in line


def test_an_unknown_engine(tiny_model: Path) -> None:
    assert "engine.kind" in one_line(pensieve("serve", "--engine", "steam", "--model", str(tiny_model)))


def test_the_version() -> None:
    assert pensieve("--version").stdout == "pensieve 0.1.0\n"


def test_a_config_file_and_the_short_names_are_read(
    tmp_path: Path, tiny_model: Path, serve: Callable[..., Server]
) -> None:
    place = tmp_path / "server-0" / "home"
    place.mkdir(parents=True)
    (place / "config.toml").write_text('[model]\naliases = ["my-model"]\n[engine]\nparallel = 2\n')
    server = serve(tiny_model)
    assert server.health()["parallel"] == 2
    body = {"model": "my-model", "max_tokens": 1, "messages": [{"role": "user", "content": "x"}]}
    assert server.post(body).status_code == 200
