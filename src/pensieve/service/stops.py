"""Stop sequences, matched on the text itself, wherever it is cut."""

from __future__ import annotations

from pensieve.dialects.base import marker_prefix


class StopMatcher:
    """Holds back at most a possible beginning of a stop sequence."""

    def __init__(self, sequences: tuple[str, ...]) -> None:
        self._sequences = sequences
        self._held = ""
        self.matched: str | None = None

    def feed(self, text: str) -> str:
        """The text that may go out. After a match: what stood before it, and nothing ever after."""
        if not self._sequences:
            return text
        if self.matched is not None:
            return ""
        self._held += text
        # The match that begins first wins, and of several that begin there the longest.
        matches = [(self._held.find(sequence), -len(sequence), sequence) for sequence in self._sequences]
        found = min((match for match in matches if match[0] >= 0), default=None)
        if found is not None:
            self.matched = found[2]
            certain, self._held = found[0], self._held[: found[0]]
        else:
            certain = len(self._held) - max(marker_prefix(self._held, sequence) for sequence in self._sequences)
        out, self._held = self._held[:certain], self._held[certain:]
        return out

    def close(self) -> str:
        """The rest, when the output has ended without a match."""
        rest, self._held = self._held, ""
        return rest
