"""How the machine's memory stands, sample after sample. Pure: what stood and a new sample in, what stands now out.

A state changes only when several samples in a row say so, and for the better only when there is a little more than its
line asks: a guard that follows every twitch refuses work that would have run.
"""

from __future__ import annotations

from enum import Enum, IntEnum

import msgspec
from msgspec import Struct

GB = 1_000_000_000
SMALL_MACHINE = 8 * GB
"""Below this, lines that the user has not drawn are lower: a container of 2 GB can never have 2 GB to spare."""
SAMPLES_PER_SECOND = 4
BELOW_SAMPLES, EMERGENCY_SAMPLES = 3, 2
"""So many in a row below a line, before it counts."""
ABOVE_SAMPLES = 8
ABOVE_SHARE, MOST_ABOVE = 0.1, 200_000_000
"""So many in a row, this share or so many bytes above a line, before that is over."""
AT_ONCE_SHARE = 0.5
"""Below this share of the last line there is no time for a second look."""
UNREAD_SAMPLES = 3
_RATE_SHARE = 0.2


class MemoryState(Enum):
    SAFE = "Safe"
    WARNING = "Warning"
    CRITICAL = "Critical"
    EMERGENCY = "Emergency"
    UNKNOWN = "Unknown"


class Pressure(IntEnum):
    """What the system says of itself, where it says anything."""

    NONE = 0
    SOME = 1
    HIGH = 2


class Thresholds(Struct, frozen=True):
    """Available memory, in GB, below which each state begins."""

    warn: float
    reject: float
    emergency: float


class Sample(Struct, frozen=True):
    """`at` is in seconds of a clock that only goes on; `available` and `total` in bytes, None when unreadable."""

    at: float
    available: int | None
    total: int | None
    pressure: Pressure = Pressure.NONE


class Snapshot(Struct, frozen=True):
    """`available` is in bytes, None when it cannot be read; `rate` is how fast that grows, in bytes per second;
    requests are refused below `floor` bytes."""

    state: MemoryState
    available: int | None
    rate: float = 0.0
    floor: int = 0

    @property
    def accepting(self) -> bool:
        """A machine whose memory cannot be read goes on working."""
        return self.state not in (MemoryState.CRITICAL, MemoryState.EMERGENCY)

    @property
    def room(self) -> int | None:
        """What may be taken before requests are refused."""
        return None if self.available is None else self.available - self.floor


class Line(Struct, frozen=True):
    """`below`: what counts; `streak`: how many samples in a row have said otherwise."""

    below: bool = False
    streak: int = 0


class Standing(Struct, frozen=True):
    sample: Sample
    warn: Line = Line()
    reject: Line = Line()
    emergency: Line = Line()
    rate: float = 0.0
    unread: int = 0

    @property
    def state(self) -> MemoryState:
        if self.unread >= UNREAD_SAMPLES:
            return MemoryState.UNKNOWN
        if self.emergency.below:
            return MemoryState.EMERGENCY
        if self.reject.below:
            return MemoryState.CRITICAL
        return MemoryState.WARNING if self.warn.below else MemoryState.SAFE

    def snapshot(self, thresholds: Thresholds) -> Snapshot:
        available = None if self.state is MemoryState.UNKNOWN else self.sample.available
        return Snapshot(self.state, available, self.rate, int(thresholds.reject * GB))


def thresholds(warn: float | None, reject: float | None, emergency: float | None, total: int | None) -> Thresholds:
    """In GB; 2, 1 and 0.5 where None, and less in proportion on a machine of less than 8 GB."""
    share = min(1.0, total / SMALL_MACHINE) if total else 1.0
    return Thresholds(
        2 * share if warn is None else warn,
        1 * share if reject is None else reject,
        0.5 * share if emergency is None else emergency,
    )


def left_above(limit: float) -> float:
    """How much must be available, in bytes, before it counts as no longer below a line."""
    return limit + min(limit * ABOVE_SHARE, MOST_ABOVE)


def begin(sample: Sample, lines: Thresholds) -> Standing:
    """The first sample counts at once: nobody knows of any before it."""
    if sample.available is None:
        return Standing(sample, unread=UNREAD_SAMPLES)
    warn, reject, emergency = (Line(_falls(sample, line * GB, pressure)) for line, pressure in _lines(lines))
    return Standing(sample, warn, reject, emergency)


def advance(before: Standing, sample: Sample, lines: Thresholds) -> Standing:
    if sample.available is None:
        return msgspec.structs.replace(before, unread=before.unread + 1)
    if before.state is MemoryState.UNKNOWN:
        return begin(sample, lines)
    (warn, some), (reject, high), (emergency, _) = _lines(lines)
    at_once = sample.available < emergency * GB * AT_ONCE_SHARE
    return Standing(
        sample,
        _moved(before.warn, sample, warn * GB, some, BELOW_SAMPLES),
        _moved(before.reject, sample, reject * GB, high, BELOW_SAMPLES),
        _moved(before.emergency, sample, emergency * GB, None, 1 if at_once else EMERGENCY_SAMPLES),
        _rate(before, sample),
    )


def _lines(lines: Thresholds) -> tuple[tuple[float, Pressure | None], ...]:
    """Each with the pressure that means the same. For the last none does: the system itself ends programs then."""
    return (lines.warn, Pressure.SOME), (lines.reject, Pressure.HIGH), (lines.emergency, None)


def _falls(sample: Sample, limit: float, pressure: Pressure | None) -> bool:
    assert sample.available is not None
    return sample.available < limit or (pressure is not None and sample.pressure >= pressure)


def _moved(line: Line, sample: Sample, limit: float, pressure: Pressure | None, patience: int) -> Line:
    limit = left_above(limit) if line.below else limit
    if _falls(sample, limit, pressure) == line.below:
        return Line(line.below)
    streak = line.streak + 1
    return Line(not line.below) if streak >= (ABOVE_SAMPLES if line.below else patience) else Line(line.below, streak)


def _rate(before: Standing, sample: Sample) -> float:
    passed = sample.at - before.sample.at
    if passed <= 0 or sample.available is None or before.sample.available is None:
        return before.rate
    now = (sample.available - before.sample.available) / passed
    return before.rate + _RATE_SHARE * (now - before.rate)
