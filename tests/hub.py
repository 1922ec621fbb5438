"""A small stand-in for the hub's HTTP API, for what cannot be here: repositories, files with ranges, and transfers that
break. It speaks to the real huggingface_hub, by HF_ENDPOINT."""

from __future__ import annotations

import hashlib
import http.server
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


LARGE = 1000
"""Bytes, from which on a file is kept as the hub keeps large ones."""


def git_hash(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@dataclass
class Hub:
    """`breaks`: after so many bytes of an answer the connection is cut, as often as there are numbers in the list."""

    url: str = ""
    repositories: dict[str, dict[str, bytes]] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    breaks: list[int] = field(default_factory=list)
    sent: list[tuple[str, int, int]] = field(default_factory=list)
    """Of each answer with content: the file, where it began, how many bytes were sent."""
    wrong_hash: bool = False
    sizes: bool = True
    """Whether the list of files says them."""
    status: int = 200
    agents: set[str] = field(default_factory=set)
    held: threading.Event | None = None
    """If set, a file is sent after its first bytes only once this is."""

    @contextmanager
    def running(self) -> Iterator[Hub]:
        hub = self

        class Handler(_Handler):
            the_hub = hub

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            self.url = f"http://127.0.0.1:{server.server_address[1]}"
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield self
            if self.held:
                self.held.set()
            server.shutdown()

    def sha256(self, content: bytes) -> str:
        return hashlib.sha256(b"other" if self.wrong_hash else content).hexdigest()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    the_hub: Hub

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _answer(self, with_body: bool) -> None:
        hub, path = self.the_hub, unquote(urlsplit(self.path).path)
        hub.agents.add(self.headers.get("user-agent", ""))
        if hub.status != 200:
            return self._error(hub.status, "")
        api = re.fullmatch(r"/api/models/([^/]+/[^/]+)(/revision/[^/]+|/tree/.*)?", path)
        file = re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path)
        match = api or file
        if match is None or match[1] not in hub.repositories:
            return self._error(401 if match else 404, "RepoNotFound")
        if match[1] in hub.gated:
            return self._error(403, "GatedRepo")
        files = hub.repositories[match[1]]
        if file is not None:
            if file[3] not in files:
                return self._error(404, "EntryNotFound")
            return self._file(file[3], files[file[3]], with_body)
        if api is not None and "/tree/" in path:
            return self._json([self._entry(name, content) for name, content in files.items()])
        siblings = [
            {
                "rfilename": name,
                "size": len(content) if hub.sizes else None,
                "lfs": self._lfs(content) if len(content) >= LARGE else None,
                "blobId": git_hash(content),
            }
            for name, content in files.items()
        ]
        self._json({"id": match[1], "modelId": match[1], "sha": COMMIT, "siblings": siblings, "tags": []})

    def _lfs(self, content: bytes) -> dict[str, Any]:
        return {"sha256": self.the_hub.sha256(content), "size": len(content), "pointerSize": 100}

    def _entry(self, name: str, content: bytes) -> dict[str, Any]:
        lfs = self._lfs(content)
        return {"type": "file", "path": name, "size": len(content), "oid": "b", "lfs": {**lfs, "oid": lfs["sha256"]}}

    def _file(self, name: str, content: bytes, with_body: bool) -> None:
        hub, start = self.the_hub, 0
        if wanted := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("range", "")):
            start = int(wanted[1])
        body = content[start:]
        self.send_response(206 if wanted else 200)
        self.send_header("etag", f'"{hub.sha256(content)}"')
        self.send_header("x-linked-etag", f'"{hub.sha256(content)}"')
        self.send_header("x-linked-size", str(len(content)))
        self.send_header("x-repo-commit", COMMIT)
        self.send_header("accept-ranges", "bytes")
        self.send_header("content-length", str(len(body)))
        if wanted:
            self.send_header("content-range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        if not with_body:
            return
        cut = hub.breaks.pop(0) if hub.breaks else len(body)
        sent = body[:cut]
        hub.sent.append((name, start, len(sent)))
        half = len(sent) // 2 if hub.held else len(sent)
        self.wfile.write(sent[:half])
        self.wfile.flush()
        if hub.held:
            hub.held.wait(60)
            self.wfile.write(sent[half:])
        if cut < len(body):
            self.wfile.flush()
            self.close_connection = True
            self.connection.shutdown(2)

    def _json(self, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _error(self, status: int, code: str) -> None:
        self.send_response(status)
        if code:
            self.send_header("x-error-code", code)
        self.send_header("content-length", "0")
        self.end_headers()
