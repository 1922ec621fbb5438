"""Two real terminals side by side: Claude Code with the local model in one, and the other as it was."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from claude_code import CLAUDE, needs_claude
from command import COMMAND, pensieve
from server import wait_for

TMUX = shutil.which("tmux")
SECONDS, ENTER_SECONDS = 30, 5

pytestmark = [
    pytest.mark.journey,
    needs_claude,
    pytest.mark.skipif(TMUX is None, reason="tmux is not installed"),
]


class Terminal:
    """A window of tmux with an interactive shell in it."""

    def __init__(self, socket: Path, name: str) -> None:
        self._socket, self._name = socket, name

    def types(self, words: str) -> None:
        self._tmux("send-keys", "-t", self._name, "-l", words)
        self.enters()

    def enters(self) -> None:
        self._tmux("send-keys", "-t", self._name, "Enter")

    def shows_after_enter(self, words: str) -> None:
        """What a program that is still drawing itself takes for a line break is entered once more."""
        for _ in range(SECONDS // ENTER_SECONDS):
            with contextlib.suppress(AssertionError):
                wait_for(lambda: words in self._screen(), ENTER_SECONDS)
                return
            self.enters()
        self.shows(words)

    def shows(self, words: str) -> None:
        try:
            wait_for(lambda: words in self._screen(), SECONDS)
        except AssertionError:
            raise AssertionError(f"no {words!r} in:\n{self._screen()}") from None

    def prompts(self) -> None:
        """What is typed before that, the program that ends may take."""
        wait_for(lambda: self._screen().rstrip().endswith("\n$"), SECONDS)

    def _screen(self) -> str:
        return self._tmux("capture-pane", "-p", "-t", self._name)

    def _tmux(self, *words: str) -> str:
        return tmux(self._socket, *words)


def tmux(socket: Path, *words: str) -> str:
    assert TMUX is not None
    done = subprocess.run([TMUX, "-S", str(socket), "-f", "/dev/null", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def terminal(
    own_home: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], Terminal]]:
    monkeypatch.setenv("PATH", f"{Path(CLAUDE).absolute().parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PENSIEVE_PORT", "0")
    socket = tmp_path_factory.mktemp("t") / "s"
    first = True

    def open_one(name: str) -> Terminal:
        nonlocal first
        window = ["new-session", "-d", "-x", "120", "-y", "50"] if first else ["new-window", "-d"]
        first = False
        tmux(socket, *window, "-n", name, "-c", str(own_home / "project"), "bash")
        return Terminal(socket, name)

    yield open_one
    tmux(socket, "kill-server")
    pensieve("stop")


def test_one_is_local_and_the_other_is_as_it_was(own_home: Path, terminal: Callable[[str], Terminal]) -> None:
    project = own_home / "project"
    project.mkdir()
    (project / "notes.txt").write_text("The owl flies at midnight.\n")
    (own_home / ".bashrc").write_text("PS1='$ '\n")
    settings = own_home / ".claude" / "settings.json"
    settings.parent.mkdir()
    settings.write_text('{"env": {"A": "1"},\n "cleanupPeriodDays": 99}')
    before = {file: file.read_bytes() for file in (settings, own_home / ".bashrc")}
    # Who has used Claude Code before is not asked for a theme, nor whether the folder is trusted.
    used = {"hasCompletedOnboarding": True, "projects": {str(project): {"hasTrustDialogAccepted": True}}}
    (own_home / ".claude.json").write_text(json.dumps(used))

    local, other = terminal("local"), terminal("other")
    other.types("env -u _ > ../before; echo do''ne")
    other.shows("done")
    local.types(f"{' '.join(COMMAND)} claude")
    local.shows("Fetch it?")
    local.types("n")
    local.shows("pensieve-nano")
    local.types("Read notes.txt and tell me what it says")
    local.shows_after_enter("It says: The owl flies at midnight.")
    other.types("clear; env -u _ > ../beside; echo ag''ain")
    other.shows("again")
    local.types("/exit")
    local.prompts()
    local.types("env -u _ > ../after; echo ov''er")
    local.shows("over")

    seen = {name: (own_home / name).read_text() for name in ("before", "beside", "after")}
    assert seen["before"] == seen["beside"] and "ANTHROPIC" not in seen["before"] + seen["after"]
    assert {file: file.read_bytes() for file in before} == before
