"""`pensieve chat`: once, by a pipe, and as a talk in a terminal."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from command import COMMAND, one_line, pensieve, well
from server import wait_for


def test_one_prompt_is_answered_once(background: Path) -> None:
    assert well(pensieve("chat", "Hi")) == "Hello from the script.\n"
    assert well(pensieve("chat", typed="count to five")) == "one two three four five\n"


def test_the_bundled_model_says_hello_in_five_words(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENSIEVE_PORT", "0")
    try:
        assert len(well(pensieve("chat", "Hello in 5 words")).split()) == 5
    finally:
        pensieve("stop")


def test_an_error_is_one_line(background: Path) -> None:
    assert "no such luck" in one_line(pensieve("chat", "fail now"))


class Terminal:
    """A terminal, and `pensieve chat` in it."""

    def __init__(self) -> None:
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen([*COMMAND, "chat"], stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        os.set_blocking(self._ours, False)
        self.seen = ""

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def shows(self, text: str) -> None:
        """Waits for it; what stands before it is done with."""
        wait_for(lambda: text in self._read())
        self.seen = self.seen.partition(text)[2]

    def _read(self) -> str:
        # Nothing there yet, or the other end is closed already.
        with suppress(OSError):
            self.seen += os.read(self._ours, 65536).decode(errors="replace")
        return self.seen

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)


@contextmanager
def terminal() -> Iterator[Terminal]:
    opened = Terminal()
    try:
        yield opened
    finally:
        opened.close()


def test_a_talk(background: Path) -> None:
    with terminal() as here:
        here.shows("/help tells")
        here.shows("> ")
        here.type("Hi\n")
        here.shows("Hello from the script.")
        here.type('"""count\nto five"""\n')
        here.shows(". ")
        here.shows("Hello from the script.")
        here.type("/help\n")
        here.shows("breaks off")
        here.type("/new\n")
        here.shows("A new conversation.")
        here.type("fail now\n")
        here.shows("no such luck")
        here.type("\x04")
        assert here.process.wait(30) == 0
    assert "count" in (background / "chat.history").read_text()
    assert (background / "chat.history").stat().st_mode & 0o777 == 0o600


def test_ctrl_c_breaks_off_an_answer_and_not_the_talk(background: Path) -> None:
    with terminal() as here:
        here.shows("> ")
        here.type("never end\n")
        here.shows("begun")
        here.process.send_signal(signal.SIGINT)
        here.shows("> ")
        here.type("/new\n")
        here.shows("A new conversation.")
        here.type("Hi\n")
        here.shows("Hello from the script.")
        here.type("/quit\n")
        assert here.process.wait(30) == 0
