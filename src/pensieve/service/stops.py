"""Stop sequences, matched on the text itself, wherever it is cut."""

from __future__ import annotations

from pensieve.dialects.base import marker_prefix


class StopMatcher:
    """Holds back at most a possible beginning of a stop sequence."""

    def __init__(self, sequences: tuple[str, ...]) -> None:
        self.sequences = sequences
        self._held = ""
        self.matched: str | None = None

    def feed(self, text: str) -> str:
        """The text that may go out. After a match: what stood before it, and nothing ever after."""
        if not self.sequences:
            return text
        if self.matched is not None:
            return ""
        self._held += text
        # The sequence that is complete first wins, and of several that end there the longest: so it is for a model
        # that writes letter by letter, and however its text is cut.
        starts = [(self._held.find(sequence), sequence) for sequence in self.sequences]
        found = min(
            ((start + len(sequence), start, sequence) for start, sequence in starts if start >= 0), default=None
        )
        if found is not None:
            _, certain, self.matched = found
            self._held = self._held[:certain]
        else:
            certain = len(self._held) - max(marker_prefix(self._held, sequence) for sequence in self.sequences)
        out, self._held = self._held[:certain], self._held[certain:]
        return out

    def close(self) -> str:
        """The rest, when the output has ended without a match."""
        rest, self._held = self._held, ""
        return rest
