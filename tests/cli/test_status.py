"""What is told of requests on their way, and how long the first answer will take: by a script that reads slowly."""

from __future__ import annotations

import json
import os
import pty
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from anthropic import Anthropic

from command import COMMAND, pensieve, well
from pensieve.cli.client import Endpoint
from pensieve.cli.forecast import forecast
from pensieve.cli.status import rough
from server import TOKEN, Server, wait_for

LONG = 20_000
"""Characters, of which the script reads 2,000 in a second, each a token."""


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    story = tmp_path / "slow.json"
    story.write_text(json.dumps({"reads": 2000, "replies": [{"steps": ["yes"]}]}))
    return story


def body(size: int, **more: Any) -> dict[str, Any]:
    return {"model": "claude-x", "max_tokens": 9, "messages": [{"role": "user", "content": "a" * size}], **more}


def of_stage(server: Server, stage: str, read: int = 0) -> dict[str, Any]:
    """A request, with so many tokens read at least."""
    requests = [request for request in server.health()["requests"] if request["stage"] == stage]
    return next((request for request in requests if request["read_tokens"] >= read), {})


def test_health_tells_what_is_read_and_what_waits(slow: Path, serve: Callable[..., Server]) -> None:
    server = serve(slow, engine__parallel=1)
    assert server.health()["requests"] == [] and server.health()["models"][0]["reading"] is None
    with server.sdk() as client:
        streams = [client.messages.create(**body(LONG), stream=True) for _ in range(2)]
        waiting = wait_for(lambda: of_stage(server, "waiting"))
        reading = wait_for(lambda: of_stage(server, "reading", 600))
        left = httpx2.get(server.url + "/metrics", trust_env=False).text
        for stream in streams:
            stream.close()
    assert waiting["read_tokens"] == 0 and waiting["seconds_left"] is None
    assert LONG < reading["prompt_tokens"] < LONG + 500 and reading["cached_tokens"] == 0
    assert reading["model"] == "slow" and reading["tokens_per_second"] > 0 and reading["seconds_left"] > 0
    assert 'pensieve_prompt_tokens_left{model="slow"} 3' in left  # of two prompts, more than 30,000
    wait_for(lambda: server.health()["requests"] == [])


def test_how_fast_it_read_is_kept_over_a_restart(slow: Path, serve: Callable[..., Server]) -> None:
    server = serve(slow)
    assert server.post(body(1000)).status_code == 200
    reading = server.health()["models"][0]["reading"]
    assert 1000 < reading["tokens"] < 1500 and reading["seconds"] > 0.4
    kept = server.home / "speeds.json"
    wait_for(kept.exists)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    server.stop()
    again = serve(slow, home=str(server.home))
    assert again.health()["models"][0]["reading"] == reading


def test_a_long_prompt_is_told_in_status_and_watched(
    background: Path, slow: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PENSIEVE_MODEL", str(slow))
    well(pensieve("start"))
    url = json.loads(well(pensieve("status", "--json")))["url"]
    command = [*COMMAND, "status", "--watch"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout
        with Anthropic(base_url=url, auth_token=TOKEN).messages.create(**body(2 * LONG), stream=True):
            seen = next(line for line in watching.stdout if "left" in line)
            told = well(pensieve("status"))
        well(pensieve("stop"))
        rest = watching.communicate(timeout=60)[0]
    assert watching.returncode == 3 and rest.splitlines()[-1].startswith("server    not running")
    words = seen.split()
    assert words[0] == "reads" and words[2] == "of" and words[3].startswith("40,") and words[-1] == "left"
    assert " reads " in told and " tokens/s, about " in told


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        *((0.2, "1 s"), (7.4, "7 s"), (21, "20 s"), (59.9, "1 min"), (60, "1 min"), (158, "2 min 40 s")),
        *((597, "10 min"), (3601, "60 min")),
    ],
)
def test_about_how_long(seconds: float, words: str) -> None:
    assert rough(seconds) == words


def test_how_long_the_first_answer_takes(
    slow: Path, serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(slow)
    here = Endpoint(server.url, TOKEN, "slow", 32_768)
    # Nothing was measured yet: a short prompt is read now, and a long one takes no less.
    told = forecast(here)
    assert told.startswith("Its first answer takes at least ") and "about 12,000 tokens" in told
    assert [line for line in server.log.splitlines() if "output_tokens=0" in line]
    assert server.post(body(7000)).status_code == 200
    seconds = 12_000 * (reading := server.health()["models"][0]["reading"])["seconds"] / reading["tokens"]
    assert forecast(here).startswith(f"Its first answer takes about {rough(seconds)} on this machine: ")
    assert "--tools" not in forecast(here)
    monkeypatch.setattr("pensieve.cli.forecast.LONG_SECONDS", 1.0)
    assert forecast(here).endswith("With `--tools Bash,Edit,Read,Write` it has about 4,200.")
    # With few tools it has less to read; the bundled model's window is too small for any of it.
    assert f"about {rough(seconds * 4.2 / 12)} on" in forecast(here._replace(context=16_384))
    assert "demonstration" in forecast(here._replace(context=6_144))
    server.stop()
    assert "not known" in forecast(here)


def test_it_is_said_before_the_client_begins(background: Path, tmp_path: Path) -> None:
    client = tmp_path / "claude"
    client.write_text(f"#!{sys.executable}\nimport sys; print('the client', file=sys.stderr)\n")
    client.chmod(0o755)
    terminal, theirs = pty.openpty()
    environment = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    try:
        done = subprocess.run([*COMMAND, "claude"], stderr=theirs, env=environment, timeout=60)
        said = os.read(terminal, 65_536).decode()
    finally:
        os.close(terminal)
        os.close(theirs)
    assert done.returncode == 0
    assert said.index("Claude Code on story") < said.index("first answer takes") < said.index("the client")
