"""`python -m pensieve.worker SOCKET ENGINE OPTIONS`: started by the supervisor, never by hand."""

from __future__ import annotations

import signal
import sys

import msgspec

from pensieve.core.model import EngineName
from pensieve.engines.base import EngineOptions
from pensieve.worker.serve import serve


def main() -> None:
    # Whoever ends a whole group of processes means the server, which lets its answers end first.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    socket_path, engine, options = sys.argv[1:]
    serve(
        socket_path, msgspec.convert(engine, type=EngineName), msgspec.json.decode(options.encode(), type=EngineOptions)
    )


if __name__ == "__main__":
    main()
