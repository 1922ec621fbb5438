"""What a person types."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from pensieve import __version__
from pensieve.config.load import home, load_settings
from pensieve.core.errors import SettingsError

app = typer.Typer(
    help="Run Claude Code, and any client of the Anthropic Messages API, on a model of your own machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def root(version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False) -> None:
    if version:
        print(f"pensieve {__version__}")
        raise typer.Exit


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 picks a free one.")] = None,
    model: Annotated[
        str | None, typer.Option(help="The model: a GGUF file or a folder for MLX. Without: Pensieve Nano.")
    ] = None,
    engine: Annotated[str | None, typer.Option(help="auto, llamacpp, mlx or scripted.")] = None,
    config: Annotated[Path | None, typer.Option(help="Config file instead of the one in PENSIEVE_HOME.")] = None,
) -> None:
    """Serve a model on this machine, in the foreground."""
    from pensieve.cli.serve import serve as run

    flags = {"server.host": host, "server.port": port, "model.path": model, "engine.kind": engine}
    run(load_settings(os.environ, flags, config), home(os.environ))


def main() -> None:
    """Runs the command. What the user can mend is one line and exit code 2."""
    try:
        app()
    except SettingsError as error:
        print(f"pensieve: {error}", file=sys.stderr)
        sys.exit(2)
