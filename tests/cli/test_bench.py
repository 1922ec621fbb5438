"""`pensieve bench` and `pensieve cache`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from command import one_line, pensieve, well


def test_what_is_measured(background: Path, tiny_model: Path, tmp_path: Path) -> None:
    picture = tmp_path / "bench.png"
    told = json.loads(
        well(
            pensieve(
                "bench", "--model", str(tiny_model), "--plot", str(picture), "--json", PENSIEVE_ENGINE__CONTEXT="4096"
            )
        )
    )
    sizes = [one["read"] + one["cached"] for one in told["prompts"]]
    assert len(sizes) == 2 and sizes == sorted(sizes)
    assert all(one["first_token"] > 0 and one["reading"] > 0 and one["written"] for one in told["prompts"])
    first, *later = told["turns"]
    assert all(turn["cached"] >= first["read"] and turn["read"] < first["read"] for turn in later)
    assert told["worker_bytes"] > 1_000_000
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_it_is_shown_as_a_table(background: Path, tmp_path: Path) -> None:
    story = tmp_path / "small.json"
    story.write_text('{"context": 4096, "replies": [{"steps": ["one ", "two ", "three"]}]}')
    words = well(pensieve("bench", "--model", str(story)))
    assert "FIRST TOKEN" in words and "READ ANEW" in words


def test_what_is_kept(background: Path) -> None:
    assert "no server runs" in well(pensieve("cache"))
    well(pensieve("chat", "call Read"))
    assert "prompt tokens were there already" in well(pensieve("cache"))
    assert "stop" in one_line(pensieve("cache", "--clear"))
    well(pensieve("stop"))
    assert (background / "calls.sqlite").exists()
    assert "Removed" in well(pensieve("cache", "--clear"))
    assert not list(background.glob("calls.sqlite*"))


@pytest.mark.parametrize("place", ["no such folder/bench.png"])
def test_a_picture_that_cannot_be_written(background: Path, place: str, tmp_path: Path) -> None:
    assert "cannot be written" in one_line(pensieve("bench", "--plot", str(tmp_path / place)))
