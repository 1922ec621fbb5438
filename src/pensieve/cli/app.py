"""Every command and what it is given. What a command does is in a module of its own, imported when it is asked for."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pensieve import __version__
from pensieve.cli.config_commands import config_app, say_when_it_counts

if TYPE_CHECKING:
    from pensieve.cli.client import Endpoint
    from pensieve.cli.record import Record
    from pensieve.config.settings import Settings

app = typer.Typer(
    help="Run Claude Code, and any client of the Anthropic Messages API, on a model of your own machine.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(config_app, name="config")

Host = Annotated[str | None, typer.Option(help="Address to listen on.")]
Port = Annotated[int | None, typer.Option(help="Port to listen on; 0 picks a free one.")]
Model = Annotated[str | None, typer.Option(help="The model: its name, a GGUF file, or a folder for MLX.")]
Engine = Annotated[str | None, typer.Option(help="auto, llamacpp, mlx or scripted.")]
Config = Annotated[Path | None, typer.Option(help="Config file instead of the one in PENSIEVE_HOME.")]
Name = Annotated[str, typer.Argument(help="Its name, or a path.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback(invoke_without_command=True)
def root(version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False) -> None:
    if version:
        print(f"pensieve {__version__}")
        raise typer.Exit


@app.command(options_metavar="[OPTIONS] [ARGUMENTS OF CLAUDE CODE]...", context_settings={"allow_extra_args": True})
def claude(
    context: typer.Context,
    model: Model = None,
    print_env: Annotated[
        bool, typer.Option("--print-env", help="Print the environment for other shells and editors instead.")
    ] = False,
) -> None:
    """Run Claude Code on the local model, in this terminal only.

    The server is started if it does not run. All further arguments are Claude Code's own.
    """
    from pensieve.cli.claude import WITHOUT_A_MODEL, become, find_claude, launch, print_environment

    if context.args and context.args[0] in WITHOUT_A_MODEL:
        become(context.args, os.environ)
    if print_env:
        print_environment(_endpoint(model), _home())
        return
    find_claude(os.environ)
    launch(_endpoint(model), _home(), context.args, _say)


@app.command()
def setup(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Make it as it was before.")] = False,
) -> None:
    """Have Claude Code use the local model everywhere, by its own settings file."""
    from pensieve.cli.client import settings_for_all
    from pensieve.cli.setup import Setup, settings_file, undo as undo_setup
    from pensieve.config.settings import LOCAL_TOKEN

    if undo:
        file = undo_setup(_home())
        _say(f"{file} is as it was before." if file else "Nothing was set up.")
        return
    endpoint = _endpoint(None)
    planned = Setup(
        settings_file(os.environ),
        _home(),
        settings_for_all(endpoint, os.environ),
        secret=endpoint.token != LOCAL_TOKEN,
    )
    if not planned.difference:
        _say("Everything is set up already.")
        return
    print(planned.difference, end="")
    if not yes and not typer.confirm("Write this?", err=True):
        raise typer.Exit(1)
    planned.write()
    _say("Done. `pensieve setup --undo` makes it as it was before.")


@app.command()
def serve(
    host: Host = None,
    port: Port = None,
    model: Model = None,
    engine: Engine = None,
    config: Config = None,
    background: Annotated[bool, typer.Option("--background", hidden=True)] = False,
    pick: Annotated[str | None, typer.Option("--pick", hidden=True)] = None,
) -> None:
    """Serve a model on this machine, in the foreground."""
    from pensieve.cli.serve import serve as run

    arguments, settings = _serving(host, port, model, engine, config)
    run(settings, _home(), arguments, background, pick)


@app.command()
def start(
    host: Host = None,
    port: Port = None,
    model: Model = None,
    engine: Engine = None,
    config: Config = None,
    service: Annotated[bool, typer.Option("--service", help="As a service of yours: also after each login.")] = False,
) -> None:
    """Start the server in the background, unless it runs already.

    Without a configured model it takes the best of those on this machine.
    """
    arguments, settings = _serving(host, port, model, engine, config)
    record = _start(settings, arguments, service)
    if arguments and record.arguments != arguments:
        _say("It runs already, as it was started before: `pensieve stop` first, to start it otherwise.")
    print(f"Pensieve runs at {record.url} (pid {record.pid}).")


@app.command()
def stop(
    service: Annotated[bool, typer.Option("--service", help="Do not start it at each login any more, too.")] = False,
) -> None:
    """Stop the server; the answers that are being written may end."""
    from pensieve.cli.background import stop as end, stop_service

    record = (stop_service if service else end)(_home(), _say)
    print(f"Stopped (pid {record.pid})." if record else "No server runs.")


@app.command()
def restart() -> None:
    """Stop the server and start it again as it was started; a service stays one."""
    from pensieve.cli.background import find, stop as end
    from pensieve.cli.user_service import manager_here
    from pensieve.config.load import spellings

    before = find(_home())
    arguments = before.arguments if before else ()
    said_here = frozenset(os.environ)
    for name, value in before.environment.items() if before else ():
        if said_here.isdisjoint(spellings(name)):
            os.environ[name] = value
    given = (option_in(arguments, name) for name in ("--host", "--port", "--model", "--engine", "--config"))
    host, port, model, engine, config = given
    _, settings = _serving(host, int(port) if port else None, model, engine, Path(config) if config else None)
    end(_home(), _say)
    record = _start(settings, arguments, service=manager_here().file.exists())
    print(f"Pensieve runs at {record.url} (pid {record.pid}).")


@app.command()
def status(
    as_json: AsJson = False,
    watching: Annotated[bool, typer.Option("--watch", help="Again every second, until Ctrl-C.")] = False,
) -> None:
    """Tell what runs: the model, memory, requests and how far they are. Exit code 3 when nothing does."""
    from pensieve.cli.status import status as tell, watch

    raise typer.Exit((watch if watching else tell)(_home(), as_json))


@app.command()
def logs(
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the last lines.")] = 50,
) -> None:
    """Show the server's log."""
    from pensieve.cli.logs import FILE
    from pensieve.cli.tail import show

    show(_home() / FILE, lines, follow)


