"""The catalog can be read, and ranks for the machine that is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pensieve.core.errors import SettingsError
from pensieve.library.catalog import GB, Machine, catalog, ranked, source_of
from pensieve.library.pull import parse_spec


def test_every_entry_can_be_fetched() -> None:
    entries = catalog()
    assert len({entry.name for entry in entries}) == len(entries) >= 12
    for entry in entries:
        for source in filter(None, (entry.gguf, entry.mlx)):
            assert parse_spec(source.spec) == (source.repository, source.quant)
            assert 0 < source.gb < entry.billions * 1.1
        assert entry.active_billions <= entry.billions and entry.why.endswith(".")


@pytest.mark.parametrize(
    ("gigabytes", "mac", "best"),
    [
        (6, True, None),
        (8, True, "qwen3.5-4b"),
        (12, True, "qwen3.5-9b"),
        (16, True, "qwen3.5-9b"),
        (16, False, "qwen3.5-4b"),
        (36, True, "qwen3.8-27b"),
        (36, False, "qwen3.6-35b-a3b"),
        (128, False, "qwen3.8-flash-next"),
        (256, True, "deepseek-v4-flash"),
        (512, True, "glm-5.3"),
    ],
)
def test_the_best_for_a_machine(gigabytes: int, mac: bool, best: str | None) -> None:
    fitting = ranked(Machine(gigabytes * GB, mac))
    assert (fitting[0].name if fitting else None) == best


def test_more_memory_never_takes_one_away() -> None:
    before: set[str] = set()
    for gigabytes in range(1, 600):
        now = {entry.name for entry in ranked(Machine(gigabytes * GB, True))}
        assert before <= now
        before = now
    assert before == {entry.name for entry in catalog()}


def test_a_name_that_is_not_in_it_lists_those_that_are() -> None:
    assert source_of("QWEN3.8-27b").repository == "unsloth/Qwen3.8-27B-GGUF"
    with pytest.raises(SettingsError, match=r"qwen3\.8-27b"):
        source_of("gpt-4")


def test_mlx_is_fetched_only_where_it_is_asked_for() -> None:
    for entry in catalog():
        assert source_of(entry.name) == entry.gguf
        if entry.mlx:
            assert source_of(f"{entry.name}:mlx") == entry.mlx
        else:
            with pytest.raises(SettingsError, match="Leave out :mlx"):
                source_of(f"{entry.name}:mlx")
    with pytest.raises(SettingsError, match="Leave out :q4"):
        source_of("qwen3.5-4b:Q4")


def test_the_table_of_the_readme() -> None:
    """The first model for each memory is the one that is ranked first, and all of them fit; sizes are those here."""
    text = (Path(__file__).parents[2] / "README.md").read_text()
    rows = re.findall(r"^\| (?:(\d+) GB)? ?\| `([\w.-]+)` \| ([\d.]+) GB \|", text, re.MULTILINE)
    assert [memory for memory, *_ in rows if memory] == ["8", "16", "32", "64", "128"]
    fitting: list[str] = []
    for memory, name, size in rows:
        if memory:
            fitting = [entry.name for entry in ranked(Machine(int(memory) << 30, True))]
            assert name == fitting[0]
        assert name in fitting and source_of(name).gb == float(size)
