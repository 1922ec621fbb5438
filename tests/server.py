"""A real `pensieve serve` in a process of its own, for tests."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import psutil
from anthropic import Anthropic, AsyncAnthropic

TOKEN = "pensieve-local-token"
READY_SECONDS = 60

T = TypeVar("T")


@dataclass
class Server:
    process: subprocess.Popen[str]
    url: str
    home: Path
    temp: Path
    said: str
    """In the terminal, until it was ready."""

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def log(self) -> str:
        return (self.home / "logs" / "pensieve.log").read_text()

    def sdk(self) -> Anthropic:
        return Anthropic(base_url=self.url, auth_token=TOKEN, max_retries=0, timeout=60)

    def async_sdk(self) -> AsyncAnthropic:
        return AsyncAnthropic(base_url=self.url, auth_token=TOKEN, max_retries=0, timeout=60)

    def post(self, body: Any, path: str = "/v1/messages", **headers: str) -> httpx2.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return httpx2.post(
            self.url + path, content=content, headers={"x-api-key": TOKEN, **headers}, timeout=60, trust_env=False
        )

    def health(self) -> dict[str, Any]:
        answer: dict[str, Any] = httpx2.get(self.url + "/health", trust_env=False).json()
        return answer

    def worker(self) -> psutil.Process:
        """The worker's process, as soon as there is one that is ready."""
        return wait_for(self._living_worker)

    def _living_worker(self) -> psutil.Process | None:
        # Of a death the server may learn a moment later than we.
        pid = self.health()["worker_pid"]
        try:
            return psutil.Process(pid) if pid else None
        except psutil.NoSuchProcess:
            return None

    def stop(self) -> int:
        """Ends it as an operator would; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(30)
        self.process.kill()
        if self.process.stderr:
            self.process.stderr.close()
        return self.process.wait()


def start_server(model: Path | None, place: Path, **settings: object) -> Server:
    """`settings` are keys such as engine__parallel=2; no model is the bundled one. Returns when it says it is ready."""
    temp = place / "tmp"
    temp.mkdir(parents=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PENSIEVE_")}
    # Small models gain nothing by a second thread, and where other engines run beside them, they wait for it.
    environment |= {"PENSIEVE_HOME": str(place / "home"), "TMPDIR": str(temp), "PENSIEVE_ENGINE__THREADS": "1"}
    environment |= {f"PENSIEVE_{key.upper()}": str(value) for key, value in settings.items()}
    command = [sys.executable, "-m", "pensieve", "serve", "--port", "0", *(["--model", str(model)] if model else [])]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if "ready at" in line:
            return Server(process, line.split()[-1], place / "home", temp, "".join(said))
    process.stderr.close()
    process.wait()
    raise AssertionError(f"the server did not start: {''.join(said)}")


def open_request(server: Server, body: dict[str, Any]) -> socket.socket:
    """A client that has asked and not yet heard anything."""
    data = json.dumps(body).encode()
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    head = f"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nx-api-key: {TOKEN}\r\nContent-Length: {len(data)}\r\n\r\n"
    connection.sendall(head.encode() + data)
    return connection


def wait_for(probe: Callable[[], T], seconds: float = READY_SECONDS) -> T:
    """The first true value of `probe`."""
    deadline = time.monotonic() + seconds
    while not (value := probe()):
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)
    return value
