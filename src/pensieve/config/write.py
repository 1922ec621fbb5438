"""Writing settings: a file with every key and what it means, and one key of a file that somebody has written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
import tomlkit
from tomlkit.exceptions import TOMLKitError

from pensieve.config.load import KEYS, PATHS, checked, names_a_path
from pensieve.config.settings import Settings
from pensieve.core.errors import SettingsError

DEFAULTS: dict[str, dict[str, Any]] = msgspec.to_builtins(Settings())


def every_key() -> str:
    """A TOML file that says what the defaults are, each line commented out."""
    lines = ["# Settings of Pensieve. What stands here wins over the defaults, which these are."]
    for group, keys in DEFAULTS.items():
        lines += ["", f"[{group}]"]
        for name, default in keys.items():
            meaning = next(meta.description for meta in KEYS[f"{group}.{name}"].__metadata__)
            shown = "" if default is None else tomlkit.item(default).as_string()
            lines.append(f"# {meaning}\n# {name} = {shown}")
    return "\n".join(lines) + "\n"


def set_key(file: Path, key: str, text: str) -> Any:
    """Writes one key into a TOML file; all else in it stays as it is, comments too. The value in its type.

    Raises SettingsError.
    """
    if key in PATHS and names_a_path(text):
        text = str(Path(text).expanduser().absolute())
    value = checked(key, text, "the command line")
    group, name = key.split(".")
    # Who keeps the file elsewhere and links to it goes on doing so.
    file = file.resolve()
    try:
        before = file.read_text(encoding="utf-8") if file.exists() else ""
        document = tomlkit.parse(before)
        if group not in document:
            document[group] = tomlkit.table()
        document[group][name] = list(value) if isinstance(value, tuple) else value
        _replace(file, tomlkit.dumps(document))
    except (OSError, ValueError, TOMLKitError, TypeError) as error:
        raise SettingsError(f"{file} cannot be changed: {error}.", "Correct it, then try again.") from None
    return value


def _replace(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as writing:
            writing.write(text)
        new.replace(file)
    finally:
        new.unlink(missing_ok=True)
