"""Control groups as they were found on real systems, written down as trees of files."""

from __future__ import annotations

from pathlib import Path

import pytest

from pensieve.memory.cgroups import ControlGroups, Room

GIB = 1 << 30
V2_MOUNT = "29 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate"
V1_MOUNTS = """\
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
35 31 0:32 {shown} /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw"""
NO_LIMIT_V1 = "9223372036854771712"


def tree(root: Path, cgroup: str, mountinfo: str, groups: dict[str, dict[str, str]]) -> ControlGroups:
    files = {"proc/self/cgroup": cgroup, "proc/self/mountinfo": mountinfo}
    for group, values in groups.items():
        files.update({f"sys/fs/cgroup/{group}/{name}": value for name, value in values.items()})
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text + "\n")
    return ControlGroups(root)


def v2(limit: int | str, current: int, high: int | str = "max", cache: int = 0) -> dict[str, str]:
    stat = f"anon {current - cache}\nfile {cache}\ninactive_file {cache // 2}\nactive_file {cache - cache // 2}"
    return {
        "memory.max": str(limit),
        "memory.high": str(high),
        "memory.current": str(current),
        "memory.stat": f"{stat}\nslab_reclaimable 0\nslab_unreclaimable 1000",
    }


def v1(limit: int | str, usage: int, cache: int = 0) -> dict[str, str]:
    stat = f"cache 1\ninactive_file 1\ntotal_inactive_file {cache}\ntotal_active_file 0"
    return {"memory.limit_in_bytes": str(limit), "memory.usage_in_bytes": str(usage), "memory.stat": stat}


def test_a_desktop_whose_groups_have_no_limit(tmp_path: Path) -> None:
    scope = "user.slice/user-1000.slice/user@1000.service/app.slice/terminal.scope"
    groups = tree(tmp_path, f"0::/{scope}", V2_MOUNT, {scope: v2("max", GIB), "user.slice": v2("max", 2 * GIB)})
    assert groups.room() is None


def test_a_service_with_a_limit_on_a_level_above(tmp_path: Path) -> None:
    service = "system.slice/pensieve.service"
    levels = {service: v2("max", GIB), "system.slice": v2(4 * GIB, 3 * GIB)}
    assert tree(tmp_path, f"0::/{service}", V2_MOUNT, levels).room() == Room(4 * GIB, GIB)


def test_the_tightest_of_several_levels_counts(tmp_path: Path) -> None:
    levels = {"a": v2(8 * GIB, 7 * GIB), "a/b": v2(4 * GIB, GIB), "a/b/c": v2(6 * GIB, 0)}
    assert tree(tmp_path, "0::/a/b/c", V2_MOUNT, levels).room() == Room(4 * GIB, GIB)


def test_a_group_that_is_slowed_down_earlier_is_full_earlier(tmp_path: Path) -> None:
    levels = {"a": v2(8 * GIB, GIB, high=2 * GIB)}
    assert tree(tmp_path, "0::/a", V2_MOUNT, levels).room() == Room(2 * GIB, GIB)


def test_file_cache_can_be_had(tmp_path: Path) -> None:
    levels = {"a": v2(4 * GIB, 4 * GIB, cache=3 * GIB)}
    assert tree(tmp_path, "0::/a", V2_MOUNT, levels).room() == Room(4 * GIB, 3 * GIB)


def test_a_group_over_its_limit_leaves_nothing(tmp_path: Path) -> None:
    assert tree(tmp_path, "0::/a", V2_MOUNT, {"a": v2(GIB, 2 * GIB)}).room() == Room(GIB, 0)


def test_a_container_sees_its_own_group_as_the_root(tmp_path: Path) -> None:
    groups = tree(tmp_path, "0::/", V2_MOUNT, {"": v2(2 * GIB, GIB)})
    assert groups.room() == Room(2 * GIB, GIB)


def test_a_process_that_was_moved_out_of_its_container_sees_what_is_mounted(tmp_path: Path) -> None:
    groups = tree(tmp_path, "0::/../../elsewhere", V2_MOUNT, {"": v2(2 * GIB, GIB)})
    assert groups.room() == Room(2 * GIB, GIB)


def test_the_first_version_beside_a_second_one_without_memory(tmp_path: Path) -> None:
    cgroup = "9:name=systemd:/\n4:memory:/runner/job\n1:cpu:/\n0::/"
    levels = {"memory/runner/job": v1(NO_LIMIT_V1, GIB), "memory/runner": v1(3 * GIB, 2 * GIB, cache=GIB)}
    groups = tree(tmp_path, cgroup, V1_MOUNTS.format(shown="/"), {**levels, "memory": v1(NO_LIMIT_V1, GIB)})
    assert groups.room() == Room(3 * GIB, 2 * GIB)


def test_a_container_of_the_first_version_is_shown_a_part_of_the_tree(tmp_path: Path) -> None:
    cgroup = "4:memory,hugetlb:/docker/0123\n0::/"
    groups = tree(tmp_path, cgroup, V1_MOUNTS.format(shown="/docker/0123"), {"memory": v1(GIB, GIB // 2)})
    assert groups.room() == Room(GIB, GIB // 2)


@pytest.mark.parametrize(
    ("cgroup", "mountinfo"),
    [("", ""), ("nonsense", V2_MOUNT), ("0::/gone", V2_MOUNT), ("0::/a", "nonsense"), ("0::/a", "1 2 - cgroup2")],
)
def test_what_cannot_be_read_limits_nothing(cgroup: str, mountinfo: str, tmp_path: Path) -> None:
    assert tree(tmp_path, cgroup, mountinfo, {}).room() is None
    assert ControlGroups(tmp_path / "nothing").room() is None


@pytest.mark.parametrize("name", ["memory.max", "memory.current", "memory.stat"])
def test_a_level_that_cannot_be_read_does_not_hide_the_others(name: str, tmp_path: Path) -> None:
    levels = {"a": v2(4 * GIB, GIB), "a/b": {**v2(2 * GIB, GIB), name: "what?"}}
    assert tree(tmp_path, "0::/a/b", V2_MOUNT, levels).room() == Room(4 * GIB, 3 * GIB)


def test_a_limit_that_is_changed_counts_from_then_on(tmp_path: Path) -> None:
    groups = tree(tmp_path, "0::/a", V2_MOUNT, {"a": v2("max", GIB)})
    assert groups.room() is None
    (tmp_path / "sys/fs/cgroup/a/memory.max").write_text(f"{2 * GIB}\n")
    assert groups.room() == Room(2 * GIB, GIB)
