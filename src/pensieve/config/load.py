"""The one reader of settings: defaults, then the file, then the environment, then flags; the last word wins.

A key that does not exist or does not fit its type is an error that names where it stands and the nearest valid key.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from pensieve import __version__
from pensieve.config.file import file_of, read_file
from pensieve.config.settings import Settings
from pensieve.core.errors import SettingsError

PREFIX = "PENSIEVE_"
SHORT_NAMES = {"PENSIEVE_HOST": "server.host", "PENSIEVE_PORT": "server.port", "PENSIEVE_MODEL": "model.path"}
SECRETS = ("server.token",)
PATHS = ("model.path",)
_OTHER_NAMES = ("PENSIEVE_HOME",)

_GROUPS: dict[str, Any] = {group.name: group.type for group in msgspec.structs.fields(Settings)}
KEYS: dict[str, Any] = {
    f"{group}.{key}": annotated
    for group, struct in _GROUPS.items()
    for key, annotated in get_type_hints(struct, include_extras=True).items()
}
"""Every key and its type, limits included."""

Values = dict[str, tuple[Any, str]]
"""Values as they were written, and where: by key."""


def home(environment: Mapping[str, str]) -> Path:
    """Where config, state, logs and caches live: `$PENSIEVE_HOME`, else `~/.pensieve`. Raises SettingsError."""
    named = environment.get("PENSIEVE_HOME")
    if not named:
        return user_home() / ".pensieve"
    try:
        return Path(named).expanduser().absolute()
    except RuntimeError:
        raise SettingsError(f"PENSIEVE_HOME={named} cannot be used.", "Name another folder.") from None


def user_home() -> Path:
    """Raises SettingsError."""
    try:
        return Path.home()
    except RuntimeError:
        raise SettingsError("This user has no home folder.", "Set HOME to one.") from None


def load_settings(
    environment: Mapping[str, str], flags: Mapping[str, Any] | None = None, file: Path | None = None
) -> Settings:
    """`flags` maps keys such as "server.port" to values; None is no value. A `file` that is named must exist.

    Raises SettingsError.
    """
    groups: dict[str, dict[str, Any]] = {group: {} for group in _GROUPS}
    for key, (value, source) in what_is_set(environment, flags, file).items():
        group, name = key.split(".")
        groups[group][name] = checked(key, value, source)
    return Settings(**{group: _GROUPS[group](**keys) for group, keys in groups.items()})


def what_is_set(
    environment: Mapping[str, str], flags: Mapping[str, Any] | None = None, file: Path | None = None
) -> Values:
    """What is not the default, not checked yet. Raises SettingsError."""
    values = _from_file(file) if file else _from_file(file_of(home(environment)), optional=True)
    values.update(_from_environment(environment))
    values.update({key: (value, "the command line") for key, value in (flags or {}).items() if value is not None})
    return values


def checked(key: str, value: Any, source: str) -> Any:
    """The value of a key in its type. Raises SettingsError."""
    if key not in KEYS:
        raise SettingsError(f"There is no setting {key}.", nearest(key, list(KEYS)))
    if isinstance(value, str) and get_origin(get_args(KEYS[key])[0]) is tuple:
        value = [part.strip() for part in value.split(",") if part.strip()]
    try:
        return msgspec.convert(value, KEYS[key], strict=not isinstance(value, str))
    except msgspec.ValidationError as error:
        what = str(error).replace("`", "").lower()
        shown = "..." if key in SECRETS else repr(value)
        raise SettingsError(f"{key} = {shown} in {source} is not valid: {what}.", "Correct or remove it.") from None


def _from_file(path: Path, optional: bool = False) -> Values:
    values: Values = {}
    for group, keys in read_file(path, optional).items():
        if group not in _GROUPS:
            raise SettingsError(f"{path}: unknown group [{group}].", nearest(group, list(_GROUPS)))
        if not isinstance(keys, dict):
            raise SettingsError(f"{path}: {group} is not a table.", f"Write [{group}] and its keys below it.")
        for key, value in keys.items():
            name = f"{group}.{key}"
            if name not in KEYS:
                raise SettingsError(f"{path}: unknown key {name}.", nearest(name, list(KEYS)))
            if name in PATHS and isinstance(value, str) and names_a_path(value) and not value.startswith("~"):
                # Whoever starts the server, and where: a path means the same, from the folder of the file.
                value = str(path.absolute().parent / value)
            values[name] = (value, str(path))
    return values


def _from_environment(environment: Mapping[str, str]) -> Values:
    long_names = {f"{PREFIX}{key.replace('.', '__').upper()}": key for key in KEYS}
    names = SHORT_NAMES | long_names
    values: Values = {}
    for name in sorted(environment, key=lambda name: name in long_names):
        if not name.startswith(PREFIX) or name in _OTHER_NAMES:
            continue
        if name not in names:
            raise SettingsError(f"The environment variable {name} is not a setting.", nearest(name, list(names)))
        values[names[name]] = (environment[name], f"the environment variable {name}")
    return values


def variables_of(key: str) -> tuple[str, ...]:
    """Its names in the environment."""
    short = tuple(name for name, meant in SHORT_NAMES.items() if meant == key)
    return (*short, f"{PREFIX}{key.replace('.', '__').upper()}")


def spellings(variable: str) -> tuple[str, ...]:
    """All names of a variable that mean the same setting."""
    return next((names for names in map(variables_of, KEYS) if variable in names), (variable,))


def names_a_path(model: str) -> bool:
    """Or is it the name of a model that is to be found?"""
    return "/" in model or model.endswith((".gguf", ".json")) or model in (".", "..", "~")


def nearest(name: str, valid: list[str]) -> str:
    close = difflib.get_close_matches(name, valid, n=1, cutoff=0.5)
    remedy = f"Did you mean {close[0]}?" if close else f"Valid are: {', '.join(sorted(valid))}."
    return f"{remedy} (Pensieve {__version__}; a later one may know it.)"
