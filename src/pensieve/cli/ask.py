"""One small question to a running server: its answer as JSON.

Standard library only, and of that little: `pensieve status` asks, and has to be quick.
"""

from __future__ import annotations

import json
import socket
from typing import Any
from urllib.parse import urlsplit

LARGEST_ANSWER = 16 * 1024 * 1024


class NoAnswer(Exception):
    """Nobody there, nobody who speaks as a Pensieve server does, or an error with its `status`."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


def ask(url: str, path: str, token: str = "", seconds: float = 5.0, body: Any = None) -> dict[str, Any]:
    """The answer to GET, or to POST with a body. Raises NoAnswer with what is wrong."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 80
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{'GET' if body is None else 'POST'} {path} HTTP/1.0", f"Host: {parts.netloc}"]
    lines += [f"x-api-key: {token}"] * bool(token) + [f"content-length: {len(content)}"] * bool(content)
    try:
        with socket.create_connection((host, port), timeout=seconds) as connection:
            connection.sendall("\r\n".join([*lines, "", ""]).encode() + content)
            answer = _all_of(connection)
    except OSError as error:
        raise NoAnswer(f"{url} does not answer: {error.strerror or error}.") from None
    status, _, body = answer.partition(b"\r\n\r\n")
    try:
        code, told = int(status.split(b" ", 2)[1]), json.loads(body)
    except (IndexError, ValueError):
        raise NoAnswer(f"What answers at {url} is not Pensieve.") from None
    if not isinstance(told, dict) or code != 200:
        raise NoAnswer(f"{url}{path} answered {code}: {_message(told)}", code)
    return told


def _all_of(connection: socket.socket) -> bytes:
    answer = bytearray()
    while piece := connection.recv(65536):
        answer += piece
        if len(answer) > LARGEST_ANSWER:
            break
    return bytes(answer)


def _message(told: Any) -> str:
    error = told.get("error") if isinstance(told, dict) else None
    return str(error.get("message")) if isinstance(error, dict) else str(told)[:200]
