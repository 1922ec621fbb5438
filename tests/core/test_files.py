"""Under a name that somebody else has chosen there may be anything: it is opened without waiting, or is an error."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from pensieve.core.files import LARGEST, open_regular, read_regular


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


def a_large_file(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(LARGEST + 1)


OTHERS: dict[str, Callable[[Path], object]] = {
    "nothing": lambda path: None,
    "a pipe": os.mkfifo,
    "a folder": os.mkdir,
    "a socket": a_socket,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a link to itself": lambda path: path.symlink_to(path),
    "more than is read": a_large_file,
}


@pytest.mark.parametrize("kind", OTHERS)
def test_what_is_no_file_to_be_read_is_an_error(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A socket's path must be short.
    monkeypatch.chdir(tmp_path)
    OTHERS[kind](Path("name"))
    with pytest.raises(OSError):
        read_regular(Path("name"))


def test_a_file_is_read_also_by_a_link(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    assert read_regular(tmp_path / "link") == b"content"
    with open_regular(tmp_path / "link") as file:
        assert file.read(3) == b"con"
