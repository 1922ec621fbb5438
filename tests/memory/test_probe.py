"""The machine that the tests run on, and systems that tell less or more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psutil
import pytest

from pensieve.memory.probe import Probe
from pensieve.memory.state import Pressure


def test_this_machine_tells_its_memory() -> None:
    sample = Probe().read()
    assert sample.available is not None and sample.total is not None
    assert 0 < sample.available <= sample.total <= psutil.virtual_memory().total
    assert Probe().read().at >= sample.at


def test_a_control_group_leaves_less_than_the_machine_has(tmp_path: Path) -> None:
    for name, text in {
        "proc/self/cgroup": "0::/",
        "proc/self/mountinfo": "29 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw",
        "sys/fs/cgroup/memory.max": "1000000",
        "sys/fs/cgroup/memory.current": "400000",
        "sys/fs/cgroup/memory.stat": "anon 400000",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    sample = Probe(tmp_path).read()
    assert (sample.total, sample.available) == (1_000_000, 600_000)


def test_a_system_that_tells_nothing_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable() -> Any:
        raise OSError("no /proc here")

    monkeypatch.setattr(psutil, "virtual_memory", unreadable)
    sample = Probe().read()
    assert (sample.total, sample.available) == (None, None)


def test_what_the_system_says_of_itself_is_asked_each_time() -> None:
    """Stands for the pressure level of macOS, which only a Mac has."""
    said = iter([Pressure.NONE, Pressure.HIGH])
    probe = Probe(pressure=lambda: next(said))
    assert [probe.read().pressure, probe.read().pressure] == [Pressure.NONE, Pressure.HIGH]
