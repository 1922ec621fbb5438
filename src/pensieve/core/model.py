"""A model as the rest of the house knows it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from pensieve.core.generation import Sampling

GrammarLanguage = Literal["lark", "gbnf"]
EngineName = Literal["llamacpp", "mlx", "scripted"]


class KvCost(Struct, frozen=True):
    """What the keys and values of one job take, in bytes: `per_token` of the layers that remember everything; of
    those that remember a window of tokens, its bytes per token and its length; `fixed` for states that do not grow."""

    per_token: int
    windows: tuple[tuple[int, int], ...] = ()
    fixed: int = 0

    def bytes(self, context: int, step: int = 0) -> int:
        """For `context` tokens; a window also holds the `step` tokens that are read at once."""
        windows = sum(width * min(context, window + step) for width, window in self.windows)
        return self.per_token * context + windows + self.fixed


class ModelCard(Struct, frozen=True):
    """What the model file says of itself. Sizes are in bytes, windows in tokens.

    `width`: numbers that each token of a step takes in one layer, about. `control_tokens`: texts that are one token of
    their own, which no ordinary text contains, and their ids. `special_tokens`: those that shape a conversation.
    `grammars`: the language of those that the engine can hold the model to; None: to no grammar. `damage`: why it
    cannot be loaded, such as "cut short: 5 of 7 bytes"; "" if nothing is known.
    """

    id: str
    path: str
    engine: EngineName
    description: str
    created: int
    architecture: str
    trained_context: int
    weight_bytes: int
    kv: KvCost
    width: int = 0
    template: str | None = None
    bos: str = ""
    eos: str = ""
    sampling: Sampling = Sampling()
    control_tokens: dict[str, int] = field(default_factory=dict)
    special_tokens: tuple[str, ...] = ()
    grammars: GrammarLanguage | None = None
    damage: str = ""