@app.command()
def models(as_json: AsJson = False) -> None:
    """List the models on this machine, also those of other programs, and whether they fit."""
    from pensieve.cli.models import show_all

    show_all(_home(), as_json)


@app.command()
def show(name: Name) -> None:
    """Tell what is known of one model."""
    from pensieve.cli.models import show_one

    show_one(_home(), name)


@app.command()
def use(name: Name) -> None:
    """Make a model the one that is served."""
    from pensieve.cli.models import use as choose

    print(f"{choose(_home(), name).id} is served from the next start on.")
    say_when_it_counts(_home(), "model.path")


@app.command()
def pull(
    name: Annotated[
        str, typer.Argument(help="A name of `pensieve recommend`, org/name or org/name:Q4_K_M; name:mlx for MLX.")
    ],
) -> None:
    """Fetch a model; an interrupted download is continued."""
    from pensieve.cli.background import find
    from pensieve.cli.models import pull as fetch

    card = fetch(name)
    print(f"{card.id} is here. `pensieve use {card.id}` makes it the one that is served.")
    if find(_home()):
        _say("The server that runs goes on with the model it has until `pensieve restart`.")


@app.command()
def recommend(as_json: AsJson = False) -> None:
    """List the models of the catalog that fit this machine, the best first."""
    from pensieve.cli.pick import show_catalog

    show_catalog(as_json)


