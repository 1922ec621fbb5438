"""How many threads, and how they wait. To be set before the library is loaded."""

from __future__ import annotations

from collections.abc import MutableMapping

import psutil

SPIN_COUNT = "3000"
"""How often a GNU OpenMP thread looks again before it sleeps. Measured on 2 cores: with the library's default, endless
spinning, two busy programs beside it cut decoding to a fifth; with none at all it runs at half speed on an idle
machine; with this it keeps its full speed idle and a third of it beside them."""


def prepare_environment(environment: MutableMapping[str, str]) -> None:
    """The user's own choice stands. A crash must not start a debugger for its backtrace."""
    if "OMP_WAIT_POLICY" not in environment:
        environment.setdefault("GOMP_SPINCOUNT", SPIN_COUNT)
    environment.setdefault("GGML_NO_BACKTRACE", "1")


def thread_count(wanted: int) -> int:
    """`wanted`, or for 0 one per physical core: a second thread on a core only takes turns with the first."""
    return wanted or psutil.cpu_count(logical=False) or 1
