"""Real worker processes that crash, hang and never start, played by scripts."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from pensieve.config.load import load_settings
from pensieve.core.errors import Refused, SettingsError, WorkerError
from pensieve.core.generation import Finish, Sampling
from pensieve.library.cards import read_card
from pensieve.supervisor.jobs import JobStream
from pensieve.supervisor.states import WorkerState
from pensieve.supervisor.supervisor import Supervisor

WORDS = [f"word{number} " for number in range(50)]


def with_supervisor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: list[Any], **settings: str
) -> Callable[[Callable[[Supervisor], Awaitable[None]]], None]:
    """Runs a coroutine with a started supervisor whose worker plays `steps`, and checks that nothing stays behind."""
    temp = tmp_path / "tmp"
    temp.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temp))
    script = tmp_path / "script.json"
    script.write_bytes(msgspec.json.encode({"replies": [{"steps": steps}]}))
    loaded = load_settings({f"PENSIEVE_{key.upper()}": value for key, value in settings.items()})

    def run(test: Callable[[Supervisor], Awaitable[None]]) -> None:
        async def main() -> None:
            supervisor = Supervisor(read_card(str(script)), loaded)
            await supervisor.start()
            try:
                await asyncio.wait_for(test(supervisor), 60)
            finally:
                await supervisor.stop()
            assert psutil.Process().children() == []
            assert list(temp.iterdir()) == []

        asyncio.run(main())

    return run


async def text_of(stream: JobStream) -> str:
    return "".join([chunk.text async for batch in stream.batches() for chunk in batch])


async def until(condition: Callable[[], object]) -> None:
    """Polls: what is waited for happens in another process, and the supervisor offers nobody an event for it."""
    while not condition():
        await asyncio.sleep(0.001)


def submit(supervisor: Supervisor, max_tokens: int = 100_000) -> JobStream:
    return supervisor.submit(tuple(map(ord, "prompt")), Sampling(), max_tokens, ())


def test_an_answer_is_whole_though_its_worker_crashed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Another thread of the worker may be about to write the words: it gets the time. A script whose words were lost
    # would crash again and again.
    steps = [*WORDS[:20], {"sleep": 0.1}, {"crash": True}, *WORDS[20:]]

    async def test(supervisor: Supervisor) -> None:
        stream = submit(supervisor)
        assert await text_of(stream) == "".join(WORDS)
        assert 1 <= stream.resumes == supervisor.restarts

    with_supervisor(tmp_path, monkeypatch, steps)(test)


def test_a_killed_worker_takes_no_job_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [*WORDS[:5], {"sleep": 0.3}, *WORDS[5:]]

    async def test(supervisor: Supervisor) -> None:
        streams = [submit(supervisor) for _ in range(4)]
        answers = asyncio.gather(*map(text_of, streams))
        await until(lambda: all(stream.tokens for stream in streams))
        assert supervisor.worker_pid is not None
        os.kill(supervisor.worker_pid, signal.SIGKILL)
        assert await answers == ["".join(WORDS)] * 4

    with_supervisor(tmp_path, monkeypatch, steps)(test)


def test_a_stopped_worker_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [*WORDS[:5], {"sleep": 1.0}, *WORDS[5:]]

    async def test(supervisor: Supervisor) -> None:
        stream = submit(supervisor)
        answer = asyncio.create_task(text_of(stream))
        await until(lambda: stream.tokens)
        assert supervisor.worker_pid is not None
        os.kill(supervisor.worker_pid, signal.SIGSTOP)
        assert await answer == "".join(WORDS)
        assert stream.resumes == 1

    with_supervisor(tmp_path, monkeypatch, steps, worker__silence_seconds="1.5")(test)


def test_a_hanging_loop_is_replaced_though_the_process_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(supervisor: Supervisor) -> None:
        stream = submit(supervisor)
        assert await text_of(stream) == "".join(WORDS)
        assert stream.resumes == 1

    steps = [*WORDS[:5], {"hang": True}, *WORDS[5:]]
    with_supervisor(tmp_path, monkeypatch, steps, worker__hang_seconds="1.5")(test)


def test_a_request_that_kills_every_worker_fails_and_the_server_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(supervisor: Supervisor) -> None:
        with pytest.raises(WorkerError, match="exit code 70"):
            await text_of(submit(supervisor))
        assert await supervisor.count("still here") == tuple(map(ord, "still here"))
        assert supervisor.state is WorkerState.READY

    with_supervisor(tmp_path, monkeypatch, [{"crash": True}])(test)


def test_a_model_that_does_not_live_is_given_up_and_tried_again_after_a_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pensieve.supervisor.supervisor.COOL_DOWN_SECONDS", 0.3)

    async def test(supervisor: Supervisor) -> None:
        for _ in range(2):
            with pytest.raises(WorkerError):
                await text_of(submit(supervisor))
        assert supervisor.state.value == "failed"
        with pytest.raises(WorkerError, match="exit code 70"):
            supervisor.admit(1, 1)
        await until(lambda: supervisor.state.value == "ready")
        assert await supervisor.count("back") == tuple(map(ord, "back"))

    with_supervisor(tmp_path, monkeypatch, [{"crash": True}])(test)


def test_a_failed_job_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(supervisor: Supervisor) -> None:
        with pytest.raises(WorkerError, match="no such luck"):
            await text_of(submit(supervisor))

    with_supervisor(tmp_path, monkeypatch, ["some ", {"fail": "no such luck"}])(test)


def test_a_job_cancelled_between_two_workers_is_given_to_neither(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(supervisor: Supervisor) -> None:
        stream = submit(supervisor)
        await until(lambda: stream.tokens)
        assert supervisor.worker_pid is not None
        os.kill(supervisor.worker_pid, signal.SIGKILL)
        await until(lambda: supervisor.state.value == "restarting")
        stream.cancel()
        assert stream.ended
        assert await supervisor.count("next") == tuple(map(ord, "next"))
        assert stream.resumes == 1 and supervisor.state.value == "ready"
        assert [batch async for batch in stream.batches()][-1][-1].finish == Finish("cancelled")

    with_supervisor(tmp_path, monkeypatch, ["a", {"sleep": 600}, "b"])(test)


def test_counting_survives_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(supervisor: Supervisor) -> None:
        assert supervisor.worker_pid is not None
        os.kill(supervisor.worker_pid, signal.SIGSTOP)
        counting = asyncio.create_task(supervisor.count("abc"))
        # So that the task has asked before the worker dies.
        await asyncio.sleep(0)
        os.kill(supervisor.worker_pid, signal.SIGKILL)
        assert await counting == (97, 98, 99)

    with_supervisor(tmp_path, monkeypatch, WORDS)(test)


def test_stopping_ends_what_runs_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(supervisor: Supervisor) -> None:
        stream = submit(supervisor)
        answer = asyncio.create_task(text_of(stream))
        await until(lambda: stream.tokens)
        await supervisor.stop()
        with pytest.raises(WorkerError, match="stopping"):
            await answer

    with_supervisor(tmp_path, monkeypatch, ["a", {"sleep": 600}, "b"])(test)


def test_a_model_that_cannot_be_loaded_is_told_at_once(tmp_path: Path, tiny_model: Path) -> None:
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(tiny_model.read_bytes()[:2_000_000])

    async def run() -> None:
        supervisor = Supervisor(read_card(str(cut)), load_settings({}))
        with pytest.raises(SettingsError, match="within the file bounds"):
            await supervisor.start()
        assert psutil.Process().children() == []

    asyncio.run(run())


def test_those_who_wait_for_a_place_are_told_of_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(supervisor: Supervisor) -> None:
        running, waiting = supervisor.admit(1, 1), supervisor.admit(1, 1)
        assert running.place.done() and not waiting.place.done()
        await supervisor.stop()
        with pytest.raises(Refused, match="stopping"):
            await waiting.granted()
        assert not supervisor.admission.refused

    with_supervisor(tmp_path, monkeypatch, WORDS, engine__parallel="1")(test)


def test_a_directory_that_was_cleaned_away_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(supervisor: Supervisor) -> None:
        await supervisor.unload()
        (directory,) = (tmp_path / "tmp").iterdir()
        shutil.rmtree(directory)
        await supervisor.load()
        assert await text_of(submit(supervisor)) == "".join(WORDS)

    with_supervisor(tmp_path, monkeypatch, WORDS)(test)


def test_the_number_of_a_worker_that_is_gone_may_be_anybodys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process stands for the one that has the number by then."""

    async def test(supervisor: Supervisor) -> None:
        assert supervisor.own_bytes > 0
        worker = supervisor._worker
        await supervisor.unload()
        assert worker is not None
        worker._numbers = psutil.Process()
        assert supervisor.own_bytes == 0

    with_supervisor(tmp_path, monkeypatch, WORDS)(test)
