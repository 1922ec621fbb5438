"""How fast a model reads: what is kept, and what becomes of the file."""

from __future__ import annotations

import stat
from pathlib import Path

from pensieve.service.speeds import MOST_MODELS, Reading, Speeds


def test_it_is_there_after_a_restart_for_ones_own_eyes(tmp_path: Path) -> None:
    file = tmp_path / "home" / "speeds.json"
    speeds = Speeds(file)
    assert speeds.of("qwen") is None
    assert speeds.keep("qwen", Reading(1000, 20.0))
    speeds.write()
    again = Speeds(file).of("qwen")
    assert again == Reading(1000, 20.0) and again.rate == 50.0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and len(list(file.parent.iterdir())) == 1


def test_short_prompts_say_nothing_and_long_ones_are_not_forgotten_for_them(tmp_path: Path) -> None:
    speeds = Speeds(tmp_path / "speeds.json")
    assert not speeds.keep("qwen", Reading(499, 1.0))
    for tokens in (500, 3000, 4000, 12_000, 4000):
        assert speeds.keep("qwen", Reading(tokens, 10.0))
        assert speeds.of("qwen") == Reading(tokens, 10.0)
    assert not speeds.keep("qwen", Reading(3999, 1.0))
    assert speeds.keep("other", Reading(500, 1.0))


def test_the_file_is_bounded_and_the_newest_stay(tmp_path: Path) -> None:
    speeds = Speeds(tmp_path / "speeds.json")
    for number in range(MOST_MODELS):
        speeds.keep(f"model-{number}", Reading(500, 1.0))
    speeds.keep("model-0", Reading(600, 1.0))
    speeds.keep("one more", Reading(500, 1.0))
    speeds.write()
    kept = Speeds(tmp_path / "speeds.json")
    assert kept.of("model-0") and kept.of("one more") and not kept.of("model-1")


def test_trouble_with_the_file_costs_what_was_kept_alone(tmp_path: Path) -> None:
    file = tmp_path / "speeds.json"
    for content in ("{", '{"qwen": 3}'):
        file.write_text(content)
        assert Speeds(file).of("qwen") is None
    (tmp_path / "in the way").write_text("")
    speeds = Speeds(tmp_path / "in the way" / "speeds.json")
    assert speeds.keep("qwen", Reading(500, 1.0))
    speeds.write()
    assert speeds.of("qwen") == Reading(500, 1.0)
