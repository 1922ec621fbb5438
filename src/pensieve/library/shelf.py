"""Which model does a request mean?"""

from __future__ import annotations

from pensieve.core.errors import NotFound
from pensieve.core.model import ModelCard


class Shelf:
    """The models that are here: for now one. Every `claude-*` name means the default."""

    def __init__(self, card: ModelCard, aliases: tuple[str, ...] = ()) -> None:
        self.default = card
        self._names = {card.id, *aliases}

    def resolve(self, name: str) -> ModelCard:
        """Raises NotFound that lists what is there."""
        if name in self._names or name.startswith("claude-"):
            return self.default
        raise NotFound(f"model: {name!r} is not here.", f"There are: {', '.join(sorted(self._names))}, claude-*.")
