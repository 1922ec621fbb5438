"""The server as a service of the user. A script stands for `systemctl`, which cannot run here; the files are checked by
what reads them where that is there."""

from __future__ import annotations

import json
import os
import plistlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from command import one_line, pensieve, well
from pensieve.cli.user_service import LABEL, Launchd, Systemd

MANAGER = """#!{python}
import json, os, pathlib, re, shlex, subprocess, sys
told = pathlib.Path({told!r})
told.write_text((told.read_text() if told.exists() else "") + json.dumps(sys.argv[1:]) + "\\n")
if "fail" in os.environ.get("MANAGER", ""):
    sys.exit("no bus")
if "enable" in sys.argv:
    unit = pathlib.Path(os.environ["HOME"], ".config/systemd/user/pensieve.service").read_text()
    command = shlex.split(re.search("^ExecStart=(.*)$", unit, re.MULTILINE)[1])
    lines = re.findall("^Environment=(.*)$", unit, re.MULTILINE)
    variables = dict(shlex.split(line)[0].split("=", 1) for line in lines)
    inherited = {{name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}}
    nowhere, said = subprocess.DEVNULL, open(re.search("^StandardError=append:(.*)$", unit, re.MULTILINE)[1], "a")
    subprocess.Popen(command, env=inherited | variables, start_new_session=True, stdout=nowhere, stderr=said)
"""


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the manager was told."""
    file = tmp_path / "bin" / "systemctl"
    file.parent.mkdir()
    file.write_text(MANAGER.format(python=sys.executable, told=str(tmp_path / "told")))
    file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{file.parent}{os.pathsep}{os.environ['PATH']}")
    return tmp_path / "told"


@pytest.mark.skipif(sys.platform == "darwin", reason="launchd is the manager there")
def test_it_is_started_by_the_manager_and_taken_away_again(background: Path, told: Path, own_home: Path) -> None:
    unit = own_home / ".config" / "systemd" / "user" / "pensieve.service"
    well(pensieve("start", "--service"))
    assert unit.stat().st_mode & 0o777 == 0o600
    assert background.stat().st_mode & 0o777 == 0o700
    assert {"KillMode=mixed", "OOMPolicy=continue"} <= set(unit.read_text().splitlines())
    facts = json.loads(pensieve("status", "--json").stdout)
    assert facts["health"]["model"] == "story"
    well(pensieve("restart"))
    assert unit.exists() and json.loads(pensieve("status", "--json").stdout)["pid"] != facts["pid"]
    assert "Stopped" in well(pensieve("stop", "--service"))
    assert not unit.exists() and pensieve("status").returncode == 3
    assert [json.loads(line)[1] for line in told.read_text().splitlines()] == [
        *("daemon-reload", "enable"),
        *("disable", "daemon-reload", "enable"),
        "disable",
    ]


@pytest.mark.skipif(sys.platform == "darwin", reason="launchd is the manager there")
def test_one_that_cannot_start_says_why_and_is_not_tried_again(
    background: Path, told: Path, own_home: Path, tmp_path: Path
) -> None:
    line = one_line(pensieve("start", "--service", "--model", str(tmp_path / "none.gguf")))
    assert "did not start" in line and "none.gguf" in line
    assert not (own_home / ".config" / "systemd" / "user" / "pensieve.service").exists()


@pytest.mark.skipif(sys.platform == "darwin", reason="launchd is the manager there")
def test_it_takes_the_best_model_that_its_user_finds(
    background: Path, told: Path, tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PENSIEVE_MODEL")
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path / "ollama"))
    folder = Path(os.environ["HOME"]) / "models"
    folder.mkdir()
    shutil.copy(tiny_model, folder / "mine.gguf")
    well(pensieve("start", "--service"))
    assert json.loads(pensieve("status", "--json").stdout)["health"]["model"] == "mine"
    assert "OLLAMA_MODELS" in (folder.parent / ".config" / "systemd" / "user" / "pensieve.service").read_text()
    well(pensieve("stop", "--service"))


@pytest.mark.skipif(sys.platform == "darwin", reason="launchd is the manager there")
def test_without_a_manager_nothing_is_left(background: Path, told: Path, own_home: Path) -> None:
    line = one_line(pensieve("start", "--service", MANAGER="fail"))
    assert "no bus" in line and "without --service" in line
    assert not (own_home / ".config" / "systemd" / "user" / "pensieve.service").exists()


COMMAND = ["/usr/bin/python3", "-m", "pensieve", "serve", "--model", '/with space/100% "own" $HOME \\ é.gguf']
VARIABLES = {"PENSIEVE_HOME": "/home/a b/.pensieve"}
OUTPUT = Path("/home/a b/.pensieve/logs/server.out")


def test_what_systemd_reads(tmp_path: Path) -> None:
    manager = Systemd({}, tmp_path)
    text = manager.text(COMMAND, VARIABLES, OUTPUT).decode()
    assert 'Environment="PENSIEVE_HOME=/home/a b/.pensieve"\n' in text
    assert '"/with space/100%% \\"own\\" $$HOME \\\\ é.gguf"\n' in text
    if analyze := shutil.which("systemd-analyze"):
        unit = tmp_path / "pensieve.service"
        unit.write_text(text)
        done = subprocess.run([analyze, "verify", "--user", str(unit)], capture_output=True, text=True)
        assert "pensieve.service:" not in done.stderr, done.stderr


def test_what_launchd_reads(tmp_path: Path) -> None:
    manager = Launchd(tmp_path)
    read = plistlib.loads(manager.text(COMMAND, VARIABLES, OUTPUT))
    assert (read["Label"], read["ProgramArguments"], read["EnvironmentVariables"]) == (LABEL, COMMAND, VARIABLES)
    assert read["RunAtLoad"] is True and read["KeepAlive"] == {"SuccessfulExit": False}
    assert manager.begin() == [["launchctl", "bootstrap", f"gui/{os.getuid()}", str(manager.file)]]
