"""A model that writes noise under a grammar: llguidance's own matcher, a byte a token, seeded dice."""

from __future__ import annotations

import random
from collections.abc import Mapping

from llguidance import LLMatcher, LLTokenizer
from msgspec import structs

from pensieve.dialects.forms import Family

CLOSERS = tuple(b"\"'}])>")
NOISE = 40
LONGEST = 6000


class Walker:
    """`control` names the special tokens that the byte tokenizer has: its ids 256 to 260."""

    def __init__(self, family: Family, control: Mapping[str, int]) -> None:
        self._tokenizer = LLTokenizer("byte")
        self._end = self._tokenizer.eos_token
        self._control = dict(control)
        self._by_id = {number: text for text, number in control.items()}
        written = [value for form in (family.form, family.think) if form for value in structs.astuple(form)]
        texts = [text for value in written for text in (value if isinstance(value, tuple) else (value,))]
        marks = {cut for text in texts if isinstance(text, str) for cut in (text.strip(), text.rstrip())}
        self._marks = sorted(mark for mark in marks if len(mark) > 1 and not mark.isalnum())

    def matcher(self, grammar: str) -> LLMatcher:
        matcher = LLMatcher(self._tokenizer, grammar, log_level=0)
        assert not matcher.is_error(), matcher.get_error()
        return matcher

    def tokens(self, text: str) -> list[int]:
        """The text with control tokens where it can."""
        found: list[int] = []
        while text:
            mark = next((mark for mark in self._control if text.startswith(mark)), "")
            found += [self._control[mark]] if mark else text[0].encode()
            text = text[len(mark) or 1 :]
        return found

    def takes(self, grammar: str, text: str) -> bool:
        """Whether the whole text fits and may end there."""
        matcher, tokens = self.matcher(grammar), self.tokens(text)
        return matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_accepting()

    def goes_on(self, grammar: str, text: str) -> bool:
        """Whether the text is the beginning of something that fits."""
        tokens = self.tokens(text)
        return self.matcher(grammar).try_consume_tokens(tokens) == len(tokens)

    def walk(self, grammar: str, seed: int, first: str = "") -> str:
        """Noise that fits, from `first` to an end."""
        dice = random.Random(seed)
        matcher = self.matcher(grammar)
        written = self.tokens(first)
        assert matcher.try_consume_tokens(written) == len(written), f"{first!r} does not fit"
        for step in range(LONGEST):
            if matcher.is_stopped():
                break
            tokens = self._step(matcher, dice, tired=step > NOISE)
            if not tokens:
                break
            assert matcher.consume_tokens(tokens), matcher.get_error()
            written += tokens
        assert matcher.is_accepting(), f"no end: {written[-100:]}"
        return self._text(written)

    def _step(self, matcher: LLMatcher, dice: random.Random, tired: bool) -> list[int]:
        """The next tokens, none for the end."""
        bias = matcher.compute_logit_bias()
        allowed = [token for token, weight in enumerate(bias) if weight]
        assert allowed, matcher.get_error()
        if self._end in allowed and (len(allowed) == 1 or dice.random() < (0.5 if tired else 0.05)):
            return []
        if dice.random() < (0.3 if tired else 0.05):
            for mark in dice.sample(self._marks, len(self._marks)):
                tokens = self.tokens(mark)
                if tokens[0] in allowed and matcher.validate_tokens(tokens) == len(tokens):
                    return tokens
        good = [token for token in allowed if token != self._end]
        if tired:
            closing = [token for token in CLOSERS if token in good]
            return [dice.choice(closing if closing and dice.random() < 0.8 else good)]
        return [dice.choice(good)]

    def _text(self, tokens: list[int]) -> str:
        parts = [self._by_id[token].encode() if token in self._by_id else bytes([token]) for token in tokens]
        return b"".join(parts).decode()
