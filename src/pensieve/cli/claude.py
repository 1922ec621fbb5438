"""`pensieve claude`: Claude Code on the local model, in this terminal only."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from pensieve.cli.ask import NoAnswer, ask
from pensieve.cli.client import (
    FEW_TOOLS,
    Endpoint,
    environment,
    is_foreign,
    is_snug,
    merged,
    settings as settings_of,
    variables,
)
from pensieve.cli.forecast import forecast
from pensieve.cli.record import Record
from pensieve.config.load import user_home
from pensieve.config.settings import Settings
from pensieve.core.clock import AwakeClock
from pensieve.core.errors import SettingsError
from pensieve.library.find import Library
from pensieve.library.names import Names

INSTALL = "npm install -g @anthropic-ai/claude-code"
SETTINGS = "claude"
"""The folder of the home for the settings files of running clients; the newest MOST_FILES of them stay."""
MOST_FILES = 20
WITHOUT_A_MODEL = frozenset(
    (
        *("--version", "-v", "auth", "auto-mode", "doctor", "import", "install", "kill", "logs", "mcp", "plugin"),
        *("plugins", "purge", "rm", "setup-token", "stop", "update", "upgrade"),
    )
)
"""First words with which the client (2.1.329) asks no model."""
NOT_FOUND, UNAVAILABLE = 404, 503
LOADING = ("loading", "restarting")
LOADING_SECONDS = 60.0
"""Longer than the server lets a request wait for a model that is being loaded."""


def find_claude(environment: Mapping[str, str]) -> str:
    """Raises SettingsError."""
    found = shutil.which("claude", path=environment.get("PATH"))
    if found is None:
        raise SettingsError("There is no `claude` on the PATH.", f"Install Claude Code: {INSTALL}")
    return found


def endpoint_of(record: Record, settings: Settings, say: Callable[[str], None], model: str | None = None) -> Endpoint:
    """The server with the `model` that was asked for, loaded if need be; without one, its default. Raises
    SettingsError."""
    token = settings.server.token_or_local
    try:
        health = ask(record.url, "/health")
        # Also the proof that the server accepts this token.
        ask(record.url, "/v1/models", token)
        default = Endpoint(record.url, token, health["model"], health["context"])
        model = Names(default.model, settings.model.aliases).model(model or default.model)
        if model == default.model:
            return default
        library = Library(os.environ, user_home())
        wanted = library.card(model, settings.engine.kind)
        if wanted.id == default.model:
            return default
        found = library.named(wanted.id)
        if found is None or found.path != wanted.path:
            raise _unknown(model)
        return _loaded(default._replace(model=wanted.id), settings, say)
    except NoAnswer as error:
        raise SettingsError(str(error), "`pensieve restart` starts the server anew.") from None


def _loaded(wanted: Endpoint, settings: Settings, say: Callable[[str], None]) -> Endpoint:
    """With another model than the default, as soon as it is loaded. Raises SettingsError and NoAnswer."""
    body = {"model": wanted.model, "messages": [{"role": "user", "content": "Hello"}]}
    clock = AwakeClock(LOADING_SECONDS)
    deadline = clock() + settings.worker.load_seconds
    say(f"Loading {wanted.model} ...")
    while True:
        try:
            ask(wanted.url, "/v1/messages/count_tokens", wanted.token, LOADING_SECONDS, body)
            info = ask(wanted.url, f"/v1/models/{wanted.model}", wanted.token)
            return wanted._replace(context=info["max_input_tokens"] + 1)
        except NoAnswer as error:
            if error.status == NOT_FOUND:
                raise _unknown(wanted.model) from None
            if error.status != UNAVAILABLE or clock() > deadline or not _is_loading(wanted.url):
                raise
            # The server may refuse at once while another model is being loaded.
            time.sleep(1)


def _unknown(model: str) -> SettingsError:
    return SettingsError(f"The server that runs does not know {model}.", "`pensieve stop` ends it; try again then.")


def _is_loading(url: str) -> bool:
    """This model, or one that is in front of it."""
    return any(model["status"] in LOADING for model in ask(url, "/health")["models"])


def launch(endpoint: Endpoint, home: Path, arguments: list[str], say: Callable[[str], None]) -> None:
    """Becomes Claude Code. Raises SettingsError; returns never."""
    rest, own = _without_settings(arguments)
    if sys.stderr.isatty():
        say(f"Claude Code on {endpoint.model}, {endpoint.context:,} tokens.")
        say(forecast(endpoint))
    told = environment(endpoint, os.environ)
    file = write_settings(home, merged(own, settings_of(endpoint, os.environ)))
    tools = list[str]()
    if is_snug(endpoint) and not any(word.startswith("--tools") for word in rest):
        say(f"A window of {endpoint.context:,} tokens is small for Claude Code: it gets the tools {FEW_TOOLS} only.")
        tools = ["--tools", FEW_TOOLS]
    # In this order: the option for tools takes all words up to the next option.
    become([*tools, "--settings", str(file), *rest], told)


def become(arguments: list[str], environment: Mapping[str, str]) -> NoReturn:
    """This process is Claude Code from here on. Raises SettingsError."""
    command = find_claude(environment)
    try:
        os.execve(command, [command, *arguments], environment)
    except OSError as error:
        raise SettingsError(f"{command} cannot be run: {error.strerror}.", f"Install it anew: {INSTALL}") from None


def print_environment(endpoint: Endpoint, home: Path) -> None:
    """For `eval` of sh, bash, zsh and fish, all of which know this form."""
    file = write_settings(home, settings_of(endpoint, os.environ))
    told = variables(endpoint, os.environ)
    # Of another server, or for another window: hidden, since the shells have no word in common that removes them.
    hidden = dict.fromkeys((name for name in os.environ if is_foreign(name)), "")
    for name, value in (hidden | told).items():
        print(f"export {name}={shlex.quote(value)}")
    tools = f"--tools {FEW_TOOLS} " if is_snug(endpoint) else ""
    print(f"# Then: claude {tools}--settings {shlex.quote(str(file))}")


def write_settings(home: Path, content: Mapping[str, Any]) -> Path:
    """A file of its own for each content, since clients that run look into theirs again. Raises SettingsError."""
    text = json.dumps(content, indent=2) + "\n"
    folder = home / SETTINGS
    file = folder / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = file.with_suffix(f".{os.getpid()}")
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as writing:
            writing.write(text)
        new.replace(file)
        for old in sorted(folder.glob("*.json"), key=_age)[MOST_FILES:]:
            old.unlink(missing_ok=True)
    except OSError as error:
        raise SettingsError(f"{folder} cannot be written: {error.strerror or error}.", "Set PENSIEVE_HOME.") from None
    return file


def _age(file: Path) -> float:
    try:
        return -file.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _without_settings(arguments: list[str]) -> tuple[list[str], dict[str, Any]]:
    """The arguments without `--settings`, and what that says: the client takes one. Raises SettingsError."""
    rest, named = list[str](), None
    words = iter(arguments)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word == "--settings":
            named = next(words, "")
        elif word.startswith("--settings="):
            named = word.partition("=")[2]
        else:
            rest.append(word)
    if named is None:
        return rest, {}
    try:
        own = json.loads(named if named.lstrip().startswith("{") else Path(named).expanduser().read_bytes())
    except (OSError, ValueError) as error:
        raise SettingsError(f"--settings {named} cannot be read: {error}.", "Name a JSON file, or JSON.") from None
    if not isinstance(own, dict):
        raise SettingsError(f"--settings {named} holds no JSON object.", "Name a JSON file, or JSON.")
    return rest, own
