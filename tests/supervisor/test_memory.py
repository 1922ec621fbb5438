"""What the supervisor does when memory gets short, with real workers and a probe that says what the test wants."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from pensieve.config.load import load_settings
from pensieve.core.errors import Refused, SettingsError
from pensieve.core.generation import Sampling
from pensieve.library.cards import read_card
from pensieve.memory.probe import Probe
from pensieve.memory.state import GB, MemoryState, Sample
from pensieve.supervisor.guard import MemoryGuard
from pensieve.supervisor.jobs import JobStream
from pensieve.supervisor.states import WorkerState
from pensieve.supervisor.supervisor import Supervisor

WORDS = [f"word{number} " for number in range(50)]
UNLIMITED_GB = 100.0


class Said(Probe):
    """Stands for a machine of 8 GB of which the test says how much is available."""

    def __init__(self, gigabytes: float | None = UNLIMITED_GB) -> None:
        super().__init__()
        self.gigabytes = gigabytes

    def read(self) -> Sample:
        available = None if self.gigabytes is None else round(self.gigabytes * GB)
        return msgspec.structs.replace(super().read(), available=available, total=8 * GB)


def supervised(
    tmp_path: Path, steps: list[Any], *, returns: bool = True, **settings: str
) -> Callable[[Callable[[Supervisor, Said], Awaitable[None]]], None]:
    script = tmp_path / "script.json"
    script.write_bytes(msgspec.json.encode({"replies": [{"steps": steps}]}))
    loaded = load_settings({f"PENSIEVE_{key.upper()}": value for key, value in settings.items()})

    def run(test: Callable[[Supervisor, Said], Awaitable[None]]) -> None:
        async def main() -> None:
            probe = Said()
            supervisor = Supervisor(read_card(str(script)), loaded, probe, returns=returns)
            await supervisor.start()
            try:
                await asyncio.wait_for(test(supervisor, probe), 60)
            finally:
                await supervisor.stop()
            assert psutil.Process().children() == []

        asyncio.run(main())

    return run


async def text_of(stream: JobStream) -> str:
    return "".join([chunk.text async for batch in stream.batches() for chunk in batch])


async def until(condition: Callable[[], object]) -> None:
    """Polls: what is waited for happens in another process, and the supervisor offers nobody an event for it."""
    while not condition():
        await asyncio.sleep(0.001)


def submit(supervisor: Supervisor) -> JobStream:
    return supervisor.submit(tuple(map(ord, "prompt")), Sampling(), 100_000, ())


def _is(supervisor: Supervisor, state: WorkerState) -> bool:
    return supervisor.state is state


def _stands(supervisor: Supervisor, state: MemoryState) -> bool:
    return supervisor.memory().state is state


def test_the_states_are_crossed_in_order_and_each_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def test(supervisor: Supervisor, probe: Said) -> None:
        pid = supervisor.worker_pid
        for gigabytes, state in ((1.9, MemoryState.WARNING), (0.9, MemoryState.CRITICAL)):
            probe.gigabytes = gigabytes
            await until(partial(_stands, supervisor, state))
            assert supervisor.worker_pid == pid
        with pytest.raises(Refused, match=r"0\.90 GB available") as refusal:
            supervisor.admit(1, 1)
        assert 1 <= refusal.value.retry_after <= 55
        probe.gigabytes = 0.4
        await until(lambda: supervisor.state is WorkerState.SHORT)
        await until(lambda: pid is not None and not psutil.pid_exists(pid))
        with pytest.raises(Refused, match="Try again when there is room"):
            supervisor.admit(1, 1)
        probe.gigabytes = UNLIMITED_GB
        await until(lambda: supervisor.state is WorkerState.READY)
        supervisor.admit(1, 1).release()
        assert await text_of(submit(supervisor)) == "".join(WORDS)
        assert (supervisor.restarts, supervisor.calm.emergencies) == (0, 1)

    caplog.set_level("INFO")
    supervised(tmp_path, WORDS)(test)
    said = [record.getMessage() for record in caplog.records if "memory state=" in record.getMessage()]
    assert [line.split()[1] for line in said] == [
        f"state={state}" for state in ("Warning", "Critical", "Emergency", "Safe")
    ]


def test_an_emergency_ends_what_runs_in_words_and_what_waits_too(tmp_path: Path) -> None:
    async def test(supervisor: Supervisor, probe: Said) -> None:
        running, waiting = supervisor.admit(1, 1), supervisor.admit(1, 1)
        stream = submit(supervisor)
        answer = asyncio.create_task(text_of(stream))
        await until(lambda: stream.tokens)
        probe.gigabytes = 0.1
        with pytest.raises(Refused, match="short of memory") as refusal:
            await answer
        assert refusal.value.kind == "overloaded_error"
        with pytest.raises(Refused, match="short of memory"):
            await waiting.granted()
        running.release()
        waiting.release()
        assert supervisor.admission.running == supervisor.admission.waiting == 0

    supervised(tmp_path, ["a", {"sleep": 600}, "b"], engine__parallel="1")(test)


def test_a_worker_that_does_not_end_by_itself_in_an_emergency_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pensieve.supervisor.supervisor.DISMISS_SECONDS", 0.2)

    async def test(supervisor: Supervisor, probe: Said) -> None:
        assert supervisor.worker_pid is not None
        worker = psutil.Process(supervisor.worker_pid)
        worker.suspend()
        probe.gigabytes = 0.1
        await until(lambda: not worker.is_running())
        assert supervisor.state is WorkerState.SHORT

    supervised(tmp_path, WORDS)(test)


def test_prompts_wait_while_no_request_is_taken_and_answers_go_on(tmp_path: Path) -> None:
    async def test(supervisor: Supervisor, probe: Said) -> None:
        before = submit(supervisor)
        await until(lambda: before.tokens)
        probe.gigabytes = 0.9
        await until(lambda: not supervisor.memory().accepting)
        held = submit(supervisor)
        assert await text_of(before) == "".join(WORDS)
        answer = asyncio.create_task(text_of(held))
        assert await supervisor.count("alive") == tuple(map(ord, "alive"))
        assert not held.tokens
        probe.gigabytes = UNLIMITED_GB
        assert await answer == "".join(WORDS)

    supervised(tmp_path, [WORDS[0], {"sleep": 1.5}, *WORDS[1:]])(test)


def test_nobody_is_held_for_ever_but_who_writes_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pensieve.supervisor.restraints.PATIENCE_SECONDS", 0.3)

    async def test(supervisor: Supervisor, probe: Said) -> None:
        places = [supervisor.admit(1, 1) for _ in range(2)]
        waiting = supervisor.admit(1, 1)
        writes = submit(supervisor)
        await until(lambda: writes.tokens)
        probe.gigabytes = 0.9
        await until(lambda: not supervisor.memory().accepting)
        held = submit(supervisor)
        with pytest.raises(Refused, match=r"short of memory \(0\.90 GB"):
            await text_of(held)
        with pytest.raises(Refused, match="short of memory"):
            await waiting.granted()
        assert await text_of(writes) == "".join(WORDS)
        assert supervisor.state is WorkerState.READY
        for ticket in (*places, waiting):
            ticket.release()

    supervised(tmp_path, [WORDS[0], {"sleep": 2.5}, *WORDS[1:]], engine__parallel="2")(test)


def test_a_prompt_that_has_nothing_to_wait_for_is_read(tmp_path: Path) -> None:
    async def test(supervisor: Supervisor, probe: Said) -> None:
        before, held = submit(supervisor), None
        await until(lambda: before.tokens)
        probe.gigabytes = 0.9
        await until(lambda: not supervisor.memory().accepting)
        held = submit(supervisor)
        assert await text_of(before) == await text_of(held) == "".join(WORDS)
        assert not supervisor.memory().accepting

    supervised(tmp_path, [WORDS[0], {"sleep": 1.5}, *WORDS[1:]])(test)


def test_a_model_that_brings_the_emergency_about_when_it_is_loaded_first_is_given_up(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    script.write_bytes(msgspec.json.encode({"replies": [{"steps": WORDS}]}))

    async def run() -> None:
        probe = Said()
        supervisor = Supervisor(read_card(str(script)), load_settings({}), probe)
        starting = asyncio.create_task(supervisor.start())
        await until(psutil.Process().children)
        # One that never gets ready, so that there is time.
        psutil.Process().children()[0].suspend()
        probe.gigabytes = 0.1
        with pytest.raises(SettingsError, match="the machine ran short of memory meanwhile"):
            await asyncio.wait_for(starting, 30)
        assert psutil.Process().children() == []

    asyncio.run(run())


def test_an_unloaded_model_comes_back_only_where_there_is_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pensieve.supervisor.room.LOOKS", 2)

    async def test(supervisor: Supervisor, probe: Said) -> None:
        await until(lambda: supervisor.state is WorkerState.UNLOADED)
        probe.gigabytes = 0.9
        await until(lambda: not supervisor.memory().accepting)
        with pytest.raises(Refused, match="short of memory"):
            await supervisor.count("now")
        assert supervisor.state is WorkerState.SHORT and not psutil.Process().children()
        probe.gigabytes = UNLIMITED_GB
        await until(lambda: supervisor.state is WorkerState.READY)

    supervised(tmp_path, WORDS, model__idle_unload="0.3")(test)


def test_a_worker_that_takes_ever_more_is_replaced_and_its_job_goes_on(tmp_path: Path) -> None:
    async def test(supervisor: Supervisor, probe: Said) -> None:
        stream = submit(supervisor)
        assert await text_of(stream) == "".join(WORDS)
        assert stream.resumes == supervisor.resumes == supervisor.restarts == 1

    # The words get the time to leave the worker before it fills up.
    steps = [*WORDS[:5], {"sleep": 0.1}, {"leak": True}, *WORDS[5:]]
    supervised(tmp_path, steps, engine__cache_mb="0")(test)


def test_a_model_without_work_is_unloaded_and_comes_back_when_asked(tmp_path: Path) -> None:
    async def test(supervisor: Supervisor, probe: Said) -> None:
        await until(lambda: supervisor.state is WorkerState.UNLOADED)
        await until(lambda: not psutil.Process().children())
        assert await supervisor.count("back") == tuple(map(ord, "back"))
        assert await text_of(submit(supervisor)) == "".join(WORDS)
        assert supervisor.restarts == 0

    supervised(tmp_path, WORDS, model__idle_unload="0.3")(test)


def test_a_model_makes_room_and_is_loaded_again(tmp_path: Path) -> None:
    async def test(supervisor: Supervisor, probe: Said) -> None:
        quiet = supervisor.quiet_seconds
        assert quiet is not None and quiet >= 0
        await supervisor.unload()
        assert _is(supervisor, WorkerState.UNLOADED) and not psutil.Process().children()
        assert supervisor.still_to_take == supervisor.own_bytes == 0 and supervisor.quiet_seconds is None
        await supervisor.load()
        assert _is(supervisor, WorkerState.READY)
        assert await text_of(submit(supervisor)) == "".join(WORDS)

    supervised(tmp_path, WORDS)(test)


def test_after_an_emergency_one_that_is_not_the_default_waits_until_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pensieve.supervisor.calm.FIRST_SECONDS", 1.0)

    async def test(supervisor: Supervisor, probe: Said) -> None:
        probe.gigabytes = 0.4
        await until(partial(_is, supervisor, WorkerState.UNLOADED))
        probe.gigabytes = UNLIMITED_GB
        await until(partial(_stands, supervisor, MemoryState.SAFE))
        assert _is(supervisor, WorkerState.UNLOADED)
        await until(lambda: not supervisor.calm.left(asyncio.get_running_loop().time()))
        await supervisor.load()
        assert _is(supervisor, WorkerState.READY)
        probe.gigabytes = 0.4
        await until(partial(_is, supervisor, WorkerState.UNLOADED))
        with pytest.raises(Refused, match="short of memory"):
            await supervisor.load()

    supervised(tmp_path, WORDS, returns=False)(test)


def test_a_model_at_work_is_not_unloaded(tmp_path: Path) -> None:
    async def test(supervisor: Supervisor, probe: Said) -> None:
        pid = supervisor.worker_pid
        assert await text_of(submit(supervisor)) == "ab"
        assert supervisor.worker_pid == pid

    supervised(tmp_path, ["a", {"sleep": 1.5}, "b"], model__idle_unload="0.5")(test)


def test_what_cannot_be_read_is_said_once_and_work_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def test(supervisor: Supervisor, probe: Said) -> None:
        probe.gigabytes = None
        await until(lambda: supervisor.memory().state is MemoryState.UNKNOWN)
        for _ in range(10):
            supervisor.guard.look()
        supervisor.admit(1, 1).release()
        assert await text_of(submit(supervisor)) == "".join(WORDS)

    caplog.set_level("INFO")
    supervised(tmp_path, WORDS)(test)
    assert sum("state=Unknown" in record.getMessage() for record in caplog.records) == 1


def test_lines_in_the_wrong_order_are_a_settings_error() -> None:
    settings = load_settings({"PENSIEVE_MEMORY__WARN_GB": "0.7"})
    with pytest.raises(SettingsError, match=r"memory\.reject_gb \(1\) and memory\.warn_gb \(0\.7\)"):
        MemoryGuard(settings.memory, Said())
