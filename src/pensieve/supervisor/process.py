"""One worker process: spawned, spoken to, ended. Knows frames, not jobs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections import deque
from collections.abc import Callable
from typing import cast

import msgspec
import psutil

from pensieve.ipc.codec import FrameError, FrameReader, encode
from pensieve.ipc.frames import Down, Exit, Up

log = logging.getLogger(__name__)

LAST_WORDS = 8
EXIT_SECONDS = 5.0


class WorkerProcess:
    """Started by `spawn`. `on_frame` is called on the event loop; `gone` is set after the last frame."""

    def __init__(self, on_frame: Callable[[Up], None]) -> None:
        self.last_frame = asyncio.get_running_loop().time()
        self.gone = asyncio.Event()
        self._on_frame = on_frame
        self._process: asyncio.subprocess.Process | None = None
        self._numbers: psutil.Process | None = None
        self._transport: asyncio.WriteTransport | None = None
        self._link_closed = asyncio.Event()
        self._link_closed.set()
        self._encoder = msgspec.msgpack.Encoder()
        self.replaced = False
        self._words: deque[str] = deque(maxlen=LAST_WORDS)
        self._tasks: list[asyncio.Task[None]] = []

    async def spawn(self, directory: str, engine: str, options: bytes) -> None:
        """Starts the process; it is ready when it says so. `directory` is private and holds the socket.

        Raises OSError.
        """
        path = os.path.join(directory, "worker.sock")
        if os.path.exists(path):
            os.unlink(path)
        server = await asyncio.get_running_loop().create_unix_server(lambda: _Link(self, server), path)
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "pensieve.worker", path, engine, options.decode()),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                # A Ctrl-C in the terminal is for the parent, which ends the worker in its own time.
                start_new_session=True,
            )
        except BaseException:
            # Also when it is cancelled meanwhile: nobody will connect.
            server.close()
            raise
        # It may have died already: then it holds nothing.
        with contextlib.suppress(psutil.Error, OSError):
            self._numbers = psutil.Process(self._process.pid)
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._wait(server))]

    @property
    def pid(self) -> int:
        """0 until it has been started."""
        return self._process.pid if self._process else 0

    @property
    def last_words(self) -> str:
        """How it ended and what it said before."""
        code = self._process.returncode if self._process else None
        how = "still running" if code is None else f"killed by signal {-code}" if code < 0 else f"exit code {code}"
        return f"{how}; last words: {self.said}" if self._words else how

    @property
    def said(self) -> str:
        return " | ".join(self._words)

    def send(self, frame: Down) -> None:
        """Nothing happens when the worker is gone: whoever waits learns that from `gone`."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(encode(frame, self._encoder))

    @property
    def own_fault(self) -> bool:
        """It crashed or hung; nobody killed it from outside."""
        code = self._process.returncode if self._process else None
        return self.replaced or code != -signal.SIGKILL

    def replace(self, reason: str) -> None:
        """Kills one that hangs, or takes too much."""
        log.error("worker_replaced pid=%d reason=%r", self.pid, reason)
        self.replaced = True
        self.kill()

    def kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            # Not `Process.kill`, which reaps a process that has just died and so loses how it did.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    async def end(self, patience: float = EXIT_SECONDS) -> None:
        """Asks it to end, insists after `patience` seconds, returns when it is gone."""
        if self._process is None:
            return
        if self._transport is None:
            self.kill()
        self.send(Exit())
        try:
            await asyncio.wait_for(self.gone.wait(), patience)
        except TimeoutError:
            self.kill()
            await self.gone.wait()

    def dismiss(self, patience: float) -> None:
        """As `end`, but nobody waits."""
        self._tasks.append(asyncio.create_task(self.end(patience)))

    def own_bytes(self) -> int:
        """What only this process holds in memory, without the files that it shows there. 0 when it is gone."""
        if self._numbers is None or self._process is None or self._process.returncode is not None:
            # Its number may be another program's by now.
            return 0
        try:
            memory = self._numbers.memory_info()
        except (psutil.Error, OSError):
            return 0
        return int(memory.rss - getattr(memory, "shared", 0))

    def connected(self, transport: asyncio.WriteTransport) -> None:
        self._transport = transport
        self._link_closed.clear()

    def disconnected(self) -> None:
        """All that the worker had sent has been read. One that closes its socket but lives on is of no use."""
        self._link_closed.set()
        self.kill()

    def received(self, frame: Up) -> None:
        self.last_frame = asyncio.get_running_loop().time()
        self._on_frame(frame)

    async def _listen(self) -> None:
        """Keeps the last lines of its standard error."""
        assert self._process is not None and self._process.stderr is not None
        rest = ""
        while data := await self._process.stderr.read(4096):
            *lines, rest = (rest + data.decode(errors="replace")).split("\n")
            rest = rest[-4096:]
            for line in filter(None, map(str.strip, lines)):
                self._words.append(line[:300])
                log.debug("worker pid=%d %s", self.pid, line[:300])

    async def _wait(self, server: asyncio.Server) -> None:
        """Gone is gone only when all that it had sent has been read: the socket's end comes after the last frame."""
        assert self._process is not None
        await self._process.wait()
        await self._tasks[0]
        server.close()
        await self._link_closed.wait()
        self.gone.set()


class _Link(asyncio.Protocol):
    """The parent's end of the socket. The first and only connection is the worker's."""

    def __init__(self, worker: WorkerProcess, server: asyncio.Server) -> None:
        self._worker = worker
        self._server = server
        self._reader: FrameReader[Up] = FrameReader(Up)
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._server.close()
        self._worker.connected(self._transport)

    def connection_lost(self, exception: Exception | None) -> None:
        self._worker.disconnected()

    def data_received(self, data: bytes) -> None:
        try:
            for frame in self._reader.feed(data):
                self._worker.received(frame)
        except FrameError as error:
            self._worker.replace(f"it cannot be read: {error}")
