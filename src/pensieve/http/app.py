"""Routes: bytes in, bytes out. What they mean is the service's business."""

from __future__ import annotations

import contextlib

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from pensieve.config.settings import Server
from pensieve.core.errors import MethodNotAllowed, NotFound, quoted, shortened
from pensieve.http.body import read_body
from pensieve.http.connected import while_connected
from pensieve.http.errors import error_response
from pensieve.http.security import Guard
from pensieve.http.sse import EventStream
from pensieve.service.fold import fold
from pensieve.service.ids import new_id
from pensieve.service.metrics import CONTENT_TYPE
from pensieve.service.service import Service
from pensieve.wire.answer import TokenCount
from pensieve.wire.models import parse_page_query
from pensieve.wire.request import parse_count_request, parse_messages_request

MIB = 1024 * 1024
OPEN_PATHS = ("/", "/api/hello", "/health", "/metrics")
"""For these no token is needed."""


class App:
    """The ASGI application: every answer carries a request id, every error the API's envelope."""

    def __init__(self, service: Service, server: Server) -> None:
        self._service = service
        self._server = server
        self._guard = Guard(server.host, server.token)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        request_id = new_id("req")
        try:
            response = await self._answer(request, request_id, send)
        except ClientDisconnect:
            return
        except Exception as error:
            # The boundary of the server: whatever it was, this client gets an answer and the others are served.
            response = error_response(error, request_id)
        if response is not None:
            response.headers["request-id"] = request_id
            await response(scope, receive, send)

    async def _answer(self, request: Request, request_id: str, send: Send) -> Response | None:
        """The answer, or None when it has been streamed."""
        self._guard.check_source(request.headers)
        path, method = request.url.path.rstrip("/") or "/", request.method
        if path not in OPEN_PATHS:
            self._guard.check_token(request.headers)
        if path == "/v1/messages":
            _require(method, "POST")
            return await self._messages(request, request_id, send)
        return await self._small_answer(path, method, request)

    async def _small_answer(self, path: str, method: str, request: Request) -> Response:
        if path == "/v1/messages/count_tokens":
            _require(method, "POST")
            body = parse_count_request(await self._body(request))
            return _json(TokenCount(await while_connected(self._service.count(body), request.receive)))
        if path not in OPEN_PATHS and path != "/v1/models" and not path.startswith("/v1/models/"):
            raise NotFound(f"There is nothing at {quoted(path)}.", "Messages are at /v1/messages.")
        _require(method, "GET", "HEAD")
        if path == "/health":
            return _json(self._service.health())
        if path == "/metrics":
            return Response(self._service.metrics(), media_type=CONTENT_TYPE)
        if path == "/v1/models":
            return _json(self._service.models(parse_page_query(request.query_params)))
        if path.startswith("/v1/models/"):
            return _json(self._service.model(path.removeprefix("/v1/models/")))
        return Response(b"Pensieve is here.\n", media_type="text/plain")

    async def _messages(self, request: Request, request_id: str, send: Send) -> Response | None:
        body = parse_messages_request(await self._body(request), request.headers.get("anthropic-beta", ""))
        turn = await while_connected(self._service.open(body, request_id), request.receive)
        headers = {"pensieve-model": turn.model}
        async with contextlib.aclosing(turn.events()) as events:
            try:
                if not body.stream:
                    return _json(await while_connected(fold(events), request.receive), headers)
                stream = EventStream(events, request_id, {"request-id": request_id, **headers}, turn.keep_alive)
                await stream(request.scope, request.receive, send)
                return None
            finally:
                turn.close()

    async def _body(self, request: Request) -> bytes:
        return await read_body(request, self._server.body_limit_mb * MIB, self._server.idle_seconds)


def _require(method: str, *allowed: str) -> None:
    if method not in allowed:
        raise MethodNotAllowed(f"{shortened(method)} is not possible here.", f"Use {' or '.join(allowed)}.")


def _json(value: msgspec.Struct, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(value), headers=headers, media_type="application/json")
