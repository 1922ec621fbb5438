"""`pensieve bench`: how fast the model on this machine reads and writes, by the clock of a client."""

from __future__ import annotations

import json
import random
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from pensieve.cli.ask import NoAnswer, ask
from pensieve.cli.client import Endpoint
from pensieve.cli.messages import stream
from pensieve.core.errors import SettingsError

SIZES = (256, 1024, 4096, 16384)
"""Tokens of the prompts, about; those that leave no room for an answer are left out."""
WRITTEN = 128
TURNS = 4
LEAST_WRITTEN = 8
"""Tokens; of fewer nothing can be said."""
TASK = "Count from one to two hundred, in words."
LETTERS_PER_WORD, TOKENS_PER_WORD = 6, 3

Message = dict[str, Any]


class Measured(NamedTuple):
    """Of one request: tokens `read` and `cached` of its prompt and `written`; seconds to the first token, and tokens a
    second since; None where too few were written."""

    read: int
    cached: int
    written: int
    first_token: float
    rate: float | None

    @property
    def reading(self) -> float:
        """Tokens a second of the prompt."""
        return self.read / self.first_token


class Result(NamedTuple):
    model: str
    prompts: list[Measured]
    turns: list[Measured]
    worker_bytes: int | None


def bench(endpoint: Endpoint, say: Callable[[str], None]) -> Result:
    """Prompts of several lengths, and the turns of one conversation. Raises SettingsError."""
    rng, prompts = random.Random(1), list[Measured]()
    try:
        _measure(endpoint, [_user(TASK)], WRITTEN)  # warms up
        for size in SIZES:
            if size + 2 * WRITTEN < endpoint.context:
                say(f"a prompt of about {size:,} tokens ...")
                prompts.append(_measure(endpoint, [_user(f"{_noise(rng, size)}\n\n{TASK}")], WRITTEN)[0])
        say("a conversation ...")
        turns = _conversation(endpoint, rng)
        models = ask(endpoint.url, "/health")["models"]
        worker = next((model["worker_rss"] for model in models if model["model"] == endpoint.model), None)
    except NoAnswer as error:
        raise SettingsError(str(error)) from None
    return Result(endpoint.model, prompts, turns, worker)


def table(result: Result) -> str:
    lines = [f"{result.model}", "", f"{'PROMPT':>8}  {'FIRST TOKEN':>11}  {'READS':>12}  {'WRITES':>12}"]
    lines += [
        f"{one.read + one.cached:>8,}  {one.first_token:>9.2f} s  {one.reading:>8.0f} t/s  {_rate(one)}"
        for one in result.prompts
    ]
    lines += ["", f"{'TURN':>8}  {'FIRST TOKEN':>11}  {'READ ANEW':>12}  {'THERE':>12}"]
    lines += [
        f"{number:>8}  {one.first_token:>9.2f} s  {one.read:>12,}  {one.cached:>12,}"
        for number, one in enumerate(result.turns, 1)
    ]
    if result.worker_bytes:
        lines += ["", f"The model's process has {result.worker_bytes / 1e9:.2f} GB."]
    return "\n".join(lines)


def as_json(result: Result) -> str:
    def plain(one: Measured) -> dict[str, Any]:
        return {**one._asdict(), "reading": round(one.reading, 1)}

    told = {"prompts": list(map(plain, result.prompts)), "turns": list(map(plain, result.turns))}
    return json.dumps({"model": result.model, **told, "worker_bytes": result.worker_bytes}, indent=2)


def plot(result: Result, file: Path) -> None:
    """As PNG. Raises SettingsError."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        command = shlex.join([sys.executable, "-m", "pip", "install", "matplotlib"])
        raise SettingsError("The plot needs matplotlib, which is not installed.", command) from None
    figure = Figure(figsize=(9, 4), layout="constrained")
    speeds, turns = figure.subplots(1, 2)
    sizes = [one.read + one.cached for one in result.prompts]
    speeds.plot(sizes, [one.reading for one in result.prompts], marker="o", label="reads")
    speeds.plot(sizes, [one.rate or float("nan") for one in result.prompts], marker="o", label="writes")
    speeds.set(xscale="log", yscale="log", xlabel="tokens of the prompt", ylabel="tokens a second", title=result.model)
    speeds.legend()
    turns.bar(range(1, len(result.turns) + 1), [one.first_token for one in result.turns])
    turns.set(xlabel="turn of a conversation", ylabel="seconds to the first token")
    try:
        figure.savefig(file, format="png", dpi=150)
    except OSError as error:
        raise SettingsError(f"{file} cannot be written: {error.strerror}.", "Name another file.") from None


def _conversation(endpoint: Endpoint, rng: random.Random) -> list[Measured]:
    size = min(SIZES[2], endpoint.context // 3)
    messages, turns = [_user(f"{_noise(rng, size)}\n\n{TASK}")], list[Measured]()
    for _ in range(TURNS):
        measured, said = _measure(endpoint, messages, WRITTEN // 2)
        turns.append(measured)
        messages += [{"role": "assistant", "content": said or "Well."}, _user("Go on.")]
    return turns


def _measure(endpoint: Endpoint, messages: list[Message], most: int) -> tuple[Measured, str]:
    began, times, said, usage = time.perf_counter(), list[float](), "", dict[str, int]()
    body = {"model": endpoint.model, "max_tokens": most, "temperature": 0, "messages": messages}
    for event in stream(endpoint.url, endpoint.token, body):
        if event["type"] == "message_start":
            usage |= event["message"]["usage"]
        elif event["type"] == "content_block_delta":
            times.append(time.perf_counter())
            said += event["delta"].get("text", "")
        elif event["type"] == "message_delta":
            usage |= event["usage"]
    ended, written = time.perf_counter(), usage["output_tokens"]
    first = (times[0] if times else ended) - began
    # From the first token to the last; that the end comes a moment later is part of it.
    rate = (written - 1) / (ended - times[0]) if times and written >= LEAST_WRITTEN else None
    measured = Measured(usage["input_tokens"], usage.get("cache_read_input_tokens") or 0, written, first, rate)
    return measured, said


def _user(text: str) -> Message:
    return {"role": "user", "content": text}


def _noise(rng: random.Random, tokens: int) -> str:
    """Words that no cache has seen."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    return " ".join("".join(rng.choices(letters, k=LETTERS_PER_WORD)) for _ in range(tokens // TOKENS_PER_WORD))


def _rate(one: Measured) -> str:
    return f"{'-':>12}" if one.rate is None else f"{one.rate:>8.0f} t/s"
