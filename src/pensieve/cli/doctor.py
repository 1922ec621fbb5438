"""`pensieve doctor`: is everything there that is needed? What is not is said with its remedy, and mended where that is
safe.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import stat
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from pensieve.cli.ask import NoAnswer, ask
from pensieve.cli.background import find
from pensieve.cli.claude import INSTALL, endpoint_of
from pensieve.cli.client import settings_for_all
from pensieve.cli.pick import fitted_to
from pensieve.cli.record import Record
from pensieve.cli.setup import read_kept
from pensieve.config.load import load_settings, user_home
from pensieve.config.settings import Settings, is_loopback
from pensieve.core.errors import SettingsError
from pensieve.core.model import ModelCard
from pensieve.library.cards import check_whole
from pensieve.library.find import LIBRARIES, Library, how_to_install, is_installed
from pensieve.library.places import hugging_face_cache
from pensieve.memory.probe import Probe
from pensieve.memory.state import GB
from pensieve.supervisor.plan import lines_of

TRIED_CLIENT = (2, 1, 329)
"""The version of Claude Code that Pensieve is tested with."""
LEAST_DISK = 2 * GB
CLIENT_SECONDS = 20
MARKS = {"ok": "+", "note": "-", "bad": "!"}


class Finding(NamedTuple):
    """`mend` is safe to be called; None where only the user can do something."""

    name: str
    verdict: Literal["ok", "note", "bad"]
    words: str
    remedy: str = ""
    mend: Callable[[], None] | None = None


def examine(home: Path, environment: Mapping[str, str], fix: bool, as_json: bool) -> int:
    """Prints what is found; the exit code: 1 if something stays bad."""
    found = []
    for finding in findings(home, environment):
        if fix and finding.mend is not None:
            finding.mend()
            finding = finding._replace(verdict="ok", words=f"{finding.words} Mended.", remedy="", mend=None)
        found.append(finding)
        if not as_json:
            print(f"{MARKS[finding.verdict]} {finding.name:<10}{' '.join(filter(None, finding[2:4]))}", flush=True)
    if as_json:
        print(json.dumps([finding._asdict() | {"mend": finding.mend is not None} for finding in found], indent=2))
    return int(any(finding.verdict == "bad" for finding in found))


def findings(home: Path, environment: Mapping[str, str]) -> Iterator[Finding]:
    """One check after the other; those that need a settings file that can be read are left out without one."""
    yield _home(home)
    try:
        settings = load_settings(environment)
        lines_of(settings.memory, Probe().read())
    except SettingsError as error:
        yield Finding("settings", "bad", error.message, error.remedy)
        return
    yield Finding("settings", "ok", "all keys are valid")
    record = find(home)
    yield _server(record, settings) if record else _port(settings)
    yield from _model(settings, record)
    yield _memory(settings)
    yield _disk("disk", home)
    yield _disk("models", hugging_face_cache(environment, user_home()))
    yield _client(environment)
    yield _token(settings)
    yield _setup(home, record, settings, environment)


def _home(home: Path) -> Finding:
    if not home.exists():
        return Finding("home", "ok", f"{home} will be made by the first start")
    if not os.access(home, os.W_OK | os.X_OK):
        return Finding("home", "bad", f"{home} cannot be written.", "Make it yours, or set PENSIEVE_HOME.")
    if stat.S_IMODE(home.stat().st_mode) & 0o077:
        return Finding(
            "home", "bad", f"{home} can be read by others.", f"chmod 700 {home}", lambda: os.chmod(home, 0o700)
        )
    return Finding("home", "ok", str(home))


def _server(record: Record, settings: Settings) -> Finding:
    try:
        health = ask(record.url, "/health")
        ask(record.url, "/v1/models", settings.server.token_or_local)
    except NoAnswer as error:
        return Finding("server", "bad", f"It runs (pid {record.pid}), but {error}", "`pensieve restart`")
    if health["status"] not in ("ready", "unloaded"):
        return Finding(
            "server", "bad", f"The model is {health['status']}.", f"`pensieve logs` tells more: {record.log}"
        )
    return Finding("server", "ok", f"{record.url} serves {health['model']}")


def _port(settings: Settings) -> Finding:
    host, port = settings.server.host, settings.server.port
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return Finding(
                "port",
                "bad",
                f"{host}:{port} cannot be used: {error.strerror or error}.",
                "Stop what uses it, or `pensieve config set server.port` another.",
            )
    return Finding("port", "ok", f"{host}:{port} is free")


def _model(settings: Settings, record: Record | None) -> Iterator[Finding]:
    try:
        card = Library(os.environ, user_home()).card(settings.model.path, settings.engine.kind)
        check_whole(card)
    except SettingsError as error:
        yield Finding("model", "bad", error.message, error.remedy)
        return
    if not settings.model.path:
        yield Finding(
            "model",
            "note",
            "None is configured: `pensieve start` takes the best that is here, or else the tiny Pensieve Nano.",
            "`pensieve use` chooses one.",
        )
    elif record:
        # Beside itself it would not fit a second time.
        yield Finding("model", "ok", card.id)
    else:
        yield _fit(card, settings)
    if not is_installed(card.engine):
        yield Finding("engine", "bad", f"{LIBRARIES[card.engine]} is not installed.", how_to_install(card.engine))
    else:
        yield Finding("engine", "ok", card.engine)


def _fit(card: ModelCard, settings: Settings) -> Finding:
    fitted = fitted_to(card, settings, Probe().read())
    needed = f"{fitted.cost.total / GB:.1f} GB"
    if not fitted.fits:
        can = f"{max(0, fitted.budget or 0) / GB:.1f} GB"
        return Finding(
            "model", "bad", f"{card.id} needs {needed}; {can} can be had.", "Close programs, or take a smaller."
        )
    return Finding("model", "ok", f"{card.id}: {fitted.context:,} tokens in {needed}")


def _memory(settings: Settings) -> Finding:
    sample = Probe().read()
    if sample.available is None:
        return Finding("memory", "note", "It cannot be read here, so it is not guarded.")
    warn = lines_of(settings.memory, sample).warn
    words = f"{sample.available / GB:.1f} of {(sample.total or 0) / GB:.1f} GB available"
    if sample.available < warn * GB:
        return Finding("memory", "note", f"{words}, below the first line of {warn:g} GB.", "Close programs.")
    return Finding("memory", "ok", words)


def _disk(name: str, wanted: Path) -> Finding:
    place = next(folder for folder in (wanted, *wanted.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    words = f"{free / GB:.1f} GB free at {place}"
    return Finding(name, "ok", words) if free >= LEAST_DISK else Finding(name, "note", words, "Make room.")


def _client(environment: Mapping[str, str]) -> Finding:
    command = shutil.which("claude", path=environment.get("PATH"))
    if command is None:
        return Finding("client", "note", "There is no `claude` on the PATH.", INSTALL)
    try:
        said = subprocess.run([command, "--version"], capture_output=True, text=True, timeout=CLIENT_SECONDS).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding("client", "bad", f"{command} cannot be run: {error}.", INSTALL)
    version = tuple(map(int, re.findall(r"\d+", said)[:3]))
    shown, tried = ".".join(map(str, version)), ".".join(map(str, TRIED_CLIENT))
    if version < TRIED_CLIENT:
        return Finding("client", "note", f"Claude Code {shown} is older than {tried}, which is tried.", INSTALL)
    return Finding("client", "ok", f"Claude Code {shown}")


def _token(settings: Settings) -> Finding:
    if settings.server.token:
        return Finding("token", "ok", "one of your own")
    if not is_loopback(settings.server.host):
        return Finding(
            "token",
            "bad",
            f"Listening on {settings.server.host} needs one: others could use the server.",
            "`pensieve config set server.token -`, or listen on 127.0.0.1.",
        )
    return Finding("token", "ok", "the local ones, on loopback only")


def _setup(home: Path, record: Record | None, settings: Settings, environment: Mapping[str, str]) -> Finding:
    try:
        kept = read_kept(home)
    except SettingsError as error:
        return Finding("setup", "bad", error.message, error.remedy)
    if kept is None:
        return Finding("setup", "ok", "Claude Code itself talks to the cloud; `pensieve claude` does not")
    if record is None:
        return Finding(
            "setup", "bad", f"By {kept.path} Claude Code uses a server that does not run.", "`pensieve start`"
        )
    try:
        now = settings_for_all(endpoint_of(record, settings, lambda line: None), environment)
    except SettingsError as error:
        return Finding("setup", "bad", error.message, error.remedy)
    if kept.ours.get("env", {}) | {"NO_PROXY": "", "no_proxy": ""} != now["env"] | {"NO_PROXY": "", "no_proxy": ""}:
        return Finding(
            "setup", "bad", f"{kept.path} tells Claude Code of another server or window.", "`pensieve setup`"
        )
    return Finding("setup", "ok", f"Claude Code uses this server everywhere, by {kept.path}")
