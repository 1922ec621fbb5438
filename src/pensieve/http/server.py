"""uvicorn, and what it lacks: a deadline for a request's first bytes, and a drain whose end every client is told of."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import signal
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from pensieve.config.settings import Server
from pensieve.core.errors import SettingsError
from pensieve.http.app import App
from pensieve.http.sse import CONNECTION
from pensieve.service.service import Service

MOST_CONNECTIONS = 4096
KEEP_ALIVE_SECONDS = 75
LAST_WORDS_SECONDS = 5
"""Beyond the drain, for the streams' last events to reach their clients."""


def listen(server: Server) -> socket.socket:
    """Takes the port, before anything slow is done. Raises SettingsError."""
    family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((server.host, server.port))
        # Until somebody listens, the system lets others bind the same port.
        listener.listen(MOST_CONNECTIONS)
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"Port {server.port} on {server.host} cannot be used: {error.strerror or error}.",
            "Stop what uses it, or choose another with --port.",
        ) from None
    return listener


def url_of(listener: socket.socket) -> str:
    """Where a client on this machine finds it."""
    return local_url(*listener.getsockname()[:2])


def local_url(host: str, port: int) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class HttpServer(uvicorn.Server):
    """`run` serves until SIGTERM or SIGINT, then lets running answers end, for `drain_seconds` at most."""

    def __init__(self, service: Service, settings: Server) -> None:
        self._service = service
        self._drain_seconds = settings.drain_seconds
        super().__init__(
            uvicorn.Config(
                App(service, settings),
                http=_protocol(settings.idle_seconds),
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                backlog=MOST_CONNECTIONS,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=int(settings.drain_seconds) + LAST_WORDS_SECONDS,
            )
        )

    async def run_on(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        await self.serve(sockets=[listener])

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn would raise the signal once more at the end, and so skip what is still to be cleaned up."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """At the deadline the engine's jobs are ended, so that every open stream ends with an error event."""
        deadline = asyncio.create_task(self._end_jobs())
        await super().shutdown(sockets)
        deadline.cancel()

    async def _end_jobs(self) -> None:
        await asyncio.sleep(self._drain_seconds)
        await self._service.stop()


def raise_file_limit() -> None:
    """Room for idle connections: the usual soft limit of 1,024 files is soon reached."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * MOST_CONNECTIONS
    if soft != resource.RLIM_INFINITY and soft < wanted:
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))


def _protocol(idle_seconds: float) -> type[asyncio.Protocol]:
    class BoundedProtocol(HttpToolsProtocol):
        """Closes a connection on which no whole request head has come by the deadline."""

        _deadline: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._arm()

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self._arm()

        def on_headers_complete(self) -> None:
            self._disarm()
            self.scope["extensions"] = {CONNECTION: {"abort": self.transport.abort}}
            super().on_headers_complete()

        def connection_lost(self, exc: Exception | None) -> None:
            self._disarm()
            super().connection_lost(exc)

        def _arm(self) -> None:
            if self._deadline is None:
                self._deadline = self.loop.call_later(idle_seconds, self.transport.close)

        def _disarm(self) -> None:
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None

    return BoundedProtocol
