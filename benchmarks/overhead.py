"""What does Pensieve cost on top of llama.cpp? Both serve one model in one run, in turns, on an idle machine.

`overhead.py MODEL [--rounds N] [--long-rounds N]` prints a table of ratios and differences.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from pensieve.core.chat import Chat, Text, Turn
from pensieve.library.cards import read_card
from pensieve.prompts.render import ChatTemplate
from streams import LlamaCpp, Pensieve, Sample, Target, stream

HERE = Path(__file__).parent
PARALLEL, CONTEXT, BATCH = 8, 24576, 512
SHORT_WORDS, LONG_WORDS = 12, 3700
STREAM_TOKENS, CROWD_TOKENS = 200, 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--long-rounds", type=int, default=3)
    arguments = parser.parse_args()
    with servers(arguments.model) as (ours, theirs, parent):
        asyncio.run(Bench(arguments.model, ours, theirs, parent).run(arguments.rounds, arguments.long_rounds))


@contextlib.contextmanager
def servers(
    model: str, context: int = CONTEXT, parallel: int = PARALLEL
) -> Iterator[tuple[Target, Target, psutil.Process]]:
    threads = psutil.cpu_count(logical=False) or 1
    options = {"context": context, "parallel": parallel, "batch": BATCH, "cache_mb": 0, "threads": threads}
    settings = {f"PENSIEVE_ENGINE__{key.upper()}": str(value) for key, value in options.items()}
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | settings | {"PENSIEVE_HOME": home}
        command = [sys.executable, "-m", "pensieve", "serve", "--port", "0", "--model", model]
        ours = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        theirs = subprocess.Popen(
            [sys.executable, str(HERE / "peer.py"), model, "0", json.dumps(options)], stdout=subprocess.PIPE, text=True
        )
        try:
            yield (
                Pensieve("pensieve", port_in(ours.stderr), "/v1/messages", b"text_delta", b'"output_tokens":'),
                LlamaCpp("llama.cpp", port_in(theirs.stdout), "/completion", b'"content":', b'"tokens_predicted":'),
                psutil.Process(ours.pid),
            )
        finally:
            ours.terminate()
            theirs.terminate()
            ours.wait()
            theirs.wait()


@contextlib.contextmanager
def server(model: str, **engine: int) -> Iterator[int]:
    """Pensieve alone; its port. `engine` are settings of that group."""
    settings = {f"PENSIEVE_ENGINE__{key.upper()}": str(value) for key, value in engine.items()}
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | settings | {"PENSIEVE_HOME": home}
        command = [sys.executable, "-m", "pensieve", "serve", "--port", "0", "--model", model]
        process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        try:
            yield port_in(process.stderr)
        finally:
            process.terminate()
            process.wait()


def port_in(lines: Iterator[str] | None) -> int:
    for line in lines or ():
        if "ready" in line:
            return int(line.strip().rpartition(":")[2])
    raise RuntimeError("the server did not start")


class Bench:
    def __init__(self, model: str, ours: Target, theirs: Target, parent: psutil.Process) -> None:
        card = read_card(model)
        self._template = ChatTemplate(card.template, card.bos, card.eos)
        self._ours, self._theirs, self._parent = ours, theirs, parent
        self._random = random.Random(5)

    async def run(self, rounds: int, long_rounds: int) -> None:
        print(f"{platform.processor() or platform.machine()}, {psutil.cpu_count(logical=False)} cores, {cpu_name()}")
        await self.decode("decode, 1 stream", 1, STREAM_TOKENS, rounds)
        await self.decode("decode, 8 streams", PARALLEL, CROWD_TOKENS, rounds)
        await self.first_token("first token, short prompt", SHORT_WORDS, 6 * rounds)
        await self.first_token("first token, long prompt", LONG_WORDS, long_rounds)
        print(f"parent's memory: {self._parent.memory_info().rss / 1e6:.0f} MB")

    async def decode(self, name: str, streams: int, tokens: int, rounds: int) -> None:
        ratios, cpu, ours_all = [], 0.0, []
        for number in range(rounds):
            prompts = [self.prompt(SHORT_WORDS) for _ in range(streams)]
            before = self.cpu_seconds()
            ours, theirs = await self.both(number, prompts, tokens)
            cpu += self.cpu_seconds() - before
            ours_all += ours
            ratios.append(sum(s.rate for s in ours) / sum(s.rate for s in theirs))
        rate = sum(s.rate for s in ours_all) / rounds
        micros = cpu / sum(s.tokens for s in ours_all) * 1e6
        print(f"{name}: {statistics.median(ratios):.3f} of llama.cpp ({listed(ratios)}); {rate:.0f} tokens/s; ", end="")
        print(f"parent {micros:.0f} us CPU a token", flush=True)

    async def first_token(self, name: str, words: int, rounds: int) -> None:
        differences, ratios, base = [], [], []
        for number in range(rounds):
            ours, theirs = await self.both(number, [self.prompt(words)], 4)
            differences.append((ours[0].first - theirs[0].first) * 1000)
            ratios.append(ours[0].first / theirs[0].first)
            base.append(theirs[0].first * 1000)
        print(f"{name}: {statistics.median(differences):+.1f} ms, ratio {statistics.median(ratios):.3f}", end="")
        print(f" ({listed(ratios[:7])}); llama.cpp {statistics.median(base):.1f} ms", flush=True)

    async def both(self, number: int, prompts: list[tuple[str, str]], tokens: int) -> tuple[list[Sample], list[Sample]]:
        """Who goes first changes from round to round. A pause lets the other fall idle."""
        samples: dict[str, list[Sample]] = {}
        for target in (self._ours, self._theirs) if number % 2 else (self._theirs, self._ours):
            samples[target.name] = list(
                await asyncio.gather(*(stream(target, content, prompt, tokens) for content, prompt in prompts))
            )
            await asyncio.sleep(0.2)
        return samples[self._ours.name], samples[self._theirs.name]

    def prompt(self, words: int) -> tuple[str, str]:
        """Fresh words, so that no prefix is cached: as a message, and as the text that the model sees of it."""
        content = " ".join(f"{self._random.getrandbits(24):06x}" for _ in range(words))
        return content, self._template.render(Chat("", (Turn("user", (Text(content),)),))).text

    def cpu_seconds(self) -> float:
        times = self._parent.cpu_times()
        return float(times.user + times.system)


def listed(values: list[float]) -> str:
    return " ".join(f"{value:.3f}" for value in sorted(values))


def cpu_name() -> str:
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as file:
        return next((line.partition(":")[2].strip() for line in file if line.startswith("model name")), "")
    return ""


if __name__ == "__main__":
    started = time.monotonic()
    main()
    print(f"took {time.monotonic() - started:.0f} s")
