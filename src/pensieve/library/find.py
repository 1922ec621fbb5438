"""The models on this machine, and the one that a name means."""

from __future__ import annotations

import difflib
import importlib.util
import shlex
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import requires
from pathlib import Path

from msgspec import Struct, structs

from pensieve.config.load import names_a_path
from pensieve.core.errors import SettingsError
from pensieve.core.model import EngineName, ModelCard
from pensieve.library.cards import read_card, slug
from pensieve.library.places import Place, places

NO_TALKERS = frozenset(
    ("bert", "nomic-bert", "jina-bert-v2", "t5encoder", "clip", "gemma-embedding", "wavtokenizer-dec")
)
"""Architectures of files that are no language models one can talk to."""


LIBRARIES: dict[EngineName, str] = {"llamacpp": "xllamacpp", "mlx": "mlx_lm"}


class Found(Struct, frozen=True):
    """A model that can be read, and whose it is."""

    card: ModelCard
    owner: str


class Library:
    """What is here, looked for each time anew: models come and go while a server runs. `user` is the home folder."""

    def __init__(self, environment: Mapping[str, str], user: Path) -> None:
        self._environment = environment
        self._user = user

    def all(self) -> Iterator[Found]:
        """All that can be run here. A name that two models have goes to the first."""
        named = set[str]()
        for place in places(self._environment, self._user):
            card = _card(place)
            if card is not None and card.id not in named and is_installed(card.engine):
                named.add(card.id)
                yield Found(card, place.owner)

    def card(self, name: str, engine: str = "auto") -> ModelCard:
        """Of a path, or of the name of a model; the bundled one's for an empty name.

        Raises SettingsError that names the nearest.
        """
        if not name or is_path(name):
            return read_card(name, engine)
        wanted, ids = slug(name), list[str]()
        why: SettingsError | None = None
        for place in places(self._environment, self._user):
            ids.append(slug(place.name))
            if ids[-1] != wanted:
                continue
            try:
                card = _talker(place)
            except SettingsError as error:
                why = error
                continue
            if card is not None and engine in ("auto", card.engine):
                return card
        raise why or _nothing(name, wanted, ids)

    def named(self, name: str) -> ModelCard | None:
        """By the id that `all` gives it, never by a path: anybody may ask who speaks to the server."""
        for place in places(self._environment, self._user):
            card = _card(place) if slug(place.name) == name else None
            if card is not None and is_installed(card.engine):
                return card
        return None


def is_installed(engine: EngineName) -> bool:
    library = LIBRARIES.get(engine)
    return library is None or importlib.util.find_spec(library) is not None


def how_to_install(engine: EngineName) -> str:
    """The command, for the Python that runs this, with the versions that are tried."""
    named = [
        LIBRARIES[engine].replace("_", "-"),
        *(["mlx[cpu]"] if engine == "mlx" and sys.platform == "linux" else []),
    ]
    asked = [requirement.partition(";")[0].strip() for requirement in requires("pensieve") or ()]
    wanted = sorted({one for one in asked if one.partition("==")[0] in named})
    return shlex.join([sys.executable, "-m", "pip", "install", *wanted])


def _nothing(name: str, wanted: str, ids: list[str]) -> SettingsError:
    close = difflib.get_close_matches(wanted, ids, n=1, cutoff=0.5)
    return SettingsError(
        f"There is no model file {name}, and no model of this name.",
        f"Did you mean {close[0]}?" if close else "`pensieve models` lists those that are here.",
    )


def is_path(name: str) -> bool:
    """Or a name?"""
    try:
        return names_a_path(name) or Path(name).exists()
    except (OSError, ValueError):
        return True


def _card(place: Place) -> ModelCard | None:
    try:
        return _talker(place)
    except SettingsError:
        # Whatever others keep there, and however it is damaged: it is not a model for us.
        return None


def _talker(place: Place) -> ModelCard | None:
    """None for a model that one cannot talk to. Raises SettingsError."""
    try:
        card = read_card(str(place.path))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{place.path} cannot be read: {error}.") from None
    if card.architecture in NO_TALKERS or not card.weight_bytes:
        return None
    return structs.replace(card, id=slug(place.name))
