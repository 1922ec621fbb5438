"""Models worth having for work on code, from 8 to 512 GB of memory, and which of them is the best for a machine.

The list is data (`catalog.json`): `gb` is 10^9 bytes of weights, `quality` our own order of what their makers and
others have published of them, as of November 2026. None of it was measured here.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct

from pensieve.core.errors import SettingsError

FILE = Path(__file__).with_name("catalog.json")
GB = 1_000_000_000
BESIDES = 1.1
"""What a model takes is its weights, and a tenth for the buffers of a step and for what it remembers."""
CONVERSATION = GB
SYSTEM = 2_500_000_000
"""For a conversation of 32,768 tokens; for the system and the programs beside it."""
MAC_SHARE = 0.75
"""Of its memory macOS lets the GPU have so much."""
MLX = "mlx"
"""Behind a name, as in `qwen3.5-9b:mlx`."""
QUICK_BILLIONS = 6
"""Parameters at work for each token that a CPU can keep up with."""


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    repository: str
    quant: str
    gb: float

    @property
    def spec(self) -> str:
        return f"{self.repository}:{self.quant}" if self.quant else self.repository


class Entry(Struct, frozen=True, forbid_unknown_fields=True):
    """`gguf` is what is fetched, `mlx` what `name:mlx` asks for: None where mlx-lm cannot run it yet.
    `active_billions`: the parameters at work for each token."""

    name: str
    gguf: Source
    billions: float
    active_billions: float
    context: int
    license: str
    thinks: bool
    quality: int
    why: str
    mlx: Source | None = None


class Machine(Struct, frozen=True):
    """`memory` in bytes. `mac`: with Apple's GPU."""

    memory: int
    mac: bool

    @property
    def room(self) -> int:
        """Bytes for a model and a conversation."""
        return min(int(self.memory * MAC_SHARE) if self.mac else self.memory, self.memory - SYSTEM)

    def holds(self, entry: Entry) -> bool:
        return self.has_room_for(entry.gguf.gb * GB)

    def worth(self, entry: Entry) -> tuple[bool, int]:
        """The greater, the better for this machine."""
        return self.mac or entry.active_billions <= QUICK_BILLIONS, entry.quality

    def has_room_for(self, weights: float) -> bool:
        """Bytes of weights, with all that a conversation takes beside them."""
        return weights * BESIDES + CONVERSATION <= self.room


def catalog() -> tuple[Entry, ...]:
    return msgspec.json.decode(FILE.read_bytes(), type=tuple[Entry, ...])


def ranked(machine: Machine) -> list[Entry]:
    """Those that fit, the best first. Without a GPU one that is quick comes before one that knows more."""

    return sorted((entry for entry in catalog() if machine.holds(entry)), key=machine.worth, reverse=True)


def source_of(name: str) -> Source:
    """The files of `name`: GGUF, which runs on every machine, or those for MLX of `name:mlx`. Raises SettingsError."""
    name, _, form = name.lower().partition(":")
    entries = {entry.name: entry for entry in catalog()}
    if name not in entries:
        raise SettingsError(
            f"{name!r} is neither of the form org/name nor in the catalog.", f"The catalog has: {', '.join(entries)}."
        )
    entry = entries[name]
    source = {"": entry.gguf, MLX: entry.mlx}.get(form)
    if source is None:
        raise SettingsError(f"The catalog has no {name}:{form}.", f"Leave out :{form}, or name a repository: org/name.")
    return source
