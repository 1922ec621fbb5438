"""What a worker is told to load, and when it is too much."""

from __future__ import annotations

from pathlib import Path

import msgspec

from pensieve.config.load import load_settings
from pensieve.core.model import KvCost, ModelCard
from pensieve.core.vitals import EngineMemory
from pensieve.library.cards import neighbours, read_card
from pensieve.memory.estimate import PROCESS
from pensieve.memory.state import GB, Sample, Thresholds
from pensieve.supervisor.plan import GROWTH, bytes_to_load, growth_limit, plan_fit, too_large

LINES = Thresholds(2, 1, 0.5)
SETTINGS = load_settings({"PENSIEVE_ENGINE__CACHE_MB": "0"})
CARD = ModelCard("m", "/m.gguf", "llamacpp", "M", 0, "llama", 131_072, 4 * GB, KvCost(100_000), 1000)


def available(gigabytes: float) -> Sample:
    return Sample(0, round(gigabytes * GB), 32 * GB)


def test_the_plan_leaves_what_the_first_warning_asks_for() -> None:
    roomy, tight = plan_fit(CARD, SETTINGS, LINES, available(100)), plan_fit(CARD, SETTINGS, LINES, available(10))
    assert (roomy.context, roomy.parallel, roomy.fits) == (32_768, 4, True)
    assert tight.fits and tight.cost.total <= 8 * GB < roomy.cost.total
    assert (tight.context, tight.parallel) == (32_768, 1)
    assert not plan_fit(CARD, SETTINGS, LINES, available(6)).fits


def test_a_machine_that_tells_nothing_gets_all_that_was_wanted() -> None:
    fitted = plan_fit(CARD, SETTINGS, LINES, Sample(0, None, None))
    assert (fitted.context, fitted.parallel, fitted.fits) == (32_768, 4, True)


def test_what_cannot_fit_is_said_with_the_numbers_and_a_way_out() -> None:
    fitted = plan_fit(CARD, SETTINGS, LINES, available(6))
    error = str(too_large(CARD, fitted, "/models/small.gguf"))
    assert error.startswith("The model m needs 4.5 GB with 4,096 tokens, and 4.0 GB can be had.")
    assert "Load /models/small.gguf, which fits" in error
    assert "smaller" in str(too_large(CARD, fitted, ""))


def test_a_worker_may_take_a_quarter_and_some_more_than_was_thought() -> None:
    fitted = plan_fit(CARD, SETTINGS, LINES, available(100))
    assert growth_limit(fitted, SETTINGS, 0, EngineMemory()) == int(fitted.cost.total * 1.25) + GROWTH


def test_a_wrong_estimate_does_not_end_workers() -> None:
    fitted = plan_fit(msgspec.structs.replace(CARD, weight_bytes=1), SETTINGS, LINES, available(100))
    assert growth_limit(fitted, SETTINGS, 100 * GB, EngineMemory()) > 100 * GB
    told = EngineMemory(kv_per_token=1_000_000)
    assert growth_limit(fitted, SETTINGS, GB, told) > fitted.parallel * fitted.context * 1_000_000
    assert fitted.cost.total > PROCESS


def test_mlx_takes_keys_and_values_as_they_come() -> None:
    fitted = plan_fit(CARD, SETTINGS, LINES, available(100))
    assert bytes_to_load(CARD, fitted) == fitted.cost.total
    assert bytes_to_load(msgspec.structs.replace(CARD, engine="mlx"), fitted) == fitted.cost.total - fitted.cost.kv


def test_the_neighbours_of_a_model_are_what_its_folder_holds_and_what_is_bundled(
    tmp_path: Path, tiny_model: Path
) -> None:
    for name, extra in (("small.gguf", 0), ("large.gguf", 1000), ("own.gguf", 10)):
        (tmp_path / name).write_bytes(tiny_model.read_bytes() + bytes(extra))
    (tmp_path / "broken.gguf").write_bytes(b"GGUF?")
    (tmp_path / "folder.gguf").mkdir()
    found = [Path(card.path).name for card in neighbours(read_card(str(tmp_path / "own.gguf")))]
    assert found == ["large.gguf", "small.gguf", "pensieve-nano.gguf"]
