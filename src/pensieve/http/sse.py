"""Events as server-sent events: sent as they come, signs of life in silence, an end at once when the client is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import msgspec
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from pensieve.http.connected import while_connected
from pensieve.http.errors import error_event
from pensieve.wire.answer import Event, Ping

FIRST_LOOK_SECONDS = 0.1
LOOK_SECONDS = 5.0
"""Nothing sent between two looks is answered by a ping, so no silence is longer than two intervals: 10 s. Claude Code
gives up after 300 s without a byte."""
SILENT_LOOKS = 9
"""After so many looks, 45 s, without a word of the answer, its own sign of life takes the place of a ping: Claude Code
counts 30 pings in a row and no more, and gives up 300 s later."""
STALLED_LOOKS = 24
"""A client that has taken nothing for so many looks, two minutes, is gone, whatever its socket says."""

CONNECTION = "pensieve.connection"
"""The extension of an ASGI scope whose `abort` closes the connection at once."""

_encoder = msgspec.json.Encoder()
_TAGS = {event: str(event.__struct_config__.tag).encode() for event in Event.__subclasses__()}


def encode_event(event: Event, buffer: bytearray) -> None:
    """Append `event: <type>`, `data: <json>` and the empty line that ends them."""
    buffer += b"event: %b\ndata: %b\n\n" % (_TAGS[type(event)], _encoder.encode(event))


class EventStream:
    """An ASGI response. This is the hot path: what happens for each token is `_send`, and little of it."""

    def __init__(
        self,
        events: AsyncIterator[list[Event]],
        request_id: str,
        headers: Mapping[str, str],
        keep_alive: Callable[[], list[Event]],
    ) -> None:
        """`keep_alive`: events for a long silence, those that come next in the answer's order; none: a ping will do."""
        self._events = events
        self._keep_alive = keep_alive
        self._request_id = request_id
        self._headers = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache", **headers}
        self._begun = self._done = 0
        """How many sends there were, and how many of them the client has taken."""
        self._batches = 0
        """Of the answer itself."""
        self._sign: asyncio.Task[None] | None = None
        """Of life, on its way."""
        self._ended = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        looking = asyncio.create_task(self._look_after(send, asyncio.current_task()))
        try:
            await while_connected(self._tell(send), receive)
        except asyncio.CancelledError:
            if not looking.done():
                raise
            # What is still to be sent will never be taken: not even the end of the connection.
            scope["extensions"][CONNECTION]["abort"]()
            raise ClientDisconnect from None
        finally:
            looking.cancel()

    async def _tell(self, send: Send) -> None:
        headers = [(name.encode(), value.encode()) for name, value in self._headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        try:
            async for events in self._events:
                self._batches += 1
                await self._say(send, events)
        except Exception as error:
            # The status has been sent: whatever it was, the client is told in the stream.
            await self._say(send, [error_event(error, self._request_id)])
        await self._say(send, [], more=False)

    async def _say(self, send: Send, events: list[Event], more: bool = True) -> None:
        if self._begun > self._done and self._sign is not None:
            # It comes first in the order of the answer.
            await self._sign
        await self._send(send, events, more)

    async def _send(self, send: Send, events: list[Event], more: bool = True) -> None:
        buffer = bytearray()
        for event in events:
            encode_event(event, buffer)
        self._begun += 1
        self._ended = not more
        await send({"type": "http.response.body", "body": bytes(buffer), "more_body": more})
        self._done += 1

    async def _live(self, send: Send, silent: bool) -> None:
        """Not behind the end, nor into what is just being sent: that may have come before this begins."""
        if not self._ended and self._begun == self._done:
            await self._send(send, (self._keep_alive() if silent else []) or [Ping()])

    async def _look_after(self, send: Send, streaming: asyncio.Task[None] | None) -> None:
        """Signs of life in silence; ends the stream, and this task, when the client takes nothing any more."""
        last = stalled = batches = silent = 0
        await asyncio.sleep(FIRST_LOOK_SECONDS)
        try:
            while stalled < STALLED_LOOKS:
                stalled = stalled + 1 if self._begun > self._done == last else 0
                silent = silent + 1 if batches == self._batches else 0
                if self._begun == self._done == last:
                    # Nobody waits for it here: a client that takes none is to be noticed.
                    self._sign = asyncio.create_task(self._live(send, silent >= SILENT_LOOKS))
                last, batches = self._done, self._batches
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            if self._sign is not None:
                self._sign.cancel()
        if streaming is not None:
            streaming.cancel()
