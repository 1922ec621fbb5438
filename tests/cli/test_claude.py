"""`pensieve claude` up to the moment when it becomes Claude Code. A script stands for the client here, and says what it
was given; the real one runs in tests/journeys/test_launcher.py."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from command import COMMAND, one_line, pensieve, well

TOLD = "import json, os, sys; print(json.dumps([sys.argv[1:], dict(os.environ), os.getpid()]))"


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin with ünïcode"
    folder.mkdir()
    file = folder / "claude"
    file.write_text(f"#!{sys.executable}\n{TOLD}\n")
    file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return file


def given(*arguments: str, folder: Path | None = None, **environment: str) -> tuple[list[str], dict[str, str]]:
    words, variables, _ = json.loads(well(pensieve("claude", *arguments, folder=folder, **environment)))
    return words, variables


def settings_in(words: list[str]) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(Path(words[words.index("--settings") + 1]).read_text())
    return told


def test_it_becomes_the_client(background: Path, client: Path) -> None:
    with subprocess.Popen([*COMMAND, "claude"], stdout=subprocess.PIPE, text=True) as process:
        words, variables, pid = json.loads(process.communicate(timeout=60)[0])
    assert pid == process.pid
    assert variables["ANTHROPIC_BASE_URL"] == settings_in(words)["env"]["ANTHROPIC_BASE_URL"]
    assert variables["ANTHROPIC_MODEL"] == "story"


def test_all_arguments_are_the_clients_but_ours_in_front(background: Path, client: Path) -> None:
    words, _ = given("-p", "Say --model", "--model", "opus", "-c", "--", "--print-env")
    assert words[2:] == ["-p", "Say --model", "--model", "opus", "-c", "--", "--print-env"]
    words, _ = given("--model", "story", "-p", "hello")
    assert words[2:] == ["-p", "hello"]
    for words_of_the_client in (
        ["-c", "--model", "opus"],
        ["-c", "--help"],
        ["-c", "--", "-x"],
        ["--resume", "--", "y"],
    ):
        assert given(*words_of_the_client)[0][2:] == words_of_the_client
    assert given("--model=story", "--", "--help")[0][2:] == ["--help"]
    assert "--print-env" in well(pensieve("claude", "--help"))


def test_a_model_that_is_not_the_one_that_runs(background: Path, client: Path, tiny_model: Path) -> None:
    given()
    assert "does not know" in one_line(pensieve("claude", "--model", str(tiny_model)))
    place = Path(os.environ["HOME"]) / "models"
    place.mkdir()
    shutil.copy(tiny_model, place / "other.gguf")
    words, variables = given("--model", "quick", PENSIEVE_MODEL__ALIASES="quick=other")
    assert variables["ANTHROPIC_MODEL"] == "other"
    assert settings_in(words)["env"]["CLAUDE_CODE_MAX_CONTEXT_TOKENS"] == "43768"
    assert "other, 32,768 tokens (ready)" in well(pensieve("status"))


def test_an_alias_is_known_before_there_is_a_server(background: Path, client: Path, tiny_model: Path) -> None:
    place = Path(os.environ["HOME"]) / "models"
    place.mkdir()
    shutil.copy(tiny_model, place / "other.gguf")
    assert given("--model", "quick", PENSIEVE_MODEL__ALIASES="quick=other")[1]["ANTHROPIC_MODEL"] == "other"
    well(pensieve("stop"))
    for name in ("claude-local", "mine"):
        assert given("--model", name, PENSIEVE_MODEL__ALIASES="mine")[1]["ANTHROPIC_MODEL"] == "story"


def test_what_is_meant_for_other_servers_is_hidden_in_a_shell(background: Path) -> None:
    others: dict[str, Any] = {"ANTHROPIC_BETAS": "some-beta", "CLAUDE_CODE_AUTO_COMPACT_WINDOW": "100000", "OTHER": "1"}
    words = well(pensieve("claude", "--print-env", **others)).splitlines()
    assert "export ANTHROPIC_BETAS=''" in words and "export CLAUDE_CODE_AUTO_COMPACT_WINDOW=''" in words
    assert not [line for line in words if "OTHER" in line]


def test_the_users_own_settings_stay_in_force(background: Path, client: Path, tmp_path: Path) -> None:
    words, _ = given("--settings", '{"outputStyle": "terse", "env": {"A": "1"}}', "-p", "x")
    assert words[2:] == ["-p", "x"] and words.count("--settings") == 1
    told = settings_in(words)
    assert told["outputStyle"] == "terse" and told["env"]["A"] == "1" and told["env"]["ANTHROPIC_MODEL"] == "story"
    file = tmp_path / "own settings.json"
    file.write_text('{"outputStyle": "long"}')
    assert settings_in(given(f"--settings={file}")[0])["outputStyle"] == "long"
    for wrong in ("{", "[1]", str(tmp_path / "none.json")):
        assert "--settings" in one_line(pensieve("claude", "--settings", wrong))


def test_what_it_writes_is_for_ones_own_eyes_and_bounded(background: Path, client: Path) -> None:
    for number in range(3):
        words, _ = given("--settings", json.dumps({"n": number}))
        assert settings_in(words)["n"] == number
    (file,) = [Path(word) for word in words if word.startswith(str(background / "claude"))]
    for number in range(22):
        shutil.copy(file, file.with_name(f"{number}{file.name}"))
    given("--settings", json.dumps({"n": 3}))
    files = list((background / "claude").iterdir())
    assert len(files) == 20 and {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_no_client_is_one_line_with_the_command_that_installs_it(background: Path, tmp_path: Path) -> None:
    line = one_line(pensieve("claude", PATH=str(tmp_path)))
    assert "npm install -g @anthropic-ai/claude-code" in line
    # And no server was started for nothing.
    assert pensieve("status").returncode == 3


def test_what_asks_no_model_starts_no_server(background: Path, client: Path) -> None:
    for words in (["--version"], ["mcp", "list"]):
        told, variables = given(*words)
        assert told == words and "ANTHROPIC_BASE_URL" not in variables
    assert pensieve("status").returncode == 3


def test_a_small_window_gets_few_tools(background: Path, client: Path, tmp_path: Path) -> None:
    story = tmp_path / "small.json"
    story.write_text('{"context": 16384, "replies": []}')
    words, _ = given("--model", str(story), "-p", "x")
    assert words[:3] == ["--tools", "Bash,Edit,Read,Write", "--settings"]
    assert given("--tools", "Read")[0][2:] == ["--tools", "Read"]
    assert "# Then: claude --tools Bash,Edit,Read,Write --settings" in well(pensieve("claude", "--print-env"))


def test_a_window_that_is_too_small(background: Path, client: Path, tmp_path: Path) -> None:
    story = tmp_path / "small.json"
    story.write_text('{"context": 8192, "replies": []}')
    assert "engine.context" in one_line(pensieve("claude", "--model", str(story)))


def test_a_token_of_ones_own_goes_along(background: Path, client: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENSIEVE_SERVER__TOKEN", "my own")
    with pytest.raises(AssertionError, match=r"server\.token"):
        given()
    monkeypatch.setenv("PENSIEVE_SERVER__TOKEN", "my-own")
    assert given()[1]["ANTHROPIC_AUTH_TOKEN"] == "my-own"
    monkeypatch.delenv("PENSIEVE_SERVER__TOKEN")
    assert "401" in one_line(pensieve("claude"))


def test_the_script_of_a_checkout(background: Path, client: Path, tmp_path: Path) -> None:
    """`scripts/claude-local`, by way of a link, in a folder with spaces; then with nothing installed."""
    script = tmp_path / "my checkout" / "scripts" / "claude-local"
    script.parent.mkdir(parents=True)
    shutil.copy(Path(__file__).parents[2] / "scripts" / "claude-local", script)
    link = tmp_path / "link"
    link.symlink_to(script)
    nothing = subprocess.run([link], env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, timeout=30)
    assert nothing.returncode == 127 and "install" in nothing.stderr
    installed = script.parents[1] / ".venv" / "bin" / "pensieve"
    installed.parent.mkdir(parents=True)
    installed.write_text(f'#!/bin/sh\nexec {sys.executable} -m pensieve "$@"\n')
    installed.chmod(0o755)
    done = subprocess.run([link, "-p", "two words"], capture_output=True, text=True, timeout=60)
    words, variables, _ = json.loads(done.stdout)
    assert words[2:] == ["-p", "two words"] and variables["ANTHROPIC_MODEL"] == "story"


SHELLS = [shell for shell in ("sh", "bash", "zsh", "fish") if shutil.which(shell)]


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_understands_the_printed_environment(background: Path, shell: str, tmp_path: Path) -> None:
    folder = tmp_path / "it's here"
    folder.mkdir()
    printed = well(pensieve("claude", "--print-env", folder=folder))
    file = tmp_path / "env"
    file.write_text(printed)
    script = f". '{file}'; env" if shell != "fish" else f"source '{file}'; env"
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "ANTHROPIC_API_KEY": "sk-ant-1"}
    done = subprocess.run([shell, "-c", script], env=environment, capture_output=True, text=True, timeout=30)
    told = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    assert told["ANTHROPIC_MODEL"] == "story" and told["ANTHROPIC_API_KEY"] == ""
    assert told["ANTHROPIC_BASE_URL"].startswith("http://127.0.0.1:")
