"""A client that takes nothing more while there is little to say. uvicorn waits for it in `send`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.requests import ClientDisconnect

from pensieve.http import sse
from pensieve.wire.answer import ContentBlockDelta, ContentBlockStop, Event, Ping, TextDelta


@pytest.mark.parametrize("stalls_at", [1, 2, 3])
def test_one_that_takes_nothing_is_let_go(stalls_at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the event, at the ping behind it, or at the end."""
    monkeypatch.setattr(sse, "FIRST_LOOK_SECONDS", 0.02)
    monkeypatch.setattr(sse, "LOOK_SECONDS", 0.002)
    sent, aborted = list[dict[str, Any]](), list[bool]()
    ping = asyncio.Event()

    async def events() -> AsyncIterator[list[Event]]:
        yield [Ping()]
        if stalls_at == 3:
            await ping.wait()
        else:
            await asyncio.Event().wait()

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            return
        sent.append(message)
        if len(sent) == 2:
            ping.set()
        if len(sent) >= stalls_at:
            await asyncio.Event().wait()

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def main() -> None:
        scope = {"type": "http", "extensions": {sse.CONNECTION: {"abort": lambda: aborted.append(True)}}}
        with pytest.raises(ClientDisconnect):
            await asyncio.wait_for(sse.EventStream(events(), "req_1", {}, list)(scope, receive, send), 30)

    asyncio.run(main())
    assert aborted == [True] and len(sent) == stalls_at
    assert sent[-1]["more_body"] is (stalls_at < 3)


def test_a_sign_of_life_that_is_held_up_comes_before_what_was_told_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have opened the block in which the answer goes on."""
    monkeypatch.setattr(sse, "FIRST_LOOK_SECONDS", 0.002)
    monkeypatch.setattr(sse, "LOOK_SECONDS", 0.002)
    monkeypatch.setattr(sse, "STALLED_LOOKS", 1_000_000)
    delta, held, told = ContentBlockDelta(0, TextDelta("")), asyncio.Event(), asyncio.Event()
    sent = list[bytes]()

    async def events() -> AsyncIterator[list[Event]]:
        await held.wait()
        told.set()
        yield [ContentBlockStop(0)]

    async def send(message: Any) -> None:
        body = message.get("body", b"")
        if b"content_block_delta" in body and not told.is_set():
            held.set()
            await told.wait()
            # And whatever else is ready goes on first.
            await asyncio.sleep(0)
        sent.append(body)

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def main() -> None:
        stream = sse.EventStream(events(), "req_1", {}, lambda: [delta])
        await asyncio.wait_for(stream({"type": "http", "extensions": {}}, receive, send), 30)

    asyncio.run(main())
    words = b"".join(sent).decode()
    assert words.index("content_block_delta") < words.index("content_block_stop") and sent[-1] == b""
