"""What does a grammar cost? `grammar.py MODEL [--rounds N]`: one engine, with and without, in turns.

The tools are those of a coding agent, twelve of them, free to be called: the model writes its text under the grammar.
Limits: decode at most 10 % slower, and 5 ms more until the first token once the grammar is known.
"""

from __future__ import annotations

import argparse
import itertools
import queue
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from typing import Any

from pensieve.core.chat import Choice, Tool
from pensieve.core.generation import Chunk, Job, Sampling
from pensieve.dialects.choose import choose_family
from pensieve.dialects.grammar.cache import Grammars
from pensieve.engines.base import Engine, EngineOptions
from pensieve.engines.load import load_engine
from pensieve.library.cards import read_card

TOKENS, WORDS = 200, 12
GREEDY = Sampling(temperature=0.0)
SLOWER_LIMIT, FIRST_LIMIT_MS = 0.10, 5.0
PARAMETERS: dict[str, list[str]] = {
    "Bash": ["command", "timeout", "description", "run_in_background"], "Read": ["file_path", "offset", "limit"],
    "Write": ["file_path", "content"], "Edit": ["file_path", "old_string", "new_string", "replace_all"],
    "Glob": ["pattern", "path"], "Grep": ["pattern", "path", "glob", "limit", "multiline", "output_mode"],
    "WebFetch": ["url", "prompt"], "WebSearch": ["query", "limit"], "Task": ["description", "prompt", "kind"],
    "TodoWrite": ["todos"], "NotebookEdit": ["notebook_path", "cell", "source"], "KillShell": ["shell_id"],
}  # fmt: skip
TYPES: dict[str, Any] = {
    "timeout": {"type": "number"}, "offset": {"type": "integer"}, "limit": {"type": "integer", "minimum": 1},
    "run_in_background": {"type": "boolean"}, "replace_all": {"type": "boolean"}, "multiline": {"type": "boolean"},
    "output_mode": {"enum": ["content", "files", "count"]}, "url": {"type": "string", "format": "uri"},
    "todos": {"type": "array", "items": {"type": "object", "required": ["content", "status"], "properties": {
        "content": {"type": "string", "minLength": 1}, "status": {"enum": ["pending", "in_progress", "completed"]}}}},
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    card = read_card(arguments.model)
    grammars = Grammars(choose_family(card.template or ""), card.control_tokens)
    started = time.perf_counter()
    grammar = grammars.get(tools(), Choice(), None, "none")
    compiled = time.perf_counter()
    grammars.get(tools(), Choice(), None, "none")
    print(
        f"the grammar of {len(PARAMETERS)} tools: {(compiled - started) * 1000:.1f} ms to make, "
        f"{(time.perf_counter() - compiled) * 1000:.2f} ms to find again, {len(grammar)} characters"
    )
    with tempfile.TemporaryDirectory() as directory:
        engine = load_engine("llamacpp", EngineOptions(card.path, 4096, 1, 0, 512, 0, directory))
        measure(engine, grammar, arguments.rounds)
        engine.close()


def tools() -> tuple[Tool, ...]:
    return tuple(
        Tool(
            name,
            "",
            {
                "type": "object",
                "properties": {parameter: TYPES.get(parameter, {"type": "string"}) for parameter in parameters},
                "required": parameters[:1],
                "additionalProperties": False,
            },
        )
        for name, parameters in PARAMETERS.items()
    )


def measure(engine: Engine, grammar: str, rounds: int) -> None:
    pairs = list(timed_pairs(engine, grammar, rounds, WORDS, TOKENS))
    ratios = [bound[1] / free[1] for free, bound in pairs]
    print(f"decode: {statistics.median(ratios) - 1:+.1%} a token, limit {SLOWER_LIMIT:.0%} ({listed(ratios)})")
    # The shortest prompts, so that little else takes time.
    pairs = list(timed_pairs(engine, grammar, 10 * rounds, 1, 2))
    later = [(bound[0] - free[0]) * 1000 for free, bound in pairs]
    print(f"first token: {statistics.median(later):+.2f} ms, limit {FIRST_LIMIT_MS} ms (half of them within", end=" ")
    print(" to ".join(f"{value:.1f}" for value in statistics.quantiles(later, n=4)[::2]) + ")")


def timed_pairs(
    engine: Engine, grammar: str, rounds: int, words: int, tokens: int
) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """Without and with the grammar. Fresh words each time, so that no prompt is cached; who goes first changes."""
    dice, numbers = random.Random(7 * words), itertools.count(1)
    for number in range(rounds):
        times = {}
        for held in ("", grammar) if number % 2 else (grammar, ""):
            text = " ".join(f"{dice.getrandbits(24):06x}" for _ in range(words))
            times[held] = timed(engine, Job(next(numbers), engine.tokenize(text), GREEDY, tokens, grammar=held))
        if number:
            yield times[""], times[grammar]


def timed(engine: Engine, job: Job) -> tuple[float, float]:
    """Seconds until the first token, and from there on for each."""
    arrived: queue.SimpleQueue[Chunk] = queue.SimpleQueue()
    started, first, tokens = time.perf_counter(), 0.0, 0
    engine.submit(job, arrived.put)
    while True:
        chunk = arrived.get(timeout=60)
        tokens += chunk.tokens
        if tokens and not first:
            first = time.perf_counter()
        if chunk.finish is not None:
            return first - started, (time.perf_counter() - first) / (tokens - 1)


def listed(values: list[float]) -> str:
    return " ".join(f"{value:.2f}" for value in sorted(values))


if __name__ == "__main__":
    main()
