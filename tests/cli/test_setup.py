"""`pensieve setup` and its undo: the client's settings file, byte for byte."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from command import one_line, pensieve, well
from pensieve.cli.setup import Setup, settings_file, undo
from pensieve.core.errors import SettingsError

OURS = {"env": {"ANTHROPIC_MODEL": "nano", "ANTHROPIC_API_KEY": ""}, "apiKeyHelper": ""}
OWN = b'{"permissions": {"allow": ["Read"]},\n\n   "env": {"ANTHROPIC_MODEL": "opus", "A": "1"}}'


@pytest.fixture
def file(own_home: Path) -> Path:
    path = own_home / ".claude" / "settings.json"
    path.parent.mkdir()
    return path


@pytest.fixture
def home(own_home: Path) -> Path:
    return own_home / ".pensieve"


@pytest.mark.parametrize("before", [None, b"", b"{}", OWN, '{"name": "ünï"}\r\n'.encode()])
def test_undone_it_is_byte_for_byte_as_before(file: Path, home: Path, before: bytes | None) -> None:
    if before is not None:
        file.write_bytes(before)
    Setup(file, home, OURS).write()
    told = json.loads(file.read_text())
    assert told["env"]["ANTHROPIC_MODEL"] == "nano"
    if before == OWN:
        assert told["permissions"] == {"allow": ["Read"]} and told["env"]["A"] == "1"
    assert undo(home) == file
    assert (file.read_bytes() if file.exists() else None) == before
    assert undo(home) is None


def test_set_up_twice_it_still_leads_back_to_the_first(file: Path, home: Path) -> None:
    file.write_bytes(OWN)
    Setup(file, home, OURS).write()
    assert Setup(file, home, OURS).difference == ""
    Setup(file, home, {"env": {"ANTHROPIC_MODEL": "other"}}).write()
    undo(home)
    assert file.read_bytes() == OWN


def test_what_was_changed_between_two_times_stays(file: Path, home: Path) -> None:
    file.write_bytes(OWN)
    Setup(file, home, OURS).write()
    file.write_text(json.dumps(json.loads(file.read_text()) | {"theme": "dark"}))
    Setup(file, home, {"env": {"ANTHROPIC_MODEL": "other"}}).write()
    undo(home)
    assert json.loads(file.read_text()) == json.loads(OWN) | {"theme": "dark"}


def test_a_second_file_is_not_set_up_before_the_first_is_undone(file: Path, home: Path, tmp_path: Path) -> None:
    file.write_bytes(OWN)
    Setup(file, home, OURS).write()
    with pytest.raises(SettingsError, match="--undo"):
        Setup(tmp_path / "other.json", home, OURS).write()
    undo(home)
    assert file.read_bytes() == OWN and not (tmp_path / "other.json").exists()


def test_what_holds_a_token_of_ones_own_is_for_ones_own_eyes(file: Path, home: Path) -> None:
    file.write_bytes(OWN)
    file.chmod(0o644)
    Setup(file, home, OURS, secret=True).write()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    undo(home)
    assert stat.S_IMODE(file.stat().st_mode) == 0o644


def test_without_the_backup_nothing_is_undone(file: Path, home: Path) -> None:
    file.write_bytes(OWN)
    Setup(file, home, OURS).write()
    written = file.read_bytes()
    (home / "setup" / "settings.json.before").unlink()
    with pytest.raises(SettingsError, match="is gone"):
        undo(home)
    assert file.read_bytes() == written


def test_half_a_character_is_kept(file: Path, home: Path) -> None:
    file.write_text('{"a": "\\ud800", "b": "ü"}')
    Setup(file, home, OURS).write()
    assert json.loads(file.read_text())["a"] == "\ud800"


def test_what_was_changed_meanwhile_stays(file: Path, home: Path) -> None:
    file.write_bytes(OWN)
    Setup(file, home, OURS).write()
    told = json.loads(file.read_text())
    told["theme"] = "dark"
    told["env"]["B"] = "2"
    told["env"]["ANTHROPIC_API_KEY"] = "sk-ant-new"
    file.write_text(json.dumps(told))
    undo(home)
    assert json.loads(file.read_text()) == {
        "permissions": {"allow": ["Read"]},
        "env": {"ANTHROPIC_MODEL": "opus", "A": "1", "B": "2", "ANTHROPIC_API_KEY": "sk-ant-new"},
        "theme": "dark",
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(["env", "apiKeyHelper", "other"]), JSON), st.dictionaries(st.text(), JSON))
def test_all_that_is_not_ours_survives_whatever_it_is(
    file: Path, home: Path, before: dict[str, object], later: dict[str, object]
) -> None:
    """Also when it was changed in between: then key by key."""
    file.write_text(json.dumps(before))
    Setup(file, home, OURS).write()
    added = {f"later {key}": value for key, value in later.items()}
    file.write_text(json.dumps(json.loads(file.read_text()) | added))
    undo(home)
    assert json.loads(file.read_text()) == before | added


@pytest.mark.parametrize("broken", [b"{", b"[]", b"\xff\xfe", b'{"a": 1,}'])
def test_a_broken_file_is_left_as_it_is(file: Path, home: Path, broken: bytes) -> None:
    file.write_bytes(broken)
    with pytest.raises(SettingsError, match="Nothing was changed"):
        Setup(file, home, OURS)
    assert file.read_bytes() == broken and not home.exists()


def test_what_was_changed_while_it_asked_is_not_lost(file: Path, home: Path) -> None:
    file.write_bytes(OWN)
    planned = Setup(file, home, OURS)
    file.write_text("{}")
    with pytest.raises(SettingsError, match="meanwhile"):
        planned.write()
    assert file.read_text() == "{}" and not home.exists()


def test_a_link_stays_a_link_and_rights_stay(file: Path, home: Path, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.json"
    real.write_bytes(OWN)
    real.chmod(0o640)
    file.symlink_to(real)
    Setup(settings_file(os.environ), home, OURS).write()
    assert file.is_symlink() and stat.S_IMODE(real.stat().st_mode) == 0o640
    undo(home)
    assert file.is_symlink() and real.read_bytes() == OWN and stat.S_IMODE(real.stat().st_mode) == 0o640


def test_the_client_may_keep_its_settings_elsewhere(tmp_path: Path) -> None:
    assert settings_file({"CLAUDE_CONFIG_DIR": str(tmp_path)}) == (tmp_path / "settings.json").resolve()


def test_where_the_backup_cannot_be_kept_nothing_is_changed(file: Path, home: Path) -> None:
    file.write_bytes(OWN)
    home.mkdir()
    (home / "setup").mkdir(mode=0o500)
    planned = Setup(file, home, OURS)
    if os.geteuid() == 0:
        # Nothing is forbidden to root: a folder in the way is as good.
        (home / "setup" / "settings.json.before").mkdir()
    with pytest.raises(SettingsError, match="cannot be written"):
        planned.write()
    assert file.read_bytes() == OWN


@pytest.mark.parametrize("again", [False, True])
def test_what_could_not_be_written_was_not_set_up(
    file: Path, home: Path, again: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("{}")
    if again:
        Setup(file, home, {"first": 1}).write()
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}

    real = Path.replace

    def refuse(new: Path, target: Path) -> Path:
        if target == file:
            raise OSError(30, "Read-only file system")
        return real(new, target)

    planned = Setup(file, home, OURS)
    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(SettingsError, match="Nothing was changed"):
        planned.write()
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


def test_it_shows_the_difference_and_asks(background: Path, file: Path) -> None:
    file.write_bytes(OWN)
    said = pensieve("setup", typed="n\n")
    assert said.returncode == 1 and '+    "ANTHROPIC_MODEL": "claude-local"' in said.stdout
    assert file.read_bytes() == OWN
    said = pensieve("setup", typed="y\n")
    assert said.returncode == 0 and json.loads(file.read_text())["env"]["ANTHROPIC_MODEL"] == "claude-local"
    assert "already" in pensieve("setup", "--yes").stderr
    well(pensieve("setup", "--undo"))
    assert file.read_bytes() == OWN
    assert "Nothing was set up" in pensieve("setup", "--undo").stderr


def test_without_a_terminal_nothing_is_taken_for_a_yes(background: Path, file: Path) -> None:
    assert pensieve("setup").returncode == 1 and not file.exists()


def test_a_broken_file_is_one_line(background: Path, file: Path) -> None:
    file.write_text("{")
    assert "not valid JSON" in one_line(pensieve("setup", "--yes"))
