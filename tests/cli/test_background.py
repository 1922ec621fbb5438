"""`start`, `stop`, `restart`, `status`, `logs`: whatever happens in between."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

import psutil
import pytest

from command import COMMAND, one_line, pensieve, well
from server import wait_for


def alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def told() -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(pensieve("status", "--json").stdout)
    return facts


def test_started_and_stopped_and_each_of_it_twice(background: Path) -> None:
    assert pensieve("status").returncode == 3
    first, second = well(pensieve("start")), well(pensieve("start"))
    assert first == second and "http://127.0.0.1:" in first
    facts = told()
    assert facts["health"]["status"] == "ready" and alive(facts["pid"])
    assert pensieve("status").returncode == 0
    assert str(facts["pid"]) in well(pensieve("stop"))
    assert not alive(facts["pid"])
    assert well(pensieve("stop")) == "No server runs.\n"
    assert told() == {"running": False}


def test_many_starts_at_once_end_in_one_server(background: Path) -> None:
    starts = [subprocess.Popen([*COMMAND, "start"], stdout=subprocess.PIPE, text=True) for _ in range(5)]
    said = {start.communicate(timeout=120)[0] for start in starts}
    assert len(said) == 1 and not any(start.returncode for start in starts)


def test_status_tells_what_runs(background: Path) -> None:
    well(pensieve("start"))
    words = well(pensieve("status"))
    named = [line.split()[0] for line in words.splitlines()]
    assert named == ["server", "model", "memory", "requests", "speed", "cache", "log"]
    assert "story on scripted" in words and "0 answered" in words
    well(pensieve("chat", "count to five"))
    words = well(pensieve("status"))
    assert "1 answered" in words and "prompt tokens" in words


def test_one_that_was_killed_is_not_running_and_can_be_started(background: Path) -> None:
    well(pensieve("start"))
    facts = told()
    worker = facts["health"]["worker_pid"]
    os.kill(facts["pid"], signal.SIGKILL)
    wait_for(lambda: not alive(facts["pid"]))
    assert told() == {"running": False}
    wait_for(lambda: not alive(worker))
    well(pensieve("start"))
    assert told()["pid"] != facts["pid"]


def test_the_number_of_another_program_is_left_alone(background: Path) -> None:
    """A stale file names a process that is somebody else's by now."""
    well(pensieve("start"))
    file = background / "run" / "server.json"
    record = json.loads(file.read_text())
    well(pensieve("stop"))
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        file.write_text(json.dumps(record | {"pid": stranger.pid}))
        assert told() == {"running": False}
        assert well(pensieve("stop")) == "No server runs.\n"
        assert stranger.poll() is None
        well(pensieve("start"))
        assert told()["pid"] != stranger.pid
        stranger.communicate(b"\n")


