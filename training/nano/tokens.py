"""The tokenizer: byte-level BPE whose merges stay inside runs of letters.

So a word has the same tokens wherever it stands, after a space, a quote or a slash: copying it is copying tokens. It is
also why llama.cpp's pre-tokenizer need not split exactly as this one does, as long as it never splits inside a word.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

VOCABULARY = 1024
END_OF_TEXT, START, END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
SPECIAL = [END_OF_TEXT, START, END]
MARKERS = ["<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>"]
PADDING = VOCABULARY - len(SPECIAL) - len(MARKERS)
"""The end of text, which no conversation contains."""
OTHERS, NANO, SLIP = range(3)
"""Who says a token: the user, a tool or the template; Nano; or Nano, by mistake."""
LLAMACPP_PRE = "deepseek-coder"
"""It splits at digits, punctuation and spaces, never inside a word, not even at an apostrophe."""


def train_tokenizer(texts: Iterator[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"\p{L}+|[^\p{L}]"), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer: Any = trainers.BpeTrainer(
        vocab_size=VOCABULARY - len(SPECIAL) - len(MARKERS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    tokenizer.add_tokens([AddedToken(token, special=False, normalized=False) for token in MARKERS])
    assert tokenizer.get_vocab_size() == VOCABULARY and tokenizer.token_to_id(END_OF_TEXT) == PADDING
    return tokenizer


class Labeller:
    """Token ids of a rendered conversation, and who says each."""

    def __init__(self, path: Path) -> None:
        self.tokenizer = Tokenizer.from_file(str(path))
        self._start, self._end = (self.tokenizer.token_to_id(token) for token in (START, END))
        self._assistant = self.tokenizer.encode("assistant\n").ids
        self.closing: list[int] = self.tokenizer.encode('"}}\n</tool_call>' + END).ids
        """The end of a call, from the quote behind its last value, and of the turn."""

    def __call__(self, text: str) -> tuple[list[int], list[int]]:
        ids = self.tokenizer.encode(text).ids
        speakers, at, length = [OTHERS] * len(ids), 0, len(self._assistant)
        while at < len(ids):
            if ids[at] == self._start and ids[at + 1 : at + 1 + length] == self._assistant:
                at += 1 + length
                while at < len(ids):
                    speakers[at] = NANO
                    if ids[at] == self._end:
                        break
                    at += 1
            at += 1
        return ids, speakers
