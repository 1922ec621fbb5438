"""`docs/cli.md` says what the commands say, and every command says something."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from command import pensieve, well
from pensieve.cli.reference import reference

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"
COMMANDS = re.findall(r"^## pensieve ?(.*)$", reference(), re.MULTILINE)


def test_the_page_is_made_from_the_commands() -> None:
    assert PAGE.read_text() == reference(), "python -m pensieve.cli.reference > docs/cli.md"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    told = well(pensieve(*command.split(), "--help"))
    assert told.startswith(f"Usage: pensieve {command}".strip()) and "--help" in told


def test_a_command_that_does_not_exist() -> None:
    done = pensieve("sevre")
    assert done.returncode == 2 and "serve" in done.stderr and "Traceback" not in done.stderr


def test_completion_knows_the_commands() -> None:
    done = pensieve(_PENSIEVE_COMPLETE="complete_bash", COMP_WORDS="pensieve st", COMP_CWORD="1")
    assert done.stdout.split() == ["start", "stop", "status"]
