"""Which model does a request mean?"""

from __future__ import annotations


class Names:
    """`aliases` are more names of the default model, and `name=model` one of another. Every `claude-*` name that is no
    alias means the default."""

    def __init__(self, default: str, aliases: tuple[str, ...] = ()) -> None:
        self._default = default
        pairs = (alias.partition("=") for alias in aliases)
        self._models = {name.strip(): model.strip() or default for name, _, model in pairs}

    @property
    def all(self) -> set[str]:
        return {self._default, *self._models}

    def model(self, name: str) -> str:
        """The id of the model, or the name itself if it is none of ours."""
        if name in self._models:
            return self._models[name]
        return self._default if name.startswith("claude-") else name
