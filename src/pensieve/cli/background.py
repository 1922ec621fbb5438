"""`pensieve start`, `stop` and `restart`: a server that outlives its terminal. `record.py` tells whether one runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

from pensieve.cli.ask import NoAnswer, ask
from pensieve.cli.record import Record, running, starting
from pensieve.cli.user_service import install, manager_here, remove
from pensieve.config.settings import Settings
from pensieve.core.clock import AwakeClock, awake
from pensieve.core.errors import SettingsError
from pensieve.library.find import is_path
from pensieve.library.places import absolute_folder

OUTPUT = Path("logs", "server.out")
"""What a server in the background says until it is ready, and what a crash of the interpreter leaves."""
FAILURE = "pensieve: "
"""So begins the line in which `main.py` says why a command has failed."""
LOOK_SECONDS = 0.1
"""Between two looks at another process, which tells nobody how far it is."""
LONGEST_LOOK = 6.0
"""Seconds. A server that does not answer is asked for five."""
BEYOND_LOADING_SECONDS = 30.0
BEYOND_DRAIN_SECONDS = 15.0
TAKES_REQUESTS = ("ready", "unloaded")
"""A model that was unloaded for want of work is loaded by the first request."""
PATIENCE_SECONDS = 1.0
"""Of whoever waits before it is said what for."""

MODELS = ("PENSIEVE_MODEL", "PENSIEVE_MODEL__PATH")
PLACES = ("HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "XDG_CACHE_HOME", "OLLAMA_MODELS")
"""Variables that say where models are: a service is to find those that its user finds."""

Say = Callable[[str], None]
Pick = Callable[[], str | None]
"""Names the model to start if none is configured."""


def start(home: Path, settings: Settings, arguments: tuple[str, ...], say: Say, pick: Pick = lambda: None) -> Record:
    """The server of this home, started with these arguments of `pensieve serve` unless it runs already.

    Returns when it is ready. Raises SettingsError with its own words when it cannot be.
    """
    # Before anybody has to wait for the answer to a question.
    chosen = pick() if find(home) is None and not settings.model.path else None
    try:
        with starting(home):
            record = running(home)
            if record is None:
                return _started(home, settings, arguments, say, chosen)
    except OSError as error:
        raise SettingsError(f"{home} cannot be used: {error.strerror or error}.", "Set PENSIEVE_HOME.") from None
    return _ready(home, record, settings, say)


def start_service(
    home: Path, settings: Settings, arguments: tuple[str, ...], say: Say, pick: Pick = lambda: None
) -> Record:
    """As a service of the user; a server that runs already is stopped before. Raises SettingsError."""
    chosen = pick() if not settings.model.path else None
    stop(home, say)
    output = home / OUTPUT
    os.close(_emptied(output))
    install(manager_here(), _command(arguments, chosen), of_ours(environment_elsewhere(home)), output)
    clock = AwakeClock(LONGEST_LOOK)
    deadline = clock() + settings.worker.load_seconds + BEYOND_LOADING_SECONDS
    while clock() < deadline:
        if why := _failures(output.read_text(encoding="utf-8", errors="replace").splitlines()):
            # The manager would try it again and again.
            remove(manager_here())
            raise SettingsError(f"The server did not start. {why[-1]}")
        record = find(home)
        if record is not None and _status(record) in TAKES_REQUESTS:
            return record
        time.sleep(LOOK_SECONDS)
    raise SettingsError("The service did not become ready in time.", f"Its log tells more: {home / 'logs'}.")


def stop_service(home: Path, say: Say) -> Record | None:
    """Also what starts it at each login. Raises SettingsError."""
    record = stop(home, say)
    remove(manager_here())
    return record


def stop(home: Path, say: Say) -> Record | None:
    """What was stopped; None if nothing ran. Running answers may end first, for as long as the server grants them.

    Raises SettingsError.
    """
    record = find(home)
    if record is None:
        return None
    _signal(record, signal.SIGTERM)
    if not _ends(home, record, PATIENCE_SECONDS):
        say("Waiting for the answers that are being written ...")
        if not _ends(home, record, record.drain_seconds + BEYOND_DRAIN_SECONDS):
            say(f"It does not end (pid {record.pid}): killed.")
            _signal(record, signal.SIGKILL)
            if not _ends(home, record, BEYOND_DRAIN_SECONDS):
                raise SettingsError(f"Process {record.pid} cannot be ended.", "The system tells more: `ps`, `dmesg`.")
    return record


def _ends(home: Path, record: Record, seconds: float) -> bool:
    deadline = awake() + seconds
    while _is(record, find(home)):
        if awake() > deadline:
            return False
        time.sleep(LOOK_SECONDS)
    return True


def _signal(record: Record, number: int) -> None:
    """Raises SettingsError. A home may be shared with another machine or container, in which a process has this number
    that is another program here."""
    try:
        if "serve" not in psutil.Process(record.pid).cmdline():
            raise SettingsError(
                f"The server runs elsewhere: process {record.pid} here is another program.", "Stop it where it runs."
            )
        os.kill(record.pid, number)
    except (psutil.NoSuchProcess, ProcessLookupError):
        return
    except (psutil.AccessDenied, PermissionError):
        raise SettingsError(f"Process {record.pid} belongs to another user.", "Stop it as that user.") from None


def find(home: Path) -> Record | None:
    """The server of this home, if one runs. Raises SettingsError."""
    try:
        return running(home)
    except OSError as error:
        raise SettingsError(
            f"{home / 'run'} cannot be read: {error.strerror or error}.", "Set PENSIEVE_HOME."
        ) from None


def own_command() -> list[str]:
    return [sys.executable, "-m", "pensieve"]


def _command(arguments: tuple[str, ...], pick: str | None) -> list[str]:
    return [*own_command(), "serve", "--background", *(("--pick", pick) if pick else ()), *arguments]


def of_ours(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that a server started elsewhere would need."""
    return {name: value for name, value in environment.items() if name.startswith("PENSIEVE_") or name in PLACES}


