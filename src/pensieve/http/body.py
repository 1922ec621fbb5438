"""A request's body, within a size and a time."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, Request

from pensieve.core.clock import done_within
from pensieve.core.errors import BodyTooLarge, RequestTimeout


async def read_body(request: Request, limit: int, idle_seconds: float) -> bytes:
    """Raises BodyTooLarge as soon as it is known, RequestTimeout after `idle_seconds` of silence, ClientDisconnect."""
    too_large = BodyTooLarge(f"The body is over the limit of {limit} bytes.", "Send less, or raise body_limit_mb.")
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise too_large
    body = bytearray()
    while True:
        receiving = asyncio.ensure_future(request.receive())
        try:
            if not await done_within(receiving, idle_seconds):
                raise RequestTimeout(f"The body did not go on for {idle_seconds:g} s.")
        finally:
            receiving.cancel()
        message = receiving.result()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > limit:
            raise too_large
        if not message.get("more_body", False):
            return bytes(body)
