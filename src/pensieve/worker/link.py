"""The worker's end of the socket: frames out from any thread, frames in for one."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator

import msgspec

from pensieve.ipc.codec import FrameReader, encode
from pensieve.ipc.frames import Down, Up

_READ_SIZE = 256 * 1024


class Link:
    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(path)
        self._lock = threading.Lock()
        self._encoder = msgspec.msgpack.Encoder()

    def send(self, frame: Up) -> None:
        """Blocks while the parent is behind. A parent that is gone ends this process: nobody is left to work for."""
        with self._lock:
            try:
                self._socket.sendall(encode(frame, self._encoder))
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
