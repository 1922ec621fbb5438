"""What the model wrote is kept by the call's id, in RAM and in a file, within bounds; trouble with it fails nothing."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from pensieve.service.calls import DISK, RAM, Bounds, CallStore

NO_RAM = Bounds(entries=0, size=10_000)
"""All that is found comes from the file."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "calls.sqlite"


def stored(path: Path) -> dict[str, str]:
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT id, written FROM calls ORDER BY n").fetchall()
    connection.close()
    return dict(rows)


def filled(path: Path, entries: dict[str, str], disk: Bounds = DISK) -> None:
    store = CallStore(path, disk=disk)
    for id, written in entries.items():
        store.keep(id, written)
    store.close()


def test_what_was_kept_is_there_at_once_and_after_a_restart(path: Path) -> None:
    store = CallStore(path)
    store.keep("toolu_1", '{"b": 1,  "a": "ä"}')
    assert store.get("toolu_1") == '{"b": 1,  "a": "ä"}'
    store.close()
    again = CallStore(path)
    assert again.get("toolu_1") == '{"b": 1,  "a": "ä"}'
    assert again.get("toolu_2") is None
    again.close()


def test_what_is_kept_again_counts(path: Path) -> None:
    store = CallStore(path)
    store.keep("1", "a")
    store.keep("1", "b")
    assert store.get("1") == "b"
    store.close()
    assert stored(path) == {"1": "b"}


def test_only_the_owner_may_read_the_files(path: Path) -> None:
    path.parent.mkdir()
    path.touch(mode=0o644)
    store = CallStore(path)
    store.keep("1", "a")
    names = {file.name for file in path.parent.iterdir()}
    assert {path.name, f"{path.name}-wal"} <= names
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}
    store.close()


def test_the_least_recently_used_leaves_the_ram_first(path: Path) -> None:
    store = CallStore(path, ram=Bounds(entries=2, size=100))
    store.close()
    store.keep("1", "a")
    store.keep("2", "b")
    assert store.get("1") == "a"
    store.keep("3", "c")
    assert [store.get(id) for id in "123"] == ["a", None, "c"]


def test_the_ram_is_bounded_in_size_too(path: Path) -> None:
    store = CallStore(path, ram=Bounds(entries=100, size=10))
    store.close()
    for id, written in (("1", "aaaa"), ("2", "bbbb"), ("3", "cccc"), ("4", "d" * 10)):
        store.keep(id, written)
    assert [store.get(id) for id in "1234"] == [None, "bbbb", "cccc", None]


def test_what_left_the_ram_is_found_in_the_file(path: Path) -> None:
    filled(path, {"1": "a", "2": "b"})
    store = CallStore(path, ram=NO_RAM)
    assert [store.get(id) for id in "121"] == ["a", "b", "a"]
    store.close()


def test_the_file_keeps_the_newest(path: Path) -> None:
    filled(path, {str(n): "x" for n in range(100)}, disk=Bounds(entries=16, size=10_000))
    assert set(map(str, range(90, 100))) <= set(stored(path)) and len(stored(path)) <= 18


def test_the_file_is_bounded_in_size_too(path: Path) -> None:
    filled(path, {str(n): "x" * 98 for n in range(10, 99)}, disk=Bounds(entries=1000, size=1600))
    assert set(map(str, range(90, 99))) <= set(stored(path)) and len(stored(path)) <= 18


def test_the_file_is_pruned_when_it_is_opened(path: Path) -> None:
    filled(path, {str(n): "x" for n in range(100)})
    assert len(stored(path)) == 100
    CallStore(path, disk=Bounds(entries=7, size=10_000)).close()
    assert list(stored(path)) == [str(n) for n in range(93, 100)]


@settings(deadline=None, max_examples=50)
@given(entries=st.lists(st.tuples(st.sampled_from("abcdefgh"), st.text(max_size=20)), max_size=40))
def test_the_ram_never_holds_more_than_it_may_and_never_anything_else(
    tmp_path_factory: pytest.TempPathFactory, entries: list[tuple[str, str]]
) -> None:
    store = CallStore(tmp_path_factory.getbasetemp(), ram=Bounds(entries=4, size=40))
    last: dict[str, str] = {}
    for id, written in entries:
        store.keep(id, written)
        last[id] = written
        found = {id: store.get(id) for id in "abcdefgh" if store.get(id) is not None}
        assert found.items() <= last.items() and found.get(id) == written
        assert len(found) <= 4 and sum(len(id) + len(text or "") for id, text in found.items()) <= 40


def test_a_file_that_is_no_database_is_left_alone_and_the_ram_goes_on(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.mkdir()
    path.write_text("a letter to my love, " * 100)
    store = CallStore(path)
    store.keep("1", "a")
    assert (store.get("1"), store.get("2")) == ("a", None)
    store.close()
    assert path.read_text().startswith("a letter")
    assert caplog.text.count("call_store_in_ram_only") == 1


def test_a_place_where_nothing_can_be_written_is_no_error(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "taken").write_text("a file")
    store = CallStore(tmp_path / "taken" / "calls.sqlite")
    store.keep("1", "a")
    assert store.get("1") == "a"
    store.close()
    assert caplog.text.count("call_store_in_ram_only") == 1


def test_a_file_that_somebody_locks_is_no_error(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = CallStore(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    store.keep("1", "a")
    store.keep("2", "b")
    store.close()
    other.execute("ROLLBACK")
    other.close()
    assert (store.get("1"), store.get("2")) == ("a", "b")
    assert stored(path) == {}
    assert caplog.text.count("call_store_in_ram_only") == 1


def test_a_file_that_breaks_later_is_no_error(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    filled(path, {"1": "a"})
    store = CallStore(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("DROP TABLE calls")
    other.close()
    assert store.get("1") is None
    store.keep("2", "b")
    assert store.get("2") == "b"
    store.close()
    assert caplog.text.count("call_store_in_ram_only") == 1


def test_two_servers_may_share_the_file(path: Path) -> None:
    one, two = CallStore(path), CallStore(path, ram=NO_RAM)
    one.keep("1", "a")
    two.keep("2", "b")
    one.close()
    assert two.get("1") == "a"
    two.close()
    assert stored(path) == {"1": "a", "2": "b"}


def test_closing_twice_is_harmless_and_the_ram_still_answers(path: Path) -> None:
    store = CallStore(path, ram=RAM)
    store.keep("1", "a")
    store.close()
    store.close()
    store.keep("2", "b")
    assert (store.get("1"), store.get("2")) == ("a", "b")
    assert stored(path) == {"1": "a"}
