"""How long the first answer will take: Claude Code's own prompt has to be read, for minutes on many machines."""

from __future__ import annotations

import random
import time

from pensieve.cli.ask import NoAnswer, ask
from pensieve.cli.client import (
    FEW_TOOLS,
    OWN_PROMPT,
    OWN_PROMPT_FOR_FEW,
    SMALLEST_WINDOW,
    Endpoint,
    own_prompt,
)
from pensieve.cli.status import rough

LONG_SECONDS = 60.0
"""Whoever has to wait so long is told how to wait less."""
LONGEST_TRY = 10.0
TRY_SECONDS = 1.5
"""A short prompt is tried, and then one that takes about so long."""
FIRST_TRY, SHORTEST_TRY, LARGEST_TRY = 24, 32, 1_024
"""Words; each is a token, about."""


def forecast(endpoint: Endpoint) -> str:
    """By the last long prompt that was read, if there was one: what the server has kept. Else by a short one, now."""
    prompt = own_prompt(endpoint)
    if endpoint.context < SMALLEST_WINDOW:
        return "It is a demonstration, and reads next to nothing of Claude Code's own prompt."
    try:
        models = ask(endpoint.url, "/health")["models"]
        reading = next((model["reading"] for model in models if model["model"] == endpoint.model), None)
        bound = "about" if reading and 2 * reading["tokens"] >= prompt else "at least"
        tokens, seconds = (reading["tokens"], reading["seconds"]) if reading else _tried(endpoint)
    except (NoAnswer, KeyError):
        return "How long its first answer takes is not known yet."
    said = (
        f"Its first answer takes {bound} {rough(prompt * seconds / tokens)} on this machine: Claude Code's own prompt "
        f"has about {prompt:,} tokens, which are read once. Later answers are quick."
    )
    if prompt == OWN_PROMPT and prompt * seconds / tokens > LONG_SECONDS:
        said += f" With `--tools {FEW_TOOLS}` it has about {OWN_PROMPT_FOR_FEW:,}."
    return said


def _tried(endpoint: Endpoint) -> tuple[int, float]:
    """Tokens and seconds of a prompt that is as long as can be read in a moment. Raises NoAnswer."""
    _, seconds = _read(endpoint, FIRST_TRY)
    words = int(FIRST_TRY * TRY_SECONDS / max(seconds, 1e-3))
    return _read(endpoint, max(SHORTEST_TRY, min(words, LARGEST_TRY)))


def _read(endpoint: Endpoint, words: int) -> tuple[int, float]:
    # Of words by chance, so that nothing of it is cached; a request for no token is read and not answered.
    text = " ".join(str(random.randrange(10)) for _ in range(words))
    body = {"model": endpoint.model, "max_tokens": 0, "messages": [{"role": "user", "content": text}]}
    began = time.monotonic()
    usage = ask(endpoint.url, "/v1/messages", endpoint.token, LONGEST_TRY, body)["usage"]
    return max(1, usage["input_tokens"]), time.monotonic() - began
