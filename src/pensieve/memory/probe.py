"""Reads how much memory is available, as the system really enforces it. The only impure module here."""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from pensieve.memory.cgroups import ControlGroups
from pensieve.memory.state import Pressure, Sample

_MAC_LEVELS = {1: Pressure.NONE, 2: Pressure.SOME, 4: Pressure.HIGH}
"""`kern.memorystatus_vm_pressure_level`, what macOS itself goes by when it ends programs."""


class Probe:
    """`read` takes well under a millisecond and never blocks."""

    def __init__(self, root: Path = Path("/"), pressure: Callable[[], Pressure] | None = None) -> None:
        """`root` is where /proc and /sys stand; `pressure` tells what the system says of itself."""
        self._groups = ControlGroups(root)
        self._pressure = pressure or (_mac_pressure() if sys.platform == "darwin" else lambda: Pressure.NONE)

    def read(self) -> Sample:
        now, pressure = time.monotonic(), self._pressure()
        try:
            memory = psutil.virtual_memory()
            total, available = int(memory.total), int(memory.available)
        except (OSError, RuntimeError, ValueError, KeyError):
            return Sample(now, None, None, pressure)
        room = self._groups.room()
        if room is not None:
            total, available = min(total, room.limit), min(available, room.available)
        return Sample(now, available, total, pressure)


def _mac_pressure() -> Callable[[], Pressure]:
    library = ctypes.CDLL(None)
    level, size = ctypes.c_int(), ctypes.c_size_t()

    def read() -> Pressure:
        size.value = ctypes.sizeof(level)
        name = b"kern.memorystatus_vm_pressure_level"
        failed = library.sysctlbyname(name, ctypes.byref(level), ctypes.byref(size), None, ctypes.c_size_t(0))
        return Pressure.NONE if failed else _MAC_LEVELS.get(level.value, Pressure.NONE)

    return read
