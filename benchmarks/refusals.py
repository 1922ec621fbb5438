"""Is a request refused that would have run? `refusals.py [--requests N]`, on MLX, where each takes memory as it comes.

Requests are sent to a server one after the other, with a little more or less room than they take. Those that it takes
are broken off. Those that it refuses are sent again to a server without a guard, each to a fresh worker, to see what
they really take.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import httpx2
import psutil

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from make_mlx_model import make_random_model
from server import TOKEN, Server, start_server, wait_for
from shortage import GB, Hog, available_gb, hog, own_bytes, settled

WIDE: dict[str, Any] = {
    "model_type": "llama",
    "hidden_size": 64,
    "intermediate_size": 64,
    "num_hidden_layers": 14,
    "num_attention_heads": 32,
    "num_key_value_heads": 32,
    "head_dim": 128,
    "rms_norm_eps": 1e-6,
    "rope_theta": 10000.0,
    "tie_word_embeddings": True,
}
"""0.46 MB of keys and values for each token."""
PLANNED_GB, NEAR_GB = 4.0, 0.03
"""What is there when the model is loaded, and how close another program has to come to what it is to leave of that."""
ENGINE = {"engine__context": 4096, "engine__cache_mb": 0, "engine__batch": 128}
"""Prompts are read in short stretches, at the end of which one can be broken off."""
TAKEN_GB = 512 * 14 * 32 * 128 * 2 * 4 / GB
"""By prompts of 257 to 512 tokens: mlx-lm's caches grow by 256."""
WORDS, ROOM = (260, 460), (0.75, 1.15)
"""Of a prompt; and the room that is left, in parts of what it takes."""
LIMIT = 0.9
REFUSAL = re.compile(r"takes ([\d.]+) GB, and ([\d.]+) GB can be had")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=100)
    requests = parser.parse_args().requests
    with tempfile.TemporaryDirectory() as place:
        folder = make_random_model(WIDE, Path(place) / "wide")
        refused = guarded(folder, Path(place), requests)
        shares = unguarded(folder, Path(place), refused)
    wrong = [share for share in shares if share < LIMIT]
    print(
        f"{requests} requests, {len(refused)} refused; of those, alone and without a guard, took of what could be had:"
    )
    print(" ".join(f"{share:.2f}" for share in sorted(shares)))
    print("none would have run" if not wrong else f"{len(wrong)} would have run")
    sys.exit(bool(wrong))


def guarded(folder: Path, place: Path, requests: int) -> list[tuple[str, float]]:
    """The prompts that were refused, and how many bytes could be had by the server's own words."""
    line = round(available_gb() - PLANNED_GB, 3)
    server = start_server(
        folder,
        place / "guarded",
        memory__warn_gb=line,
        memory__reject_gb=line,
        memory__emergency_gb=0,
        **ENGINE,
    )
    refused: list[tuple[str, float]] = []
    rng = random.Random(1)
    try:
        with hog() as program:
            for number in range(requests):
                make_room(server, program, line, rng.uniform(*ROOM) * TAKEN_GB)
                prompt = f"{number} " + "word " * rng.randint(*WORDS)
                if words := refusal(server, prompt):
                    refused.append((prompt, could(words)))
                print(f"\r{number + 1} sent, {len(refused)} refused", end="", file=sys.stderr, flush=True)
    finally:
        server.stop()
    return refused


def refusal(server: Server, prompt: str) -> str:
    """Its words; "" if the request is taken. One that has waited first is refused in its stream."""
    body = json.dumps({**asked(prompt), "stream": True}).encode()
    with httpx2.stream(
        "POST", server.url + "/v1/messages", content=body, headers={"x-api-key": TOKEN}, timeout=60, trust_env=False
    ) as answer:
        if answer.status_code != httpx2.codes.OK:
            return answer.read().decode()
        lines = answer.iter_lines()
        for line in lines:
            if line == "event: message_start":
                return ""
            if line == "event: error":
                return next(lines)
    raise RuntimeError("the stream has ended without a word")


def make_room(server: Server, program: Hog, line: float, room: float) -> None:
    """A shortage first, so that the engine gives up all that it keeps: that can be had, too, and is told late."""

    def accepts(level: float) -> bool:
        # What else happens on the machine moves the level meanwhile.
        program.leave(level)
        return bool(server.health()["memory"]["accepting_requests"])

    def sees() -> bool:
        program.leave(line + room)
        available = float(server.health()["memory"]["available_gb"])
        return abs(available - line - room) < NEAR_GB

    wait_for(lambda: not server.health()["running"], 60)
    wait_for(lambda: not accepts(line - 0.1))
    wait_for(lambda: accepts(line + room + 0.1) and not server.health()["engine_memory"]["kept_kv"])
    wait_for(sees)


def could(words: str) -> float:
    """Bytes that could be had, by a refusal."""
    found = REFUSAL.search(words)
    if found is None:
        raise RuntimeError(f"refused for another reason: {words}")
    return float(found[2]) * GB


def unguarded(folder: Path, place: Path, refused: list[tuple[str, float]]) -> list[float]:
    lines = {f"memory__{line}_gb": 0 for line in ("warn", "reject", "emergency")}
    server = start_server(folder, place / "unguarded", **lines, **ENGINE)
    try:
        return [taken(server, prompt) / could_be_had for prompt, could_be_had in refused]
    finally:
        server.stop()


def taken(server: Server, prompt: str) -> int:
    """By a worker that has done nothing before."""
    old = server.worker()
    old.send_signal(signal.SIGKILL)
    wait_for(lambda: server.health()["worker_pid"] not in (None, old.pid))
    worker = server.worker()
    before, peak, done = settled(worker, 0.5), [0], threading.Event()

    def watch(process: psutil.Process) -> None:
        while not done.wait(0.01):
            peak[0] = max(peak[0], own_bytes(process))

    watching = threading.Thread(target=watch, args=(worker,))
    watching.start()
    answer = server.post(asked(prompt))
    done.set()
    watching.join()
    if answer.status_code != httpx2.codes.OK:
        raise RuntimeError(answer.text)
    return peak[0] - before


def asked(prompt: str) -> dict[str, Any]:
    return {"model": "claude-x", "max_tokens": 1, "messages": [{"role": "user", "content": prompt}]}


if __name__ == "__main__":
    main()
