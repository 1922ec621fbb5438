"""Does a Mac survive it? Two streams at once, every prompt a new one, so that prefixes come and go all the time.

`mac_soak.py FOLDER [--minutes 20] [--words 6000] [--cache-mb 512]` starts a server, loads it, prints a line a minute,
and in the end PASS or FAIL with its reasons. It is the load under which wired memory brought Macs down within two
minutes (mlx#3186). Nothing of it says how a Mac does before somebody has run it on one.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any

import psutil

from overhead import server

STREAMS, TOKENS = 2, 200
GROWTH = 1.10
"""The worker may weigh this much more at the end than after the first third."""


@dataclass
class Tally:
    answers: int = 0
    tokens: int = 0
    refused: int = 0
    broken: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--words", type=int, default=6000, help="of the longest prompts; two tokens a word, about")
    parser.add_argument("--cache-mb", type=int, default=512)
    arguments = parser.parse_args()
    with server(arguments.folder, cache_mb=arguments.cache_mb) as port:
        reasons = soaked(port, arguments.minutes * 60, arguments.words)
    print("FAIL: " + "; ".join(reasons) if reasons else "PASS")
    sys.exit(bool(reasons))


def soaked(port: int, seconds: float, words: int) -> list[str]:
    """Why it failed; nothing if it did not."""
    tally, stop = Tally(), threading.Event()
    streams = [threading.Thread(target=load, args=(port, number, words, tally, stop)) for number in range(STREAMS)]
    first = health(port)
    for one in streams:
        one.start()
    started, weights = time.monotonic(), list[int]()
    while (gone := time.monotonic() - started) < seconds:
        time.sleep(min(60, seconds / 6))  # a line a minute
        now = health(port)
        weights.append(now["worker_rss"] or 0)
        free = psutil.virtual_memory().available / 1e9
        print(
            f"{gone / 60:5.1f} min: {tally.answers} answers, {tally.tokens} tokens, {tally.refused} refused, worker "
            f"{weights[-1] / 1e9:.2f} GB, {free:.1f} GB free, {now['restarts']} restarts",
            flush=True,
        )
    stop.set()
    for one in streams:
        one.join()
    last = health(port)
    reasons = tally.broken[:5]
    if last["restarts"] != first["restarts"]:
        reasons.append(f"the worker was started {last['restarts'] - first['restarts']} times anew")
    settled = max(weights[: len(weights) // 3 + 1])
    if weights[-1] > settled * GROWTH:
        reasons.append(f"the worker grew from {settled / 1e9:.2f} to {weights[-1] / 1e9:.2f} GB")
    if not tally.answers:
        reasons.append("there was no answer at all")
    return reasons


def load(port: int, number: int, words: int, tally: Tally, stop: threading.Event) -> None:
    rng = random.Random(number)
    while not stop.is_set():
        prompt = " ".join(f"{rng.getrandbits(24):06x}" for _ in range(rng.randint(words * 3 // 4, words)))
        try:
            written = asked(port, prompt)["usage"]["output_tokens"]
            with tally.lock:
                tally.tokens += written
                tally.answers += 1
        except urllib.error.HTTPError as refusal:
            if refusal.code != 503:
                tally.broken.append(f"HTTP {refusal.code}: {refusal.read()[:200]!r}")
            tally.refused += 1
            # As a client does that is told to come again later.
            time.sleep(1)
        except (OSError, ValueError, KeyError) as error:
            tally.broken.append(f"{type(error).__name__}: {error}")


def asked(port: int, prompt: str) -> Any:
    body = {"model": "claude-soak", "max_tokens": TOKENS, "messages": [{"role": "user", "content": prompt}]}
    headers = {"x-api-key": "pensieve-local-token", "content-type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/messages", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def health(port: int) -> Any:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health") as response:
        return json.load(response)


if __name__ == "__main__":
    main()
