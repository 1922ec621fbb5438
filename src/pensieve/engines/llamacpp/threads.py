"""How many threads, and how they wait. To be set before the library is loaded."""

from __future__ import annotations

from collections.abc import MutableMapping

import psutil

SPIN_COUNT = "10000"
"""How often a GNU OpenMP thread looks again before it sleeps. Measured on 2 cores, decoding: with none at all half the
speed on an idle machine; with the library's default, next to endless, 18 tokens/s instead of 95 as soon as two busy
programs run beside it; with this the idle speed of the default, and 27 tokens/s beside them."""


def prepare_environment(environment: MutableMapping[str, str]) -> None:
    """The user's own choice stands. A crash must not start a debugger for its backtrace."""
    if "OMP_WAIT_POLICY" not in environment:
        environment.setdefault("GOMP_SPINCOUNT", SPIN_COUNT)
    environment.setdefault("GGML_NO_BACKTRACE", "1")


def thread_count(wanted: int) -> int:
    """`wanted`, or for 0 one per physical core: a second thread on a core only takes turns with the first."""
    return wanted or psutil.cpu_count(logical=False) or 1
