"""`models`, `show`, `use`, `pull`, `rm`: with a stand-in for the hub, and the real huggingface_hub."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from command import COMMAND, one_line, pensieve, well
from hub import COMMIT, Hub
from make_mlx_model import make_mlx_model
from pensieve.library.pull import RemoteFile, choose_files, parse_spec
from pensieve.library.transfer import PATIENCE, part_of
from server import wait_for

REPOSITORY = "org/Some-GGUF"
BIG = 8_000_000
FULL = Path("/dev/full")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tiny_model: Path) -> Iterator[Hub]:
    with Hub().running() as running:
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
        for name in ("HF_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME", "HF_TOKEN", "HF_HUB_OFFLINE"):
            monkeypatch.delenv(name, raising=False)
        # Longer than the model, so that it can break off somewhere; what is behind the tensors is not read.
        padded = tiny_model.read_bytes() + random.Random(1).randbytes(BIG)
        running.repositories[REPOSITORY] = {"Some-Q4_K_M.gguf": padded, "Some-Q8_0.gguf": b"GGUF", "README.md": b"#"}
        running.repositories["org/out"] = {"../../../../victim.gguf": padded}
        yield running


def listed() -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in json.loads(well(pensieve("models", "--json")))}


def test_fetched_listed_used_shown_and_removed(hub: Hub, own_home: Path) -> None:
    done = pensieve("pull", REPOSITORY)
    assert "pensieve use some-q4-k-m" in well(done) and "%" in done.stderr
    assert {name for name, _, _ in hub.sent} == {"Some-Q4_K_M.gguf"}
    row = listed()["some-q4-k-m"]
    assert row["from"] == "Hugging Face" and row["fits"] and not row["chosen"]
    well(pensieve("use", "some-q4-k-m"))
    assert listed()["some-q4-k-m"]["chosen"]
    assert "131,072 tokens as trained" in well(pensieve("show", "some-q4-k-m"))
    words = well(pensieve("models"))
    assert "* some-q4-k-m" in words and "pensieve-nano" in words
    assert pensieve("rm", "some-q4-k-m", typed="n\n").returncode == 1
    assert "some-q4-k-m" in listed()
    assert "Removed" in well(pensieve("rm", "some-q4-k-m", "--yes"))
    assert list(listed()) == ["pensieve-nano"]
    cache = own_home / ".cache" / "huggingface" / "hub"
    assert not [file for file in cache.rglob("*") if file.is_file() and file.stat().st_size > 1000]


def test_it_says_nothing_of_the_user_but_what_it_asks_for(hub: Hub) -> None:
    well(pensieve("pull", REPOSITORY))
    assert all("telemetry" not in agent and "session" not in agent for agent in hub.agents)


def test_a_transfer_that_breaks_goes_on_where_it_was(hub: Hub) -> None:
    hub.breaks = [1_000_000, 2_000_000]
    well(pensieve("pull", REPOSITORY))
    starts = [start for _, start, _ in hub.sent]
    assert starts[0] == 0 and starts[1] > 0 and starts[-1] > starts[1]


def test_ctrl_c_keeps_what_has_come(hub: Hub) -> None:
    hub.held = threading.Event()
    with subprocess.Popen([*COMMAND, "pull", REPOSITORY], stderr=subprocess.PIPE, text=True) as pulling:
        wait_for(lambda: hub.sent)
        wait_for(lambda: any(file.stat().st_size for file in blobs()))
        pulling.send_signal(signal.SIGINT)
        assert pulling.wait(30) == 130
    assert "some-q4-k-m" not in listed()
    hub.held.set()
    hub.sent.clear()
    well(pensieve("pull", REPOSITORY))
    assert hub.sent[0][1] > 0


def test_what_has_come_can_be_removed_but_not_while_it_comes(hub: Hub) -> None:
    hub.held = threading.Event()
    with subprocess.Popen([*COMMAND, "pull", REPOSITORY], stderr=subprocess.DEVNULL) as pulling:
        wait_for(lambda: any(file.stat().st_size for file in blobs()))
        assert "being fetched" in one_line(pensieve("rm", REPOSITORY, "--yes"))
        with subprocess.Popen([*COMMAND, "pull", REPOSITORY], stderr=subprocess.PIPE, text=True) as other:
            assert other.stderr
            assert any("waiting for that" in line for line in other.stderr)
            other.kill()
        pulling.kill()
    assert "Removed what had come" in well(pensieve("rm", REPOSITORY, "--yes"))
    assert not blobs() and "Not whole" not in well(pensieve("models"))


def blobs() -> list[Path]:
    return list(Path(os.environ["HOME"]).glob(".cache/huggingface/hub/models--*/blobs/*.pensieve-part"))


def test_two_pulls_of_one_model(hub: Hub) -> None:
    pulls = [subprocess.Popen([*COMMAND, "pull", REPOSITORY], stderr=subprocess.DEVNULL) for _ in range(2)]
    assert [pull.wait(60) for pull in pulls] == [0, 0]
    assert sum(size for _, _, size in hub.sent) == len(hub.repositories[REPOSITORY]["Some-Q4_K_M.gguf"])
    assert "some-q4-k-m" in listed()


def test_what_a_killed_pull_left_is_gone_on_with(hub: Hub) -> None:
    hub.held = threading.Event()
    with subprocess.Popen([*COMMAND, "pull", REPOSITORY], stderr=subprocess.DEVNULL) as pulling:
        wait_for(lambda: any(file.stat().st_size for file in blobs()))
        pulling.kill()
    hub.held.set()
    hub.sent.clear()
    well(pensieve("pull", REPOSITORY))
    assert hub.sent[0][1] > 0


def test_what_is_not_what_the_hub_says_is_removed(hub: Hub) -> None:
    hub.wrong_hash = True
    assert "removed" in one_line(pensieve("pull", REPOSITORY))
    assert "some-q4-k-m" not in listed()
    hub.wrong_hash = False
    well(pensieve("pull", REPOSITORY))
    assert "some-q4-k-m" in listed()


def test_what_the_hub_does_not_give(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no org/none" in one_line(pensieve("pull", "org/none"))
    hub.gated.add(REPOSITORY)
    assert "https://huggingface.co/org/Some-GGUF" in one_line(pensieve("pull", REPOSITORY))
    hub.gated.clear()
    assert f"{REPOSITORY}:Q8_0" in one_line(pensieve("pull", f"{REPOSITORY}:Q2_K"))
    assert "qwen3.8-27b" in one_line(pensieve("pull", "some words"))
    assert "org/name:Q4_K_M" in one_line(pensieve("pull", "some/words and more"))
    assert "no name of the hub" in one_line(pensieve("pull", "org/na--me"))
    assert "cannot be used" in one_line(pensieve("pull", "org/out"))
    assert "HF_HUB_OFFLINE" in one_line(pensieve("pull", REPOSITORY, HF_HUB_OFFLINE="1"))
    assert "cannot be reached" in one_line(pensieve("pull", REPOSITORY, HF_ENDPOINT="http://127.0.0.1:9"))


def test_a_disk_that_is_full_is_said_before(hub: Hub, own_home: Path) -> None:
    """More than any disk has, by what the hub says."""
    files = [RemoteFile("Some-Q4_K_M.gguf", 10**17, "0" * 64)]
    from pensieve.core.errors import SettingsError
    from pensieve.library.catalog import Machine
    from pensieve.library.pull import Download, check_room

    with pytest.raises(SettingsError, match="GB are free"):
        check_room(Download(REPOSITORY, "c", tuple(files)), own_home / "cache", Machine(0, False))
    with pytest.raises(SettingsError, match="GB of memory"):
        check_room(Download(REPOSITORY, "c", tuple(files)), own_home / "cache", Machine(10**9, False))
    # 16.1 GB of weights are less than a machine of 16 GiB has, and more than it could ever give them.
    with pytest.raises(SettingsError, match="GB of memory"):
        large = [RemoteFile("model.safetensors", 16_100_000_000, "0" * 64)]
        check_room(Download(REPOSITORY, "c", tuple(large)), own_home / "cache", Machine(16 << 30, True))


@pytest.mark.skipif(not FULL.exists(), reason="This system has no device that is always full")
def test_a_disk_that_is_full_in_the_middle(hub: Hub, own_home: Path) -> None:
    content = hub.repositories[REPOSITORY]["Some-Q4_K_M.gguf"]
    top = own_home / ".cache" / "huggingface" / "hub" / "models--org--Some-GGUF"
    blob = top / "blobs" / hub.sha256(content)
    blob.parent.mkdir(parents=True)
    part_of(blob).symlink_to(FULL)
    line = one_line(pensieve("pull", REPOSITORY))
    assert "The disk is full. Make room." in line and "goes on from there" in line
    assert "some-q4-k-m" not in listed()
    part_of(blob).unlink()
    well(pensieve("pull", REPOSITORY))
    assert blob.read_bytes() == content


def test_what_is_whole_is_not_taken_for_what_broke_off(
    hub: Hub, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", "$HOME/some/../hf")
    well(pensieve("pull", REPOSITORY))
    (blobs,) = (own_home / "hf").rglob("blobs")
    part = blobs / "0123.pensieve-part"
    part.write_bytes(b"x" * 10)
    assert "Removed what had come" in well(pensieve("rm", REPOSITORY, "--yes"))
    assert not part.exists() and "some-q4-k-m" in listed()
    shutil.rmtree(blobs)
    assert "pensieve-nano" in listed()


def test_for_an_engine_that_is_not_here_nothing_is_fetched(hub: Hub, tmp_path: Path) -> None:
    """An interpreter that does not find MLX, though it is installed."""
    hub.repositories["org/folder"] = {"config.json": b"{}", "tokenizer.json": b"{}", "model.safetensors": b"0" * 100}
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as util\nreal = util.find_spec\n"
        "util.find_spec = lambda name, *more: None if name == 'mlx_lm' else real(name, *more)\n"
    )
    path = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH"))))
    line = one_line(pensieve("pull", "org/folder", PYTHONPATH=path))
    assert "MLX, which is not installed" in line and "pip install mlx-lm==" in line and not hub.sent


def test_a_disk_without_links_is_said_before(hub: Hub, tmp_path: Path) -> None:
    """What the system says on such a disk, by an interpreter in which no link can be made."""
    (tmp_path / "sitecustomize.py").write_text(
        "import pathlib\ndef refuse(*_):\n    raise PermissionError(1, 'Operation not permitted')\n"
        "pathlib.Path.symlink_to = refuse\n"
    )
    path = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH"))))
    line = one_line(pensieve("pull", REPOSITORY, PYTHONPATH=path))
    assert "Operation not permitted" in line and "HF_HOME" in line and not hub.sent


def test_of_a_model_in_parts_none_is_seen_before_all_are_there(hub: Hub, tiny_model: Path) -> None:
    content = tiny_model.read_bytes()
    parts = {"Big-Q4_K_M-00001-of-00002.gguf": content, "Big-Q4_K_M-00002-of-00002.gguf": content + b"more"}
    hub.repositories["org/Big-GGUF"] = parts
    # The first comes whole, the second never.
    hub.breaks = [len(content), *[0] * PATIENCE]
    assert "cannot be reached" in one_line(pensieve("pull", "org/Big-GGUF"))
    assert not [name for name in listed() if name.startswith("big")]
    assert "Not whole: org/Big-GGUF" in well(pensieve("models"))
    hub.sent.clear()
    well(pensieve("pull", "org/Big-GGUF"))
    assert [name for name, _, _ in hub.sent] == ["Big-Q4_K_M-00002-of-00002.gguf"]
    assert listed()["big-q4-k-m-00001-of-00002"]["bytes"] == 2 * len(content) + 4
    assert "Not whole" not in well(pensieve("models"))


def test_the_hub_in_trouble(hub: Hub) -> None:
    for hub.status in (429, 503):
        line = one_line(pensieve("pull", REPOSITORY))
        assert f"answered {hub.status}" in line and "Try later" in line


def test_a_model_of_another_program_is_not_removed(own_home: Path, tiny_model: Path) -> None:
    folder = own_home / "models"
    folder.mkdir()
    shutil.copy(tiny_model, folder / "mine.gguf")
    assert "not fetched from the hub" in one_line(pensieve("rm", "mine", "--yes"))
    assert (folder / "mine.gguf").exists()
    assert "Did you mean mine?" in one_line(pensieve("show", "mime"))


def test_a_namesake_elsewhere_is_not_what_rm_means(hub: Hub, own_home: Path, tiny_model: Path) -> None:
    well(pensieve("pull", REPOSITORY))
    namesake = own_home / "Some-Q4_K_M.gguf"
    shutil.copy(tiny_model, namesake)
    assert "not fetched from the hub" in one_line(pensieve("rm", str(namesake), "--yes"))
    assert namesake.exists() and "some-q4-k-m" in listed()


def test_what_was_fetched_of_an_older_commit_is_still_there(hub: Hub, own_home: Path) -> None:
    well(pensieve("pull", REPOSITORY))
    top = own_home / ".cache" / "huggingface" / "hub" / "models--org--Some-GGUF"
    (top / "refs" / "main").write_text("another")
    assert "some-q4-k-m" in listed()
    well(pensieve("rm", "some-q4-k-m", "--yes"))
    assert not [file for file in top.rglob("*") if file.is_file() and file.stat().st_size > 1000]


def test_what_is_cut_or_no_file_is_told_and_not_waited_for(own_home: Path, tiny_model: Path) -> None:
    folder = own_home / "models"
    folder.mkdir()
    os.mkfifo(folder / "pipe.gguf")
    (folder / "cut.gguf").write_bytes(tiny_model.read_bytes()[:1_000_000])
    words = f"cut short: 1,000,000 of {tiny_model.stat().st_size:,} bytes"
    assert words in well(pensieve("models")) and words in well(pensieve("show", "cut"))
    assert [name for name, row in listed().items() if row["fits"]] == ["pensieve-nano"]
    assert words in one_line(pensieve("use", "cut"))
    assert words in pensieve("doctor", PENSIEVE_MODEL="cut").stdout
    assert "no model of this name" in one_line(pensieve("show", "pipe"))
    assert "not a regular file" in one_line(pensieve("serve", "--port", "0", "--model", str(folder / "pipe.gguf")))


def test_use_does_not_hide_the_json_of_earlier_programs(own_home: Path, script: Path) -> None:
    file = own_home / ".pensieve" / "config.json"
    file.parent.mkdir()
    file.write_text('{"server": {"port": 8080}}')
    assert "config.toml" in one_line(pensieve("use", str(script)))
    assert not file.with_suffix(".toml").exists()


def test_a_model_is_served_by_its_name(own_home: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENSIEVE_PORT", "0")
    folder = own_home / "models"
    folder.mkdir()
    shutil.copy(tiny_model, folder / "Mine-Q4.gguf")
    try:
        well(pensieve("start", "--model", "Mine-Q4"))
        assert json.loads(pensieve("status", "--json").stdout)["health"]["model"] == "mine-q4"
        assert listed()["mine-q4"]["loaded"]
    finally:
        pensieve("stop")


def test_a_model_in_parts_whose_name_has_brackets_is_removed_whole(hub: Hub, tiny_model: Path) -> None:
    """And no other: in a pattern, brackets would mean one of several letters."""
    content = tiny_model.read_bytes()
    parts = [f"Big[1]-Q4_K_M-0000{number}-of-00002.gguf" for number in (1, 2)]
    hub.repositories["org/Big-GGUF"] = {name: content + name.encode() for name in parts}
    well(pensieve("pull", "org/Big-GGUF"))
    (name,) = (name for name in listed() if name.startswith("big"))
    top = Path(os.environ["HOME"], ".cache", "huggingface", "hub", "models--org--Big-GGUF")
    other = top / "snapshots" / COMMIT / "Big1-Q4_K_M-00002-of-00002.gguf"
    other.write_bytes(content)
    assert "Removed" in well(pensieve("rm", name, "--yes"))
    assert [file for file in top.rglob("*") if file.is_file() and file.stat().st_size > 1000] == [other]


def test_an_empty_file_of_a_repository_is_fetched_too(hub: Hub, own_home: Path) -> None:
    folder = own_home / "folder"
    make_mlx_model("dice", folder)
    hub.repositories["org/folder"] = {file.name: file.read_bytes() for file in folder.iterdir()} | {"added.txt": b""}
    assert "is here" in well(pensieve("pull", "org/folder"))
    assert "folder" in listed()
    (empty,) = (own_home / ".cache" / "huggingface").rglob("added.txt")
    assert empty.read_bytes() == b""
    assert "is here" in well(pensieve("pull", "org/folder"))


def test_a_file_whose_size_the_hub_does_not_say_is_not_begun(hub: Hub) -> None:
    hub.sizes = False
    assert "cannot be used" in one_line(pensieve("pull", REPOSITORY)) and not hub.sent


def names(*files: str) -> list[RemoteFile]:
    return [RemoteFile(name, 1, "0" * 64) for name in files]


@pytest.mark.parametrize(
    ("there", "quant", "chosen"),
    [
        (["a-Q8_0.gguf", "a-Q4_K_M.gguf", "mmproj-F16.gguf"], "", ["a-Q4_K_M.gguf"]),
        (["a-Q8_0.gguf", "a-Q4_K_M.gguf"], "q8_0", ["a-Q8_0.gguf"]),
        (["a.gguf"], "", ["a.gguf"]),
        (["a.Q4_K_M.gguf", "a.Q2_K.gguf"], "Q2_K", ["a.Q2_K.gguf"]),
        (["a-UD-Q4_K_XL.gguf", "a-UD-Q2_K_XL.gguf"], "UD-Q2_K_XL", ["a-UD-Q2_K_XL.gguf"]),
        (
            ["Q4_K_M/a-Q4_K_M-00001-of-00002.gguf", "Q4_K_M/a-Q4_K_M-00002-of-00002.gguf", "a-BF16.gguf"],
            "",
            ["Q4_K_M/a-Q4_K_M-00001-of-00002.gguf", "Q4_K_M/a-Q4_K_M-00002-of-00002.gguf"],
        ),
        (
            ["config.json", "model.safetensors", "pytorch_model.bin", "README.md", "chat_template.jinja"],
            "",
            ["chat_template.jinja", "config.json", "model.safetensors"],
        ),
        (
            [
                *("config.json", "consolidated.safetensors", "model-00001-of-00001.safetensors", "tokenizer.json"),
                *("onnx/model.safetensors", "onnx/config.json", "original/consolidated.00.pth", "original/params.json"),
            ],
            "",
            ["config.json", "model-00001-of-00001.safetensors", "tokenizer.json"],
        ),
    ],
)
def test_of_a_repository_what_is_needed(there: list[str], quant: str, chosen: list[str]) -> None:
    assert [file.name for file in choose_files("org/a", names(*there), quant)] == chosen


def test_the_words_for_a_model_of_the_hub() -> None:
    assert parse_spec("org/name") == ("org/name", "")
    assert parse_spec("org/name:UD-Q4_K_XL") == ("org/name", "UD-Q4_K_XL")
