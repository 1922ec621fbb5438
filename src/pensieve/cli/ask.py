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
    """Nobody there, or nobody who speaks as a Pensieve server does."""


def ask(url: str, path: str, token: str = "", seconds: float = 5.0) -> dict[str, Any]:
    """The answer to GET. Raises NoAnswer with what is wrong."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 80
    head = f"GET {path} HTTP/1.0\r\nHost: {parts.netloc}\r\n" + (f"x-api-key: {token}\r\n" if token else "") + "\r\n"
    try:
        with socket.create_connection((host, port), timeout=seconds) as connection:
            connection.sendall(head.encode())
            answer = _all_of(connection)
    except OSError as error:
        raise NoAnswer(f"{url} does not answer: {error.strerror or error}.") from None
    status, _, body = answer.partition(b"\r\n\r\n")
    try:
        code, told = int(status.split(b" ", 2)[1]), json.loads(body)
    except (IndexError, ValueError):
        raise NoAnswer(f"What answers at {url} is not Pensieve.") from None
    if not isinstance(told, dict) or code != 200:
        raise NoAnswer(f"{url}{path} answered {code}: {_message(told)}")
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
