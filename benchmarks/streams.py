"""A client that does little: it sends a request, notes when bytes come, and counts tokens from the last event."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Sample:
    """Seconds to the first token and from it to the last; tokens generated."""

    first: float
    decode: float
    tokens: int

    @property
    def rate(self) -> float:
        return (self.tokens - 1) / self.decode if self.decode else 0.0


@dataclass(frozen=True)
class Target:
    """A server and how it is asked."""

    name: str
    port: int
    path: str
    first_mark: bytes
    count_mark: bytes

    def body(self, content: str, prompt: str, tokens: int) -> dict[str, Any]:
        raise NotImplementedError


class Pensieve(Target):
    def body(self, content: str, prompt: str, tokens: int) -> dict[str, Any]:
        return {
            "model": "claude-bench",
            "max_tokens": tokens,
            "stream": True,
            "temperature": 0,
            "messages": [{"role": "user", "content": content}],
        }


class LlamaCpp(Target):
    def body(self, content: str, prompt: str, tokens: int) -> dict[str, Any]:
        return {"prompt": prompt, "n_predict": tokens, "stream": True, "temperature": 0, "top_k": 0, "top_p": 1}


async def stream(target: Target, content: str, prompt: str, tokens: int) -> Sample:
    body = json.dumps(target.body(content, prompt, tokens)).encode()
    head = (
        f"POST {target.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer pensieve-local-token\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
    started = time.perf_counter()
    writer.write(head.encode() + body)
    received, first, last = bytearray(), 0.0, 0.0
    while data := await reader.read(65536):
        now = time.perf_counter()
        received += data
        if target.first_mark in data:
            first = first or now
            last = now
    writer.close()
    if not first:
        raise RuntimeError(f"{target.name}: {bytes(received[:500])!r}")
    count = received.rpartition(target.count_mark)[2]
    return Sample(first - started, last - first, int(count.partition(b",")[0].partition(b"}")[0]))
