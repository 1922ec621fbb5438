"""`pensieve serve`: the composition of the server. The only place outside `http` that starts it."""

from __future__ import annotations

import asyncio
import gc
import os
import shlex
import socket
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import uvloop
from msgspec import structs

from pensieve.cli.ask import NoAnswer, ask
from pensieve.cli.background import environment_elsewhere, find, of_ours
from pensieve.cli.logs import start_logging
from pensieve.cli.record import Record, claim
from pensieve.config.load import user_home
from pensieve.config.settings import LOCAL_TOKEN, Server, Settings
from pensieve.core.errors import SettingsError
from pensieve.core.model import ModelCard
from pensieve.http.server import HttpServer, listen, local_url, raise_file_limit, url_of
from pensieve.library.cards import check_whole
from pensieve.library.find import Library
from pensieve.service.service import Service

PROGRESS_SECONDS = 0.5
LOOK_SECONDS = 1.0
"""For whoever has the port to say what it is."""


def serve(
    settings: Settings,
    home: Path,
    arguments: tuple[str, ...] = (),
    background: bool = False,
    pick: str | None = None,
) -> None:
    """Serves until a signal. `arguments` are what a restart would be given. In the `background` nobody reads the
    terminal, and there is one server for each home. `pick` is the model if none is configured. Raises SettingsError
    when it cannot start."""
    if pick and not settings.model.path:
        settings = structs.replace(settings, model=structs.replace(settings.model, path=pick))
    library = Library(os.environ, user_home())
    card = library.card(settings.model.path, settings.engine.kind)
    check_whole(card)
    log = start_logging(home, settings.log.level, to_terminal=not background)
    raise_file_limit()
    listener = _listener(settings.server, home)
    drain, environment = settings.server.drain_seconds, of_ours(environment_elsewhere(home))
    record = Record(os.getpid(), url_of(listener), str(log), arguments, time.time(), drain, environment)
    try:
        alone = claim(home, record)
    except OSError as error:
        raise SettingsError(
            f"{home / 'run'} cannot be used: {error.strerror or error}.", "Set PENSIEVE_HOME."
        ) from None
    if background and not alone:
        raise SettingsError("A server of this home runs already.", "`pensieve status` tells of it.")
    try:
        uvloop.run(_serve(Service(card, settings, home, library.named), settings, log, listener, background))
    finally:
        listener.close()


def _listener(server: Server, home: Path) -> socket.socket:
    """Raises SettingsError, and says whether it is a server of our own that has the port."""
    try:
        return listen(server)
    except SettingsError:
        url = local_url(server.host, server.port)
        try:
            model = ask(url, "/health", seconds=LOOK_SECONDS)["model"]
        except (NoAnswer, KeyError):
            pass
        else:
            record = find(home)
            # A host has several names.
            mine = record is not None and urlsplit(record.url).port == server.port
            raise SettingsError(
                f"A Pensieve server {'of this home' if mine else 'of another home or user'} answers at {url} already, "
                f"with {model}.",
                f"{'`pensieve stop` ends it' if mine else 'Stop it there'}, or choose another port with --port.",
            ) from None
        raise


async def _serve(service: Service, settings: Settings, log: Path, listener: socket.socket, background: bool) -> None:
    server = HttpServer(service, settings.server)
    card, fitted = service.supervisor.card, service.supervisor.fit
    if not settings.model.path:
        command = "pensieve use MODEL && pensieve restart"
        if not background:
            command = shlex.join([*_own_command(), "serve", "--model", "/path/to/model.gguf"])
        _say(
            "No model is configured: this is Pensieve Nano, a tiny demonstration model. For real work load a real one:"
        )
        _say(f"  {command}")
    _say(
        f"Loading {card.description}: {fitted.context:,} of {card.trained_context:,} tokens, "
        f"{fitted.parallel} requests at once{_of_memory(fitted.cost.total, fitted.budget)}."
    )
    serving = asyncio.create_task(server.run_on(listener))
    try:
        await _start(service, card, serving)
        # What was made until now stays: the collector need not look through it again and again between two tokens.
        gc.freeze()
        # In the background, whoever has started it waits until it is ready.
        if not serving.done() and not background:
            _welcome(url_of(listener), "<your token>" if settings.server.token else LOCAL_TOKEN, log)
        await serving
    finally:
        server.should_exit = True
        await asyncio.gather(serving, return_exceptions=True)
        await service.stop()


def _of_memory(needed: int, budget: int | None) -> str:
    return "" if budget is None else f": {needed / 1e9:.1f} GB of {max(0, budget) / 1e9:.1f} GB that can be had"


def _own_command() -> list[str]:
    return [sys.executable, "-m", "pensieve"] if sys.argv[0].endswith(".py") else [sys.argv[0]]


async def _start(service: Service, card: ModelCard, serving: asyncio.Task[None]) -> None:
    """Loads the model, shows how far it is, and stops when a signal ends the server first."""
    loading = asyncio.create_task(service.start())
    while not loading.done() and not serving.done():
        await asyncio.wait({loading, serving}, timeout=PROGRESS_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if not loading.done():
            _show_progress(service.supervisor.loading_pid, card.weight_bytes)
    if loading.done():
        loading.result()
    else:
        loading.cancel()


def _show_progress(pid: int | None, weight_bytes: int) -> None:
    """How much of the file is in memory already, as far as the system tells."""
    if pid is None or not weight_bytes or not sys.stderr.isatty():
        return
    try:
        resident = psutil.Process(pid).memory_info().rss
    except psutil.Error:
        return
    print(f"\rLoading: {min(99, 100 * resident // weight_bytes)} % ", end="", file=sys.stderr, flush=True)


def _welcome(url: str, token: str, log: Path) -> None:
    _say(f"Pensieve is ready at {url}")
    _say(f"Try, in another terminal: {shlex.join([*_own_command(), 'claude'])}")
    _say(f"Any client of the Messages API: ANTHROPIC_BASE_URL={url} ANTHROPIC_AUTH_TOKEN={token}")
    _say(f"(log: {log}; Ctrl-C stops)")


def _say(line: str) -> None:
    lead = "\r" if sys.stderr.isatty() else ""
    print(f"{lead}{line}", file=sys.stderr, flush=True)
