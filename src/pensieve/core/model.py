"""A model as the rest of the house knows it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from pensieve.core.generation import Sampling

GrammarLanguage = Literal["lark", "gbnf"]
EngineName = Literal["llamacpp", "mlx", "scripted"]


class ModelCard(Struct, frozen=True):
    """What the model file says of itself. Sizes are in bytes, windows in tokens.

    `control_tokens`: texts that are one token of their own, which no ordinary text contains, and their ids. `grammars`:
    the language of those that the engine can hold the model to; None: to no grammar.
    """

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
    control_tokens: dict[str, int] = field(default_factory=dict)
    grammars: GrammarLanguage | None = None
