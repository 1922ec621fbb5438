"""The file of settings: TOML, or JSON with the groups `server`, `model` and `logging`, as earlier programs wrote it."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from pensieve.core.errors import SettingsError

TOML, JSON = "config.toml", "config.json"
OTHER_NAMES = {"logging": "log"}
"""Groups of the JSON file, and what they are called here."""


def file_of(home: Path) -> Path:
    """The file that is read: TOML if there are both, or none."""
    toml, other = home / TOML, home / JSON
    return other if not toml.exists() and other.exists() else toml


def writable_file(home: Path) -> Path:
    """The file that settings are written into. Raises SettingsError where that would hide another one."""
    file = file_of(home)
    if file.name == JSON:
        raise SettingsError(f"{file} is JSON, which is read but not written.", f"Move it over into a {TOML}.")
    return file


def read_file(path: Path, optional: bool = False) -> dict[str, Any]:
    """Group by group, not checked. One that is `optional` may be missing. Raises SettingsError."""
    try:
        text = path.read_text(encoding="utf-8")
        table = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except FileNotFoundError:
        if optional:
            return {}
        raise SettingsError(f"There is no config file {path}.", "Check the path given with --config.") from None
    except (OSError, ValueError) as error:
        raise SettingsError(f"The config file {path} cannot be read: {error}.", "Correct or remove it.") from None
    if not isinstance(table, dict):
        raise SettingsError(f"The config file {path} holds no object.", "Correct or remove it.")
    if path.suffix == ".json":
        table = {OTHER_NAMES.get(group, group): keys for group, keys in table.items()}
    return table