def test_a_restart_keeps_what_it_was_started_with(background: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    well(pensieve("start", "--port", port))
    before = told()
    well(pensieve("restart"))
    after = told()
    assert after["url"] == before["url"] == f"http://127.0.0.1:{port}"
    assert after["pid"] != before["pid"]


def test_a_restart_reads_the_config_file_that_was_named(
    background: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PENSIEVE_MODEL")
    other = tmp_path / "other.json"
    other.write_text('{"replies": [{"steps": ["other"]}]}')
    config = tmp_path / "own.toml"
    config.write_text(f'[model]\npath = "{other}"\n')
    well(pensieve("start", "--config", str(config)))
    assert told()["health"]["model"] == "other"
    well(pensieve("restart"))
    assert told()["health"]["model"] == "other"


def test_a_restart_elsewhere_has_the_same_variables(
    background: Path, script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    well(pensieve("start", PENSIEVE_SERVER__PORT=port, PENSIEVE_SERVER__TOKEN="own"))
    before = told()
    for name in ("PENSIEVE_PORT", "PENSIEVE_MODEL"):
        monkeypatch.delenv(name)
    assert "started with PENSIEVE_MODEL: `pensieve stop`" in pensieve("use", str(script)).stderr
    well(pensieve("restart"))
    after = told()
    assert (after["url"], after["health"]["model"]) == (before["url"], "story") and after["pid"] != before["pid"]
    assert (background / "run" / "server.json").stat().st_mode & 0o077 == 0
    well(pensieve("restart", PENSIEVE_PORT="0"))
    assert told()["url"] != before["url"]
    well(pensieve("stop"))


def test_what_is_written_is_said_to_count_when_it_does(
    background: Path, script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    well(pensieve("start"))
    assert "But the environment variable PENSIEVE_MODEL wins." in pensieve("use", str(script)).stderr
    assert "`pensieve restart` makes" in pensieve("config", "set", "log.level", "debug").stderr
    well(pensieve("stop"))
    monkeypatch.delenv("PENSIEVE_MODEL")
    config = tmp_path / "own.toml"
    config.write_text(f'[model]\npath = "{script}"\n')
    well(pensieve("start", "--config", str(config)))
    for command in (("use", str(script)), ("config", "set", "log.level", "info")):
        assert "started with --config: `pensieve stop`" in pensieve(*command).stderr


def test_a_start_with_other_arguments_says_that_they_are_not_used(background: Path, script: Path) -> None:
    well(pensieve("start"))
    done = pensieve("start", "--model", str(script))
    assert "runs already" in done.stderr and done.returncode == 0
    assert "runs already" not in pensieve("start").stderr


def test_a_restart_elsewhere_of_a_server_in_the_foreground(
    background: Path, script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paths mean what they meant in the folder where it was started."""
    monkeypatch.delenv("PENSIEVE_MODEL")
    environment = os.environ | {"PENSIEVE_MODEL": script.name, "HF_HOME": "hub"}
    with subprocess.Popen([*COMMAND, "serve"], cwd=script.parent, env=environment, stderr=subprocess.DEVNULL):
        wait_for(lambda: pensieve("status").returncode == 0)
        well(pensieve("restart"))
    assert told()["health"]["model"] == "story"
    kept = json.loads((background / "run" / "server.json").read_text())["environment"]
    assert (kept["PENSIEVE_MODEL"], kept["HF_HOME"]) == (str(script), str(script.parent / "hub"))


def test_a_restart_of_nothing_is_a_start(background: Path) -> None:
    well(pensieve("restart"))
    assert told()["running"]


def test_a_port_that_a_stranger_has(background: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = str(busy.getsockname()[1])
        line = one_line(pensieve("start", "--port", port))
    assert f"Port {port}" in line and "--port" in line
    assert told() == {"running": False}


def test_a_model_that_is_not_there(background: Path) -> None:
    assert "/no/such.gguf" in one_line(pensieve("start", "--model", "/no/such.gguf"))
    assert "server.port" in one_line(pensieve("start", PENSIEVE_PORT="many"))


def test_a_path_means_the_same_wherever_the_server_is_started(background: Path, script: Path) -> None:
    well(pensieve("start", "--model", script.name, folder=script.parent))
    assert told()["health"]["model"] == "story"
    well(pensieve("stop"))
    well(pensieve("start", folder=script.parent, PENSIEVE_MODEL=script.name))
    assert told()["health"]["model"] == "story"


def test_ctrl_c_while_it_starts_leaves_nothing(background: Path, tmp_path: Path) -> None:
    never = tmp_path / "never.json"
    os.mkfifo(never)
    with subprocess.Popen([*COMMAND, "start", "--model", str(never)], stderr=subprocess.PIPE) as starting:
        (server,) = wait_for(lambda: psutil.Process(starting.pid).children())
        starting.send_signal(signal.SIGINT)
        assert starting.wait(30) == 130
    wait_for(lambda: not server.is_running() or server.status() == psutil.STATUS_ZOMBIE)
    assert told() == {"running": False}


def test_one_in_the_foreground_counts_too(background: Path) -> None:
    with subprocess.Popen([*COMMAND, "serve"], stderr=subprocess.DEVNULL) as server:
        wait_for(lambda: told()["running"])
        assert told()["pid"] == server.pid
        assert str(server.pid) in well(pensieve("start"))
        well(pensieve("stop"))
        assert server.wait(30) == 0


def test_the_log_is_shown_and_followed(background: Path) -> None:
    assert "There is no log" in one_line(pensieve("logs"))
    well(pensieve("start"))
    assert "worker_ready" in well(pensieve("logs"))
    assert len(well(pensieve("logs", "-n", "1")).splitlines()) == 1
    log = background / "logs" / "pensieve.log"
    with subprocess.Popen([*COMMAND, "logs", "-f", "-n", "0"], stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        # It has begun to follow when it shows a line; then a new file takes the place of the full one.
        with log.open("a") as full:
            wait_for(lambda: _shown(full, following))
        log.rename(log.with_suffix(".log.1"))
        log.write_text("to the new file\n")
        assert any(line == "to the new file\n" for line in following.stdout)
        following.send_signal(signal.SIGINT)
    assert following.returncode == 130


def _shown(log: IO[str], following: subprocess.Popen[str]) -> bool:
    log.write("to the old file\n")
    log.flush()
    assert following.stdout is not None
    return bool(select.select([following.stdout], [], [], 0.2)[0])


@pytest.mark.parametrize("command", ["status", "start", "logs"])
def test_a_home_that_cannot_be_made_is_said(command: str, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    done = pensieve(command, PENSIEVE_HOME=str(blocked / "home"))
    assert done.returncode in (1, 2, 3) and "Traceback" not in done.stderr
