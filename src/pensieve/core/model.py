"""A model as the rest of the house knows it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from pensieve.core.generation import Sampling

EngineName = Literal["llamacpp", "scripted"]


class ModelCard(Struct, frozen=True):
    """What the model file says of itself. Sizes are in bytes, windows in tokens."""

    id: str
    path: str
    engine: EngineName
    description: str
    created: int
    architecture: str
    trained_context: int
    weight_bytes: int
    kv_bytes_per_token: int
    template: str | None = None
    bos: str = ""
    eos: str = ""
    sampling: Sampling = Sampling()
