"""What is left of the speed while other processes compute? Pensieve and llama.cpp's own server in one run, in turns.

`busy.py MODEL [MODEL ...]` prints a table for each: tokens/s read and written on an idle machine, and beside one and
two endless loops at nice 0 and 19. Each loop is in a session of its own, as the commands of a coding agent are.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import platform
import random
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil

from overhead import cpu_name, servers
from pensieve.core.chat import Chat, Text, Turn
from pensieve.library.cards import read_card
from pensieve.prompts.render import ChatTemplate
from streams import Target, stream

NEIGHBOURS = ((0, 0), (1, 0), (1, 19), (2, 0), (2, 19))
CONTEXT = 4096
PROMPT_WORDS = 90
PROBE_TOKENS = 6
SETTLE_SECONDS = 1.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--seconds", type=float, default=4.0, help="how long each answer is written")
    arguments = parser.parse_args()
    print(f"{platform.processor() or platform.machine()}, {psutil.cpu_count(logical=False)} cores, {cpu_name()}")
    for model in arguments.models:
        print(f"\n{Path(model).name}\n")
        with servers(model, context=CONTEXT, parallel=1) as (ours, theirs, _):
            asyncio.run(Bench(model, ours, theirs, arguments.seconds).run())


@contextlib.contextmanager
def neighbours(count: int, nice: int) -> Iterator[None]:
    command = ["nice", "-n", str(nice), sys.executable, "-c", "while True: pass"]
    loops = [subprocess.Popen(command, start_new_session=True) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


class Bench:
    def __init__(self, model: str, ours: Target, theirs: Target, seconds: float) -> None:
        card = read_card(model)
        self._template = ChatTemplate(card.template, card.bos, card.eos)
        self._targets = (ours, theirs)
        self._seconds = seconds
        self._random = random.Random(5)

    async def run(self) -> None:
        idle: dict[str, tuple[float, float]] = {}
        print("| | server | read, tokens/s | of idle | written, tokens/s | of idle |\n|---|---|---|---|---|---|")
        for number, (count, nice) in enumerate(NEIGHBOURS):
            name = f"{count} busy, nice {nice}" if count else "idle"
            with neighbours(count, nice):
                for target in self._targets if number % 2 else self._targets[::-1]:
                    await asyncio.sleep(SETTLE_SECONDS)
                    read, written = await self.read(target), await self.written(target)
                    idle.setdefault(target.name, (read, written))
                    of_read, of_written = read / idle[target.name][0], written / idle[target.name][1]
                    print(f"| {name} | {target.name} | {read:.0f} | {of_read:.2f} ", end="")
                    print(f"| {written:.1f} | {of_written:.2f} |", flush=True)

    async def read(self, target: Target) -> float:
        """Tokens a second of a fresh prompt, until its first token is there."""
        words = " ".join(f"{self._random.getrandbits(24):06x}" for _ in range(PROMPT_WORDS))
        sample = await stream(target, words, self.rendered(words), 2)
        return self.tokens(words) / sample.first

    async def written(self, target: Target) -> float:
        """Tokens a second; a few tell how many are asked for."""
        rate = (await self.answer(target, PROBE_TOKENS)) or 1.0
        wanted = int(rate * self._seconds)
        return await self.answer(target, wanted) if wanted > PROBE_TOKENS else rate

    async def answer(self, target: Target, tokens: int) -> float:
        content = f"Write a very long story about the town {self._random.getrandbits(24):06x} and its people."
        return (await stream(target, content, self.rendered(content), tokens)).rate

    def rendered(self, content: str) -> str:
        return self._template.render(Chat("", (Turn("user", (Text(content),)),))).text

    def tokens(self, content: str) -> int:
        body = {"model": "claude-bench", "messages": [{"role": "user", "content": content}]}
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._targets[0].port}/v1/messages/count_tokens",
            json.dumps(body).encode(),
            {"Authorization": "Bearer pensieve-local-token", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            return int(json.load(answer)["input_tokens"])


if __name__ == "__main__":
    started = time.monotonic()
    main()
    print(f"\ntook {time.monotonic() - started:.0f} s")
