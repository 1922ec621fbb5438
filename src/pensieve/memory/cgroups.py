"""What control groups leave of the machine's memory: both versions, every level from our own up to the root.

Sources: the kernel's admin-guide/cgroup-v2 (memory.max, memory.high, memory.stat) and admin-guide/cgroup-v1/memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

UNLIMITED = 1 << 60
"""Version 1 writes "no limit" as a number near 2^63."""
_RECLAIMABLE = ("inactive_file", "active_file", "slab_reclaimable")
_RECLAIMABLE_V1 = ("total_inactive_file", "total_active_file")


class Level(Struct, frozen=True):
    """One control group, by its folder."""

    folder: Path
    version: int

    def limit(self) -> int | None:
        """Bytes, or None for no limit. Above `memory.high` the kernel slows a group down until it crawls: that is a
        limit too. Raises OSError and ValueError."""
        names = ("memory.max", "memory.high") if self.version == 2 else ("memory.limit_in_bytes",)
        texts = [(self.folder / name).read_text().strip() for name in names if (self.folder / name).exists()]
        limits = [int(text) for text in texts if text != "max"]
        return min((limit for limit in limits if limit < UNLIMITED), default=None)

    def used(self) -> int:
        """Bytes, without the file cache that the kernel takes back before it lets the group run out. Raises OSError and
        ValueError."""
        name = "memory.current" if self.version == 2 else "memory.usage_in_bytes"
        reclaimable = _RECLAIMABLE if self.version == 2 else _RECLAIMABLE_V1
        current = int((self.folder / name).read_text())
        stat = dict(line.split() for line in (self.folder / "memory.stat").read_text().splitlines())
        return max(0, current - sum(int(stat.get(key, 0)) for key in reclaimable))


class Room(Struct, frozen=True):
    """Bytes: the tightest limit, and the least that any level leaves below its own."""

    limit: int
    available: int


class ControlGroups:
    """Of this process. `root` is where /proc and /sys stand."""

    def __init__(self, root: Path = Path("/")) -> None:
        try:
            self._levels = list(_levels(root))
        except (OSError, ValueError):
            self._levels = []

    def room(self) -> Room | None:
        """None where nothing is limited. A level that cannot be read limits nothing."""
        rooms = []
        for level in self._levels:
            try:
                limit = level.limit()
                if limit is not None:
                    rooms.append(Room(limit, max(0, limit - level.used())))
            except (OSError, ValueError):
                continue
        if not rooms:
            return None
        return Room(min(room.limit for room in rooms), min(room.available for room in rooms))


def _levels(root: Path) -> Iterator[Level]:
    """Those that control memory, ours first."""
    mounts = dict(_mounts(root))
    for line in (root / "proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        version = 2 if not controllers else 1 if "memory" in controllers.split(",") else 0
        if version not in mounts:
            continue
        # Inside a container, what is mounted may be a part of the tree that the path tells of; or another one.
        shown, folder = mounts[version]
        inside = Path(path).relative_to(shown).parts if Path(path).is_relative_to(shown) else ()
        own = folder.joinpath(*inside)
        own = own if ".." not in inside and own.is_dir() else folder
        yield Level(own, version)
        for above in own.parents[: len(own.parts) - len(folder.parts)]:
            yield Level(above, version)


def _mounts(root: Path) -> Iterator[tuple[int, tuple[Path, Path]]]:
    """Version, and which part of the tree is mounted where. Format: proc(5), /proc/pid/mountinfo."""
    for line in (root / "proc/self/mountinfo").read_text().splitlines():
        mount, _, kind = line.partition(" - ")
        fields, (name, _, options) = mount.split(" "), kind.split(" ", 2)
        version = 2 if name == "cgroup2" else 1 if name == "cgroup" and "memory" in options.split(",") else 0
        if version:
            shown, folder = (Path(field.replace("\\040", " ")) for field in fields[3:5])
            yield version, (shown, root / folder.relative_to("/"))
