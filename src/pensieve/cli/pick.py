"""Which model, if nobody has said: the best of those that are here, or the best that could be fetched."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Callable

import msgspec
from msgspec import structs

from pensieve.config.load import user_home
from pensieve.config.settings import Settings
from pensieve.core.errors import SettingsError
from pensieve.core.model import ModelCard
from pensieve.library.catalog import GB, SYSTEM, Entry, Machine, catalog, ranked
from pensieve.library.find import Library
from pensieve.memory.fit import COMFORTABLE_CONTEXT, Fit
from pensieve.memory.probe import Probe
from pensieve.memory.state import Sample
from pensieve.supervisor.plan import lines_of, plan_fit


def machine() -> Machine:
    mac = sys.platform == "darwin" and platform.machine() == "arm64"
    return Machine(Probe().read().total or 0, mac)


def picked(settings: Settings, asks: Callable[[str], bool], say: Callable[[str], None]) -> str | None:
    """The name of the model to start; None for the bundled one. `asks` whether what it says shall be fetched.

    Raises SettingsError where memory that others hold is all that is missing for a model that is here.
    """
    sample, here = Probe().read(), machine()
    card = best(settings, sample)
    if card is not None:
        say(f"{card.id} is taken, the best of the models on this machine; `pensieve use` chooses another.")
        return card.id
    floor = int(lines_of(settings.memory, sample).warn * GB)
    card = best(settings, structs.replace(sample, available=here.room + floor))
    if card is not None:
        raise _memory_is_missing(card, settings, sample)
    fitting = ranked(_as_it_is(here, sample, floor)) if _engine(settings) == "llamacpp" else []
    if fitting:
        source = fitting[0].gguf
        words = f"No model to work with is on this machine. {fitting[0].name} fits best ({source.gb:.1f} GB)."
        if asks(words):
            from pensieve.cli.models import pull

            return pull(fitting[0].name).id
        say(f"`pensieve pull {fitting[0].name}` fetches the best model that fits ({source.gb:.1f} GB).")
    elif ranked(here):
        say("No model of the catalog fits into the memory that can be had now: close programs, then try again.")
    return None


def best(settings: Settings, sample: Sample) -> ModelCard | None:
    """Of those on this machine that fit, by this memory, with a window to work in: the one that `recommend` would name
    first, else the largest."""
    here = machine()
    worth = {slugged: here.worth(entry) for entry in catalog() for slugged in _names(entry)}
    usable = [
        found.card
        for found in Library(os.environ, user_home()).all()
        if found.card.template
        and not found.card.damage
        and found.card.engine == _engine(settings)
        and _works_in(fitted_to(found.card, settings, sample), settings.engine.context)
    ]
    return max(usable, key=lambda card: (_worth(card, worth), card.weight_bytes), default=None)


def fitted_to(card: ModelCard, settings: Settings, sample: Sample) -> Fit:
    return plan_fit(card, settings, lines_of(settings.memory, sample), sample)


def show_catalog(as_json: bool) -> None:
    here = machine()
    entries = ranked(here)
    if as_json:
        print(json.dumps(msgspec.to_builtins(entries), indent=2))
        return
    kind = "Apple's GPU" if here.mac else "without a GPU"
    print(f"For {here.memory / GB:.0f} GB of memory, {kind}. By what has been published of them, not tried here.\n")
    width = max((len(entry.name) for entry in entries), default=4)
    print(f"{'NAME':<{width}}  {'SIZE':>8}  {'AT WORK':>7}  {'WINDOW':>9}  WHY")
    for entry in entries:
        size = f"{entry.gguf.gb:.1f} GB"
        print(f"{entry.name:<{width}}  {size:>8}  {entry.active_billions:>5g} B  {entry.context:>9,}  {entry.why}")


def _as_it_is(here: Machine, sample: Sample, floor: int) -> Machine:
    """With the memory that others leave: what is fetched shall run."""
    if sample.available is None:
        return here
    return structs.replace(here, memory=min(here.memory, sample.available - floor + SYSTEM))


def _memory_is_missing(card: ModelCard, settings: Settings, sample: Sample) -> SettingsError:
    """For no more than a window to work in."""
    context = min(COMFORTABLE_CONTEXT, settings.engine.context)
    engine = structs.replace(settings.engine, context=context, parallel=1)
    fitted = fitted_to(card, structs.replace(settings, engine=engine), structs.replace(sample, available=None))
    missing = fitted.cost.total - (fitted_to(card, settings, sample).budget or 0)
    return SettingsError(
        f"{card.id} is here, but needs {max(missing, GB / 10) / GB:.1f} GB more memory than can be had now.",
        "Close programs, or `pensieve use` another model.",
    )


def _works_in(fitted: Fit, wanted: int) -> bool:
    return fitted.fits and fitted.context >= min(COMFORTABLE_CONTEXT, wanted)


def _engine(settings: Settings) -> str:
    """MLX has to be asked for, by its name or a model's: its engine was never run on a Mac."""
    return "llamacpp" if settings.engine.kind == "auto" else settings.engine.kind


def _names(entry: Entry) -> list[str]:
    """How the ids of its files begin, wherever they were fetched."""
    sources = [entry.gguf, *([entry.mlx] if entry.mlx else [])]
    repositories = [source.repository.rpartition("/")[2].lower().removesuffix("-gguf") for source in sources]
    return [entry.name, *repositories]


def _worth(card: ModelCard, worth: dict[str, tuple[bool, int]]) -> tuple[bool, int]:
    return max((value for name, value in worth.items() if card.id.startswith(name)), default=(False, 0))
