"""`docs/settings.md` says what the code says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from pensieve.config.load import KEYS
from pensieve.config.settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "settings.md").read_text()
DEFAULTS: dict[str, dict[str, Any]] = msgspec.to_builtins(Settings())
SPELLED = {"": '""', (): "[]", None: "not set"}


@pytest.mark.parametrize("key", KEYS)
def test_every_key_stands_in_the_table(key: str) -> None:
    group, name = key.split(".")
    default = DEFAULTS[group][name]
    meaning = next(meta.description for meta in KEYS[key].__metadata__)
    assert f"| `{key}` | `{SPELLED.get(default, default)}` | {meaning} |\n" in PAGE


def test_the_table_has_no_other_key() -> None:
    rows = [line.split("`")[1] for line in PAGE.splitlines() if line.startswith("| `")]
    assert rows == list(KEYS)
