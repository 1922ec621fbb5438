"""One conversation with a running server over the Messages API, streamed. Standard library only."""

from __future__ import annotations

import http.client
import json
from collections.abc import Generator, Iterator
from typing import Any
from urllib.parse import urlsplit

from pensieve.cli.ask import NoAnswer

SILENCE_SECONDS = 60.0
"""The server sends a ping every few seconds, however long the model reads."""

Event = dict[str, Any]


def stream(url: str, token: str, body: dict[str, Any]) -> Generator[Event, None, None]:
    """The events of an answer as they come. Closing the iterator ends the answer. Raises NoAnswer."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=SILENCE_SECONDS)
    try:
        head = {"content-type": "application/json", "x-api-key": token, "anthropic-version": "2023-06-01"}
        connection.request("POST", "/v1/messages", json.dumps({**body, "stream": True}), head)
        answer = connection.getresponse()
        if answer.status != 200:
            raise NoAnswer(_message(answer.read()))
        for line in answer:
            if line.startswith(b"data:"):
                event = json.loads(line[5:])
                if event["type"] == "error":
                    raise NoAnswer(event["error"]["message"])
                yield event
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer(f"The server at {url} is gone: {error}.") from None
    finally:
        connection.close()


def texts(events: Iterator[Event]) -> Iterator[str]:
    """What is said, without the thoughts."""
    for event in events:
        if event["type"] == "content_block_delta" and event["delta"]["type"] == "text_delta":
            yield event["delta"]["text"]


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return body[:200].decode(errors="replace")
