"""Where the `pensieve` command begins."""

from __future__ import annotations

import os
import sys

from pensieve.cli.status import quick

OWN_OF_CLAUDE = ("--model", "--print-env", "--help")


def for_the_client(arguments: list[str]) -> list[str]:
    """Of `pensieve claude`: our own options stand in front, and what follows is Claude Code's, to the letter."""
    if arguments[:1] != ["claude"]:
        return arguments
    own, rest = ["claude"], arguments[1:]
    while rest and rest[0].partition("=")[0] in OWN_OF_CLAUDE:
        own.append(rest.pop(0))
        if own[-1] == "--model" and rest:
            own.append(rest.pop(0))
    if rest[:1] == ["--"]:
        del rest[0]
    return [*own, "--", *rest]


def main() -> None:
    """Runs the command. What the user can mend is one line and exit code 2; Ctrl-C is exit code 130."""
    try:
        quick(sys.argv[1:], os.environ.get("PENSIEVE_HOME"))
        _run()
    except KeyboardInterrupt:
        sys.exit(130)


def _run() -> None:
    from pensieve.cli.app import app
    from pensieve.core.errors import SettingsError

    try:
        app(for_the_client(sys.argv[1:]), prog_name="pensieve")
    except SettingsError as error:
        print(f"pensieve: {error}", file=sys.stderr)
        sys.exit(2)
