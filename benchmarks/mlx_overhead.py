"""What does Pensieve cost on top of mlx-lm? The same model, greedy, fresh prompts, in turns on an idle machine.

`mlx_overhead.py FOLDER [--rounds N]`. A folder is made by `tests/make_mlx_model.py tiny FOLDER`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import time
import tracemalloc
import urllib.request
from pathlib import Path
from typing import Any

import mlx_lm.generate as mlx_generate
from mlx_lm.generate import BatchGenerator, stream_generate
from mlx_lm.utils import load_tokenizer

from overhead import listed, server
from pensieve.engines.mlx.loading import load_model
from pensieve.engines.mlx.prefixes import Prefixes
from pensieve.engines.mlx.tokens import Tokens
from streams import Pensieve, Sample, stream

STREAMS, TOKENS, WORDS, LONG = 4, 400, 20, 100_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    tree()
    with server(str(arguments.folder), context=8192) as port:
        ours = Pensieve("pensieve", port, "/v1/messages", b"text_delta", b'"output_tokens":')
        decode(ours, Bare(arguments.folder), arguments.rounds)
        second_turn(port)


class Bare:
    """mlx-lm as it is, in this process."""

    def __init__(self, folder: Path) -> None:
        mlx_generate.maybe_set_recommended_wired_limit = lambda: None
        self.tokens = Tokens(folder)
        self._model, self._tokenizer = load_model(folder), load_tokenizer(folder)

    def one(self, prompt: str) -> Sample:
        """As `mlx_lm.generate` does it, with text."""
        started, times, ids = time.perf_counter(), [], list(self.tokens.tokenize(prompt))
        for _ in stream_generate(self._model, self._tokenizer, ids, max_tokens=TOKENS):
            times.append(time.perf_counter())
        return Sample(times[0] - started, times[-1] - times[0], len(times))

    def several(self, prompts: list[str]) -> list[Sample]:
        batch = BatchGenerator(self._model, completion_batch_size=STREAMS, prefill_batch_size=1, prefill_step_size=512)
        started = time.perf_counter()
        uids = batch.insert(
            [list(self.tokens.tokenize(prompt)) for prompt in prompts], max_tokens=[TOKENS] * len(prompts)
        )
        times: dict[int, list[float]] = {uid: [] for uid in uids}
        while any(len(arrived) < TOKENS for arrived in times.values()):
            for output in batch.next()[1]:
                times[output.uid].append(time.perf_counter())
        return [Sample(one[0] - started, one[-1] - one[0], len(one)) for one in times.values()]


def decode(ours: Pensieve, bare: Bare, rounds: int) -> None:
    """Bare, the prompt has no template around it: some tokens less to read, none less to write."""
    rng = random.Random(5)

    def prompts(count: int) -> list[str]:
        return [" ".join(f"{rng.getrandbits(24):06x}" for _ in range(WORDS)) for _ in range(count)]

    async def through_pensieve(texts: list[str]) -> list[Sample]:
        return list(await asyncio.gather(*(stream(ours, text, "", TOKENS) for text in texts)))

    rates: dict[str, list[float]] = {name: [] for name in ("ours 1", "ours 4", "bare 1", "bare 4", "batch of one")}
    for number in range(rounds):
        for kind in ["ours", "bare"] if number % 2 else ["bare", "ours"]:
            if kind == "ours":
                one, several = (
                    asyncio.run(through_pensieve(prompts(1))),
                    asyncio.run(through_pensieve(prompts(STREAMS))),
                )
            else:
                one, several = [bare.one(prompts(1)[0])], bare.several(prompts(STREAMS))
                rates["batch of one"].append(bare.several(prompts(1))[0].rate)
            rates[kind + " 1"].append(one[0].rate)
            rates[kind + " 4"].append(sum(sample.rate for sample in several))
            time.sleep(0.2)  # lets the other fall idle
    report(rates)


def report(rates: dict[str, list[float]]) -> None:
    """Of all rounds together: as many tokens in each, so the mean of their times decides; and round by round."""
    whole = {name: statistics.harmonic_mean(values) for name, values in rates.items()}
    print(f"in the mean: {', '.join(f'{name}: {rate:.0f} tokens/s' for name, rate in whole.items())}")
    for name, ours, bare in (
        ("one stream", "ours 1", "bare 1"),
        ("one stream, of a batch of one", "ours 1", "batch of one"),
        ("four streams", "ours 4", "bare 4"),
    ):
        rounds = [one / other for one, other in zip(rates[ours], rates[bare], strict=True)]
        print(f"{name}: {whole[ours] / whole[bare]:.3f} of mlx-lm ({listed(rounds)})", flush=True)
    gain = whole["ours 4"] / whole["ours 1"] / (whole["bare 4"] / whole["bare 1"])
    print(f"four to one: {gain:.3f} of mlx-lm's", flush=True)


def second_turn(port: int) -> None:
    """What a conversation's second turn reads anew."""
    told = {"role": "user", "content": "word " * 400}
    first = asked(port, [told])
    answer = {"role": "assistant", "content": first["content"]}
    second = asked(port, [told, answer, {"role": "user", "content": "And then?"}])
    for name, message in (("first", first), ("second", second)):
        usage = message["usage"]
        print(
            f"{name} turn: {usage['input_tokens']} tokens read, {usage['cache_read_input_tokens']} were there already"
        )


def asked(port: int, messages: list[Any]) -> Any:
    body = json.dumps({"model": "claude-bench", "max_tokens": 20, "temperature": 0, "messages": messages}).encode()
    headers = {"x-api-key": "pensieve-local-token", "content-type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/messages", body, headers)
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def tree() -> None:
    """What a miss costs on one long conversation, and what its path weighs."""
    rng = random.Random(3)
    path = [rng.randrange(150_000) for _ in range(LONG)]
    tracemalloc.start()
    prefixes: Prefixes[None] = Prefixes(1)
    prefixes.put(path, None, 0, replaces=True)
    weight = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    misses = []
    for at in (5, LONG // 2, LONG - 5):
        other = (*path[:at], -path[at] % 150_000 + 1, *path[at + 1 :])
        started = time.perf_counter()
        prefixes.find(other)
        misses.append((time.perf_counter() - started) * 1000)
    print(f"prefix tree, a path of {LONG} tokens: {weight / 1e6:.2f} MB; a miss: {listed(misses)} ms")


if __name__ == "__main__":
    main()
