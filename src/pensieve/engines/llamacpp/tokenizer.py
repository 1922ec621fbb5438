"""Text to ids through the library's own server, on its private unix socket: the library offers no call for it.

That server answers from its own threads, so a long prefill does not delay it.
"""

from __future__ import annotations

import http.client
import os
import socket
import threading

import msgspec

from pensieve.core.literal import CUT, pieces
from pensieve.engines.base import EngineFailure, EngineLost

TIMEOUT = 60.0
"""Seconds. A megabyte of text takes well under one."""


class _Answer(msgspec.Struct):
    tokens: tuple[int, ...]


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Tokenizer:
    """One kept connection, used by one thread at a time."""

    def __init__(self, socket_path: str, key: str) -> None:
        self._socket_path = socket_path
        self._connection = _UnixConnection(socket_path)
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._lock = threading.Lock()
        self._decoder = msgspec.json.Decoder(_Answer)
        # What the model wants in front of every text (its beginning-of-text token, mostly, or nothing).
        self._first = self._ask("", add_special=True)

    def tokenize(self, text: str) -> tuple[int, ...]:
        """The ids of a whole prompt, with the model's first token once, whether the template wrote it or not."""
        ids = self.plain(text)
        return ids if ids[: len(self._first)] == self._first else self._first + ids

    def plain(self, text: str) -> tuple[int, ...]:
        """The ids of a stretch of text."""
        return self._ask(text, add_special=False)

    def close(self) -> None:
        self._connection.close()

    def _ask(self, text: str, *, add_special: bool) -> tuple[int, ...]:
        # The library turns the texts of a list into ids one by one.
        content = pieces(text) if CUT in text else text
        body = msgspec.json.encode({"content": content, "add_special": add_special, "parse_special": True})
        with self._lock:
            try:
                return self._exchange(body)
            except (http.client.HTTPException, OSError):
                # The server closes a connection that was idle; a fresh one tells whether it is really gone.
                self._connection.close()
            try:
                return self._exchange(body)
            except (http.client.HTTPException, OSError) as error:
                self._connection.close()
                # What cleans up the folder of temporary files may have removed it.
                kind = EngineFailure if os.path.exists(self._socket_path) else EngineLost
                raise kind(f"llama.cpp does not tokenise: {error}") from error

    def _exchange(self, body: bytes) -> tuple[int, ...]:
        self._connection.request("POST", "/tokenize", body, self._headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != http.client.OK:
            raise EngineFailure(f"llama.cpp does not tokenise: {content[:200].decode(errors='replace')}")
        return self._decoder.decode(content).tokens
