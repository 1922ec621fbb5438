"""`pensieve config`: what is set, where it comes from, and how to set it."""

from __future__ import annotations

import getpass
import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

FROM_INPUT = "-"
OPTIONS = {"server.host": "--host", "server.port": "--port", "model.path": "--model", "engine.kind": "--engine"}
"""Of `pensieve serve`."""

config_app = typer.Typer(help="Settings: what is set, and where each value comes from.", no_args_is_help=True)


@config_app.command()
def show(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Every setting, its value, and where that comes from."""
    from pensieve.config.load import KEYS, SECRETS, checked, what_is_set
    from pensieve.config.write import DEFAULTS

    found = what_is_set(os.environ)
    rows = []
    for key in KEYS:
        group, name = key.split(".")
        value, source = found.get(key, (DEFAULTS[group][name], "default"))
        if source != "default":
            value = checked(key, value, source)
        if key in SECRETS and value:
            value = "..."
        rows.append({"key": key, "value": value, "source": source})
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    width = max(len(key) for key in KEYS)
    for row in rows:
        value = "not set" if row["value"] is None else json.dumps(row["value"])
        print(f"{row['key']:<{width}}  {value:<20}  {row['source']}")


@config_app.command()
def generate() -> None:
    """Print a config file with every setting and what it means, ready to be changed."""
    from pensieve.config.write import every_key

    print(every_key(), end="")


@config_app.command()
def validate(file: Annotated[Path | None, typer.Argument(help="Without: the one that is in use.")] = None) -> None:
    """Check the settings, and that the model they name can be read."""
    from pensieve.config.load import home, load_settings, user_home
    from pensieve.config.settings import check_reach
    from pensieve.library.find import Library
    from pensieve.memory.probe import Probe
    from pensieve.supervisor.plan import lines_of

    if file:
        # Also what a variable of this shell would hide.
        load_settings({"PENSIEVE_HOME": str(home(os.environ))}, file=file)
    settings = load_settings(os.environ, file=file)
    check_reach(settings.server.host, settings.server.token)
    lines_of(settings.memory, Probe().read())
    card = Library(os.environ, user_home()).card(settings.model.path, settings.engine.kind)
    print(f"All is well. The model is {card.id}.")


@config_app.command("set")
def set_(
    key: Annotated[str, typer.Argument(help="Such as server.port.")],
    value: Annotated[str, typer.Argument(help="Lists with commas; - reads it from the terminal, for secrets.")],
) -> None:
    """Write one setting into the config file; all else in it stays as it is."""
    from pensieve.config.file import writable_file
    from pensieve.config.load import SECRETS, home
    from pensieve.config.write import set_key

    file = writable_file(home(os.environ))
    if value == FROM_INPUT:
        value = getpass.getpass(f"{key}: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    set_key(file, key, value)
    shown = "..." if key in SECRETS else value
    print(f"{key} = {shown} in {file}.")
    say_when_it_counts(home(os.environ), key)


def say_when_it_counts(home: Path, key: str) -> None:
    """After it was written into the config file: here, and for a server that runs."""
    from pensieve.cli.background import find, restart_takes
    from pensieve.config.file import writable_file
    from pensieve.config.load import variables_of, what_is_set

    winner = what_is_set(os.environ).get(key)
    if winner and winner[1] != str(writable_file(home)):
        print(f"But {winner[1]} wins.", file=sys.stderr)
    running = find(home)
    if running:
        print(restart_takes(running, variables_of(key), OPTIONS.get(key)), file=sys.stderr)


@config_app.command()
def path() -> None:
    """Print where the config file is, or would be."""
    from pensieve.config.file import file_of
    from pensieve.config.load import home

    print(file_of(home(os.environ)))