@app.command("rm")
def remove(name: Name, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Remove a model that was fetched from the hub, or what has come of one (org/name)."""
    from pensieve.cli.models import broken_off, removable, remove as delete

    left = broken_off(name)
    if left:
        freed = left.size
        if not yes and not typer.confirm(f"Remove what has come of {name}, {freed / 1e9:.1f} GB?", err=True):
            raise typer.Exit(1)
        left.remove()
        print(f"Removed what had come of {name}: {freed / 1e9:.1f} GB.")
        return
    card = removable(_home(), name)
    if not yes and not typer.confirm(f"Remove {card.id}, {card.weight_bytes / 1e9:.1f} GB?", err=True):
        raise typer.Exit(1)
    delete(card)
    print(f"Removed {card.id}: {card.weight_bytes / 1e9:.1f} GB.")


@app.command()
def chat(
    prompt: Annotated[str | None, typer.Argument(help="Is answered, and that is all. Without: a conversation.")] = None,
    model: Model = None,
) -> None:
    """Talk to the model in the terminal, without tools."""
    from pensieve.cli.chat import answer_once, talk

    if prompt is None and sys.stdin and not sys.stdin.isatty():
        prompt = sys.stdin.buffer.read().decode(errors="replace")
    endpoint = _endpoint(model)
    if prompt is None:
        talk(endpoint, _home())
    else:
        answer_once(endpoint, prompt)


@app.command()
def bench(
    model: Model = None,
    plot: Annotated[Path | None, typer.Option(help="Also draw it, as PNG, into this file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Measure how fast the model reads and writes, and what the turns of a conversation cost."""
    from pensieve.cli import bench as benchmark

    result = benchmark.bench(_endpoint(model), _say)
    print(benchmark.as_json(result) if as_json else benchmark.table(result))
    if plot:
        benchmark.plot(result, plot)


@app.command()
def cache(clear: Annotated[bool, typer.Option("--clear", help="Remove what can be made anew.")] = False) -> None:
    """Tell what is kept so that it need not be read again."""
    from pensieve.cli import cache as kept

    if clear:
        print(f"Removed {kept.clear(_home()) / 1e6:.1f} MB.")
    else:
        kept.show(_home())


@app.command()
def doctor(
    fix: Annotated[bool, typer.Option("--fix", help="Mend what is safe to mend.")] = False, as_json: AsJson = False
) -> None:
    """Check everything that is needed; what is missing is said with its remedy. Exit code 1 if something is."""
    from pensieve.cli.doctor import examine

    raise typer.Exit(examine(_home(), os.environ, fix, as_json))


def option_in(arguments: tuple[str, ...], name: str) -> str | None:
    """The value of an option among recorded arguments."""
    return arguments[arguments.index(name) + 1] if name in arguments else None


def _serving(
    host: str | None, port: int | None, model: str | None, engine: str | None, config: Path | None
) -> tuple[tuple[str, ...], Settings]:
    """The arguments of `pensieve serve` that mean the same in any folder, and all settings."""
    from pensieve.config.load import load_settings

    if model:
        from pensieve.cli.background import absolute_model

        model = absolute_model(model)
    if config:
        config = config.expanduser().absolute()
    named = {"--host": host, "--port": port, "--model": model, "--engine": engine, "--config": config}
    arguments = tuple(word for name, value in named.items() if value is not None for word in (name, str(value)))
    flags = {"server.host": host, "server.port": port, "model.path": model, "engine.kind": engine}
    return arguments, load_settings(os.environ, flags, config)


def _home() -> Path:
    from pensieve.config.load import home

    return home(os.environ)


def _start(settings: Settings, arguments: tuple[str, ...], service: bool = False) -> Record:
    from pensieve.cli.background import start, start_service
    from pensieve.cli.pick import picked

    begin = start_service if service else start
    return begin(_home(), settings, arguments, _say, pick=lambda: picked(settings, _asks_to_fetch, _say))


def _endpoint(model: str | None) -> Endpoint:
    """A server that is ready, started if need be."""
    from pensieve.cli.background import find
    from pensieve.cli.claude import endpoint_of
    from pensieve.library.names import Names

    running = find(_home())
    config = option_in(running.arguments, "--config") if running else None
    arguments, settings = _serving(None, None, model, None, Path(config) if config else None)
    if model and not running and (meant := Names("", settings.model.aliases).model(model)) != model:
        # Nobody is there yet who knows its other names. Those of the default mean no model.
        arguments, settings = _serving(None, None, meant or None, None, None)
    return endpoint_of(_start(settings, arguments), settings, _say, model)


def _asks_to_fetch(what: str) -> bool:
    """Only where somebody can answer, and sees what is asked."""
    return bool(sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()) and typer.confirm(
        f"{what} Fetch it?", default=False, err=True
    )


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
