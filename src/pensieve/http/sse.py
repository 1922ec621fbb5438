"""Events as server-sent events: sent as they come, pings in silence, and an end at once when the client is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

import msgspec
from starlette.types import Receive, Scope, Send

from pensieve.core.errors import PensieveError
from pensieve.http.connected import while_connected
from pensieve.http.errors import error_event
from pensieve.wire.answer import Event, Ping

FIRST_PING_SECONDS = 0.1
PING_SECONDS = 10.0
"""Claude Code gives up after 300 s without a byte; pings keep any prefill alive."""
STALL_SECONDS = 120.0
"""A client that takes nothing for so long is gone, whatever its socket says."""

_encoder = msgspec.json.Encoder()


def encode_event(event: Event, buffer: bytearray) -> None:
    """Append `event: <type>`, `data: <json>` and the empty line that ends them."""
    body = _encoder.encode(event)
    buffer += b"event: "
    buffer += str(type(event).__struct_config__.tag).encode()
    buffer += b"\ndata: "
    buffer += body
    buffer += b"\n\n"


class EventStream:
    """An ASGI response."""

    def __init__(self, events: AsyncIterator[list[Event]], request_id: str, headers: Mapping[str, str]) -> None:
        self._events = events
        self._request_id = request_id
        self._headers = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache", **headers}
        self._last_sent = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await while_connected(self._tell(send), receive)

    async def _tell(self, send: Send) -> None:
        headers = [(name.encode(), value.encode()) for name, value in self._headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        pinging = asyncio.create_task(self._ping(send))
        try:
            async for events in self._events:
                await self._send(send, events)
        except PensieveError as error:
            await self._send(send, [error_event(error, self._request_id)])
        finally:
            pinging.cancel()
        await send({"type": "http.response.body", "body": b""})

    async def _ping(self, send: Send) -> None:
        await asyncio.sleep(FIRST_PING_SECONDS)
        clock = asyncio.get_running_loop().time
        while True:
            silent = clock() - self._last_sent
            if silent >= PING_SECONDS:
                await self._send(send, [Ping()])
                silent = 0.0
            await asyncio.sleep(PING_SECONDS - silent)

    async def _send(self, send: Send, events: list[Event]) -> None:
        buffer = bytearray()
        for event in events:
            encode_event(event, buffer)
        self._last_sent = asyncio.get_running_loop().time()
        async with asyncio.timeout(STALL_SECONDS):
            await send({"type": "http.response.body", "body": bytes(buffer), "more_body": True})
