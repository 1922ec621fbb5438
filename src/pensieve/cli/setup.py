"""`pensieve setup`: Claude Code on the local model everywhere, by the client's own settings file; and the way back.

Only the keys that are needed are touched. The file as it was is kept, byte for byte, until it is undone.
"""

from __future__ import annotations

import difflib
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from pensieve.cli.client import merged
from pensieve.config.load import user_home
from pensieve.core.errors import SettingsError

KEPT = Path("setup", "setup.json")
BACKUP = Path("setup", "settings.json.before")

Tree = dict[str, Any]


class Before(Struct, frozen=True):
    """Of the settings file `path`: did it exist? (What stood in it is in BACKUP.) `after`: the text that setup wrote,
    empty if not all in it is as it was before or ours; `ours`: the keys in it; `mode`: who might read it before, None
    if an earlier version did not keep that."""

    path: str
    existed: bool
    after: str
    ours: Tree
    mode: int | None = None


def settings_file(environment: Mapping[str, str]) -> Path:
    """The client's, for all projects of this user."""
    folder = environment.get("CLAUDE_CONFIG_DIR")
    # Whoever keeps the file elsewhere and links to it goes on doing so.
    return (Path(folder).expanduser() if folder else user_home() / ".claude").joinpath("settings.json").resolve()


class Setup:
    """What is to be written, and the difference to what is there. Raises SettingsError when that cannot be read."""

    def __init__(self, file: Path, home: Path, ours: Tree, *, secret: bool = False) -> None:
        """`secret`: nobody else may read what is written."""
        self._is_secret = secret
        self._file, self._home, self._ours = file, home, ours
        self._before = _read(file)
        self._text = _spelled(merged(_parsed(file, self._before), ours))

    @property
    def difference(self) -> str:
        """As `diff -u` writes it; empty when everything is there already."""
        before = (self._before or b"").decode("utf-8", errors="replace")
        lines = difflib.unified_diff(
            before.splitlines(keepends=True), self._text.splitlines(keepends=True), str(self._file), "with Pensieve"
        )
        return "".join(lines)

    def write(self) -> None:
        """Raises SettingsError; then nothing has changed."""
        kept, ours, text = read_kept(self._home), self._ours, self._text
        if self._before != _read(self._file):
            raise SettingsError(f"{self._file} has changed meanwhile.", "Try again.")
        if kept is not None and kept.path != str(self._file):
            raise SettingsError(f"{kept.path} is set up already.", "`pensieve setup --undo` first.")
        if kept is not None:
            # Set up once more: the way back leads to what was there before the first time, and what was changed in
            # between stays.
            existed, ours, mode = kept.existed, merged(kept.ours, ours), kept.mode
            text = text if self._before == kept.after.encode() else ""
        else:
            existed, mode = self._before is not None, _mode(self._file)
            _write(self._home / BACKUP, self._before or b"", 0o600)
        after = Before(str(self._file), existed, text, ours, mode)
        _write(self._home / KEPT, msgspec.json.encode(after), 0o600)
        try:
            _write(self._file, self._text.encode(), 0o600 if self._is_secret else None)
        except SettingsError:
            _forget(self._home) if kept is None else _write(self._home / KEPT, msgspec.json.encode(kept), 0o600)
            raise


def undo(home: Path) -> Path | None:
    """The file that is as it was before; None if nothing was set up. Raises SettingsError.

    What somebody else has changed in it since stays as it is: then only our keys are taken back.
    """
    kept = read_kept(home)
    if kept is None:
        return None
    file = Path(kept.path)
    now, before = _read(file), (_read(home / BACKUP) if kept.existed else None)
    if kept.existed and before is None:
        raise SettingsError(
            f"{home / BACKUP} is gone.", f"Nothing was changed. Take out of {file} what is of Pensieve."
        )
    if now is not None and now != kept.after.encode():
        restored = _without(_parsed(file, now), kept.ours, _parsed(file, before))
        before = _spelled(restored).encode() if restored or kept.existed else None
    if before is None:
        file.unlink(missing_ok=True)
    else:
        _write(file, before, kept.mode)
    _forget(home)
    return file


def _forget(home: Path) -> None:
    for name in (KEPT, BACKUP):
        (home / name).unlink(missing_ok=True)


def read_kept(home: Path) -> Before | None:
    """Raises SettingsError."""
    content = _read(home / KEPT)
    if content is None:
        return None
    try:
        return msgspec.json.decode(content, type=Before)
    except msgspec.MsgspecError as error:
        raise SettingsError(f"{home / KEPT} cannot be understood: {error}.", "Correct by hand what it names.") from None


def _without(tree: Tree, ours: Mapping[str, Any], before: Mapping[str, Any]) -> Tree:
    """The tree with each of our keys as it was before, if it still is as we set it."""
    result = dict(tree)
    for key, value in ours.items():
        if key not in result:
            continue
        old = before.get(key)
        if isinstance(value, dict) and isinstance(result[key], dict):
            inner = _without(result[key], value, old if isinstance(old, dict) else {})
            if inner or isinstance(old, dict):
                result[key] = inner
                continue
        elif result[key] != value:
            continue
        if key in before:
            result[key] = old
        else:
            del result[key]
    return result


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror or error}.", "Nothing was changed.") from None


def _parsed(file: Path, content: bytes | None) -> Tree:
    if content is None or not content.strip():
        return {}
    try:
        tree = json.loads(content)
    except ValueError as error:
        raise SettingsError(
            f"{file} is not valid JSON: {error}.", "Nothing was changed. Correct it, then try again."
        ) from None
    if not isinstance(tree, dict):
        raise SettingsError(f"{file} holds no JSON object.", "Nothing was changed. Correct it, then try again.")
    return tree


def _spelled(tree: Tree) -> str:
    text = json.dumps(tree, indent=2, ensure_ascii=False) + "\n"
    try:
        text.encode()
    except UnicodeEncodeError:
        # Half a character, which JSON can write and UTF-8 cannot.
        return json.dumps(tree, indent=2) + "\n"
    return text


def _mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode) if file.exists() else 0o600


def _write(file: Path, content: bytes, mode: int | None = None) -> None:
    """All of it or nothing; with the rights that the file has, 0600 for a new one."""
    new = file.with_name(f"{file.name}.pensieve-{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if mode is None:
            mode = _mode(file)
        try:
            with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as writing:
                os.fchmod(writing.fileno(), mode)
                writing.write(content)
                writing.flush()
                os.fsync(writing.fileno())
            new.replace(file)
        finally:
            new.unlink(missing_ok=True)
    except OSError as error:
        raise SettingsError(f"{file} cannot be written: {error.strerror or error}.", "Nothing was changed.") from None
