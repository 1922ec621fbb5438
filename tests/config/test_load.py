"""Settings come from defaults, a file, the environment and flags; what is wrong in them is told in one line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from pensieve.config.load import KEYS, SHORT_NAMES, home, load_settings
from pensieve.config.settings import Settings
from pensieve.core.errors import SettingsError

CHANGED: dict[str, tuple[str, object]] = {
    "server.host": ("::1", "::1"),
    "server.port": ("0", 0),
    "server.token": ("12345", "12345"),
    "server.body_limit_mb": ("1", 1),
    "server.idle_seconds": ("0.5", 0.5),
    "server.drain_seconds": ("0", 0.0),
    "model.path": ("~/m.gguf", "~/m.gguf"),
    "model.aliases": (" a, b ,,c", ("a", "b", "c")),
    "model.pinned": ("a, b", ("a", "b")),
    "model.idle_unload": ("600", 600.0),
    "engine.kind": ("scripted", "scripted"),
    "engine.parallel": ("64", 64),
    "engine.queue": ("0", 0),
    "engine.context": ("512", 512),
    "engine.threads": ("1024", 1024),
    "engine.batch": ("4096", 4096),
    "engine.read_on_seconds": ("0.5", 0.5),
    "engine.cache_mb": ("0", 0),
    "worker.load_seconds": ("1e3", 1000.0),
    "worker.silence_seconds": ("7", 7.0),
    "worker.hang_seconds": ("8.5", 8.5),
    "memory.warn_gb": ("0", 0.0),
    "memory.reject_gb": ("0.25", 0.25),
    "memory.emergency_gb": ("3", 3.0),
    "log.level": ("debug", "debug"),
}
"""Every key, with a value as the environment has it, none of them the default."""


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str | bytes], Path]:
    """Writes the config file of the home that `nothing` names."""

    def write(text: str | bytes) -> Path:
        file = tmp_path / "config.toml"
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return file

    return write


@pytest.fixture
def nothing(tmp_path: Path) -> dict[str, str]:
    """An environment that names only a home."""
    return {"PENSIEVE_HOME": str(tmp_path), "PATH": "/bin", "SERVER__PORT": "1"}


def refusal(environment: Mapping[str, str], flags: Mapping[str, Any] | None = None, file: Path | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(environment, flags, file)
    return str(caught.value)


def value_of(settings: Settings, key: str) -> object:
    group, name = key.split(".")
    value: object = getattr(getattr(settings, group), name)
    return value


def test_without_anything_the_defaults_hold(nothing: dict[str, str]) -> None:
    assert load_settings(nothing) == Settings()


def test_the_defaults_are_safe() -> None:
    settings = Settings()
    assert settings.server.host == "127.0.0.1"


def test_the_table_of_this_test_has_every_key() -> None:
    assert set(CHANGED) == set(KEYS)
    assert all(value_of(Settings(), key) != value for key, (_, value) in CHANGED.items())


@pytest.mark.parametrize("key", CHANGED)
def test_every_key_has_a_long_name_in_the_environment(key: str, nothing: dict[str, str]) -> None:
    text, value = CHANGED[key]
    name = f"PENSIEVE_{key.replace('.', '__').upper()}"
    assert value_of(load_settings({**nothing, name: text}), key) == value


@pytest.mark.parametrize("key", CHANGED)
def test_every_key_can_be_a_flag_and_other_keys_keep_their_defaults(key: str, nothing: dict[str, str]) -> None:
    text, value = CHANGED[key]
    settings = load_settings(nothing, {key: text})
    assert value_of(settings, key) == value
    assert all(value_of(settings, other) == value_of(Settings(), other) for other in KEYS if other != key)


@pytest.mark.parametrize(("name", "key"), SHORT_NAMES.items())
def test_the_most_used_keys_have_short_names(name: str, key: str, nothing: dict[str, str]) -> None:
    text, value = CHANGED[key]
    assert value_of(load_settings({**nothing, name: text}), key) == value


def test_the_short_names_are_those_of_host_port_and_model() -> None:
    assert set(SHORT_NAMES) == {"PENSIEVE_HOST", "PENSIEVE_PORT", "PENSIEVE_MODEL"}


def test_the_file_at_home_is_read(nothing: dict[str, str], write: Callable[[str], Path]) -> None:
    write('[server]\nport = 1\nidle_seconds = 2\n[model]\naliases = ["a", "b"]\n[log]\nlevel = "error"\n')
    settings = load_settings(nothing)
    assert (settings.server.port, settings.server.idle_seconds) == (1, 2.0)
    assert (settings.model.aliases, settings.log.level) == (("a", "b"), "error")


def test_a_named_file_stands_in_for_the_one_at_home(
    nothing: dict[str, str], write: Callable[[str], Path], tmp_path: Path
) -> None:
    write('[server]\nport = 1\nhost = "::1"\n')
    other = tmp_path / "other.toml"
    other.write_text("[server]\nport = 2\n")
    settings = load_settings(nothing, file=other)
    assert (settings.server.port, settings.server.host) == (2, "127.0.0.1")


def test_an_empty_file_changes_nothing(nothing: dict[str, str], write: Callable[[str], Path]) -> None:
    write("# only a comment\n[server]\n")
    assert load_settings(nothing) == Settings()


def test_the_last_word_wins(nothing: dict[str, str], write: Callable[[str], Path]) -> None:
    write("[server]\nport = 1\n")
    assert load_settings(nothing).server.port == 1
    environment = {**nothing, "PENSIEVE_PORT": "2"}
    assert load_settings(environment).server.port == 2
    environment["PENSIEVE_SERVER__PORT"] = "3"
    assert load_settings(environment).server.port == 3
    assert load_settings(dict(reversed(environment.items()))).server.port == 3
    assert load_settings(environment, {"server.port": 4}).server.port == 4


def test_a_flag_that_was_not_given_is_no_value(nothing: dict[str, str]) -> None:
    settings = load_settings({**nothing, "PENSIEVE_PORT": "2"}, {"server.port": None, "server.host": None})
    assert (settings.server.port, settings.server.host) == (2, "127.0.0.1")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[server]\nprot = 1", ["server.prot", "Did you mean server.port?", "a later one may know it"]),
        ("[engine]\ncontex = 1", ["engine.contex", "Did you mean engine.context?"]),
        ("[sever]\nport = 1", ["[sever]", "Did you mean server?"]),
        ("[qqqq]\nport = 1", ["[qqqq]", "Valid are: engine, log, memory, model, server, worker."]),
        ("port = 1", ["port"]),
        ("[server]\nport = true", ["server.port = True", "expected int, got bool"]),
        ("[server]\nport = 80.5", ["server.port = 80.5", "expected int, got float"]),
        ("[server]\nport = [80]", ["server.port", "expected int, got array"]),
        ("[server]\ntoken = 5", ["server.token", "expected str, got int"]),
        ("[server]\nport = 65536", ["server.port = 65536", "expected int <= 65535"]),
        ("[server]\nport = -1", ["server.port = -1", "expected int >= 0"]),
        ("[server]\nidle_seconds = 0", ["server.idle_seconds", "expected float > 0"]),
        ("[server]\nidle_seconds = nan", ["server.idle_seconds"]),
        ("[memory]\nwarn_gb = -0.1", ["memory.warn_gb", "expected float >= 0"]),
        ("[memory]\nwarn_gb = inf", ["memory.warn_gb"]),
        ("[engine]\nparallel = 0", ["engine.parallel", "expected int >= 1"]),
        ("[engine]\nparallel = 65", ["engine.parallel", "expected int <= 64"]),
        ("[engine]\ncontext = 511", ["engine.context", "expected int >= 512"]),
        ('[engine]\nkind = "llama"', ["engine.kind = 'llama'", "invalid enum value"]),
        ('[log]\nlevel = "loud"', ["log.level = 'loud'"]),
        ('[model]\naliases = ["a", 5]', ["model.aliases", "expected str, got int"]),
        ("[server", ["cannot be read"]),
        (b"\xff\xfe", ["cannot be read"]),
        ("[server]\nport = 1\nport = 2", ["cannot be read"]),
    ],
)
def test_a_wrong_file_is_named_with_what_is_wrong(
    text: str | bytes, words: list[str], nothing: dict[str, str], write: Callable[[str | bytes], Path]
) -> None:
    file = write(text)
    message = refusal(nothing)
    for word in [str(file), *words]:
        assert word in message


@pytest.mark.parametrize("text", ["server = 7", "[[server]]\nport = 7"])
def test_a_known_group_that_is_no_table_is_not_called_unknown(
    text: str, nothing: dict[str, str], write: Callable[[str], Path]
) -> None:
    write(text)
    message = refusal(nothing)
    assert "server" in message
    assert "unknown group" not in message and "Did you mean server?" not in message


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PENSIEVE_PROT", "1", ["PENSIEVE_PROT", "Did you mean PENSIEVE_PORT?"]),
        ("PENSIEVE_SERVER__PROT", "1", ["PENSIEVE_SERVER__PROT", "Did you mean PENSIEVE_SERVER__PORT?"]),
        ("PENSIEVE_", "1", ["The environment variable PENSIEVE_ is not a setting."]),
        ("PENSIEVE_PORT", "eighty", ["server.port = 'eighty'", "the environment variable PENSIEVE_PORT"]),
        ("PENSIEVE_PORT", "", ["server.port = ''", "expected int"]),
        ("PENSIEVE_PORT", "65536", ["expected int <= 65535"]),
        ("PENSIEVE_SERVER__IDLE_SECONDS", "nan", ["server.idle_seconds", "expected float > 0"]),
        ("PENSIEVE_MEMORY__WARN_GB", "inf", ["memory.warn_gb"]),
        ("PENSIEVE_ENGINE__KIND", "onnx", ["engine.kind = 'onnx'", "PENSIEVE_ENGINE__KIND"]),
    ],
)
def test_a_wrong_name_or_value_in_the_environment_is_told(
    name: str, value: str, words: list[str], nothing: dict[str, str]
) -> None:
    message = refusal({**nothing, name: value})
    for word in words:
        assert word in message


def test_a_wrong_flag_is_told_to_come_from_the_command_line(nothing: dict[str, str]) -> None:
    message = refusal(nothing, {"server.port": 70000})
    assert "server.port = 70000 in the command line is not valid: expected int <= 65535" in message


def test_a_named_file_must_exist(nothing: dict[str, str], tmp_path: Path) -> None:
    message = refusal(nothing, file=tmp_path / "none.toml")
    assert str(tmp_path / "none.toml") in message and "--config" in message


def test_a_directory_is_no_config_file(nothing: dict[str, str], tmp_path: Path) -> None:
    assert str(tmp_path) in refusal(nothing, file=tmp_path)


def test_home_is_where_the_environment_says_or_in_the_users_home(tmp_path: Path, own_home: Path) -> None:
    assert home({"PENSIEVE_HOME": str(tmp_path)}) == tmp_path
    assert home({"PENSIEVE_HOME": "~/elsewhere"}) == own_home / "elsewhere"
    assert home({"PENSIEVE_HOME": ""}) == home({}) == own_home / ".pensieve"


def test_the_home_of_nobody_is_a_clear_error() -> None:
    assert "no-such-user" in refusal({"PENSIEVE_HOME": "~no-such-user/pensieve"})
