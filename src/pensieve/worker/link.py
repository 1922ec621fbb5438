"""The worker's end of the socket: frames out from any thread, frames in for one."""

from __future__ import annotations

import os
import socket
import threading
from collections import deque
from collections.abc import Iterator

import msgspec

from pensieve.ipc.codec import FrameReader, encode
from pensieve.ipc.frames import Down, Up

_READ_SIZE = 256 * 1024


class Link:
    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(path)
        self._waiting: deque[Up] = deque()
        self._writing = threading.Lock()
        self._encoder = msgspec.msgpack.Encoder()

    def send(self, frame: Up) -> None:
        """Frames that several threads have at the same moment leave in one write, made by one of them: a wake-up of the
        parent costs more than a frame. A parent that is gone ends this process: nobody is left to work for."""
        self._waiting.append(frame)
        while self._waiting and self._writing.acquire(blocking=False):
            try:
                self._write_waiting()
            finally:
                self._writing.release()

    def _write_waiting(self) -> None:
        buffer = bytearray()
        while self._waiting:
            buffer += encode(self._waiting.popleft(), self._encoder)
        try:
            self._socket.sendall(buffer)
        except OSError:
            os._exit(0)

    def frames(self) -> Iterator[Down]:
        """Ends when the parent closes the socket. Raises FrameError."""
        reader: FrameReader[Down] = FrameReader(Down)
        while data := self._receive():
            yield from reader.feed(data)

    def _receive(self) -> bytes:
        try:
            return self._socket.recv(_READ_SIZE)
        except ConnectionError:
            return b""