def restart_takes(record: Record, variables: tuple[str, ...], option: str | None) -> str:
    """What has to be done so that the server that runs uses what was written into the config file. `variables` and
    `option` are other ways to say the same."""
    for given in ("--config", option, *variables):
        if given and (given in record.arguments or given in record.environment):
            start = "pensieve start --service" if manager_here().file.exists() else "pensieve start"
            return f"The server that runs was started with {given}: `pensieve stop`, then `{start}` without it."
    return "`pensieve restart` makes the server that runs use it."


def _is(record: Record, other: Record | None) -> bool:
    return other is not None and (other.pid, other.started) == (record.pid, record.started)


def _started(home: Path, settings: Settings, arguments: tuple[str, ...], say: Say, pick: str | None) -> Record:
    output = home / OUTPUT
    with open(_emptied(output), "wb") as file, _held_back() as interrupted:
        server = subprocess.Popen(
            _command(arguments, pick),
            cwd=home,
            env=environment_elsewhere(home),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    try:
        if interrupted:
            raise KeyboardInterrupt
        return _when_ready(server, home, settings, output, say)
    except BaseException:
        # Whoever presses Ctrl-C meanwhile does not want it any more.
        server.terminate()
        raise


def _emptied(output: Path) -> int:
    """Raises SettingsError."""
    try:
        # One by one: folders between would be readable by all.
        for folder in (output.parents[1], output.parent):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise SettingsError(f"{output} cannot be written: {error.strerror}.", "Set PENSIEVE_HOME.") from None


def _failures(lines: list[str]) -> list[str]:
    return [line.removeprefix(FAILURE) for line in lines if line.startswith(FAILURE)]


@contextmanager
def _held_back() -> Iterator[list[int]]:
    """Ctrl-C, which would come between a process and whoever has just started it: only told, in the list."""
    told = list[int]()
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, lambda number, frame: told.append(number))
    try:
        yield told
    finally:
        signal.signal(signal.SIGINT, before)


def absolute_model(name: str) -> str:
    """A path that means the same in another folder; the name of a model as it is."""
    return os.path.abspath(os.path.expanduser(name)) if is_path(name) else name


def environment_elsewhere(home: Path) -> dict[str, str]:
    """This process's, with paths that mean the same in another folder."""
    models = {name: absolute_model(os.environ[name]) for name in MODELS if os.environ.get(name)}
    folders = {name: str(absolute_folder(os.environ[name])) for name in PLACES if os.environ.get(name)}
    return {**os.environ, **models, **folders, "PENSIEVE_HOME": str(home)}


def _when_ready(server: subprocess.Popen[bytes], home: Path, settings: Settings, output: Path, say: Say) -> Record:
    clock = AwakeClock(LONGEST_LOOK)
    deadline = clock() + settings.worker.load_seconds + BEYOND_LOADING_SECONDS
    shown = 0
    while clock() < deadline:
        ended = server.poll() is not None
        lines = output.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
        whole = [line.rstrip() for line in lines if ended or line.endswith("\n")]
        for line in whole[shown:]:
            if not line.startswith(FAILURE):
                say(line)
        shown = len(whole)
        if ended:
            why = _failures(whole)
            raise SettingsError(f"The server did not start. {why[-1] if why else f'Exit code {server.returncode}.'}")
        record = find(home)
        if record is not None and record.pid == server.pid and _status(record) in TAKES_REQUESTS:
            return record
        time.sleep(LOOK_SECONDS)
    raise SettingsError("The server did not become ready in time.", f"Its log tells more: {home / 'logs'}.")


def _ready(home: Path, record: Record, settings: Settings, say: Say) -> Record:
    """One that runs, as soon as it takes requests."""
    clock, told = AwakeClock(LONGEST_LOOK), False
    began = clock()
    while (status := _status(record)) not in TAKES_REQUESTS:
        waited = clock() - began
        if not _is(record, find(home)):
            raise SettingsError("The server has ended meanwhile.", f"Its log tells more: {record.log}.")
        if status == "failed" or waited > settings.worker.load_seconds + BEYOND_LOADING_SECONDS:
            raise SettingsError(
                f"The server (pid {record.pid}) is {status or 'not answering'}.",
                f"Its log tells more: {record.log}. `pensieve restart` starts it anew.",
            )
        if not told and waited > PATIENCE_SECONDS:
            say(f"Waiting for the server, which is {(status or 'not answering').replace('_', ' ')} ...")
            told = True
        time.sleep(LOOK_SECONDS)
    return record


def _status(record: Record) -> str:
    """As `/health` tells it; "" if nobody answers."""
    try:
        return str(ask(record.url, "/health").get("status"))
    except NoAnswer:
        return ""
