"""`pensieve start --service`: the server as a service of the user, so that it is there after each login.

launchd on macOS, systemd elsewhere. Both start it again when it has crashed, and leave it when it was stopped.
"""

from __future__ import annotations

import os
import plistlib
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from pensieve.config.load import user_home
from pensieve.core.errors import SettingsError

LABEL = "io.pensieve.server"
UNIT = "pensieve.service"
PATIENCE_SECONDS = 60


class Manager(Protocol):
    """What the system's manager of services is told."""

    file: Path

    def text(self, command: list[str], environment: Mapping[str, str], output: Path) -> bytes: ...

    def begin(self) -> list[list[str]]: ...

    def end(self) -> list[list[str]]: ...


class Launchd:
    def __init__(self, user: Path) -> None:
        self.file = user / "Library" / "LaunchAgents" / f"{LABEL}.plist"
        self._domain = f"gui/{os.getuid()}"

    def text(self, command: list[str], environment: Mapping[str, str], output: Path) -> bytes:
        return plistlib.dumps(
            {
                "Label": LABEL,
                "ProgramArguments": command,
                "EnvironmentVariables": dict(environment),
                "StandardErrorPath": str(output),
                "RunAtLoad": True,
                "KeepAlive": {"SuccessfulExit": False},
                "ProcessType": "Interactive",
            }
        )

    def begin(self) -> list[list[str]]:
        return [["launchctl", "bootstrap", self._domain, str(self.file)]]

    def end(self) -> list[list[str]]:
        return [["launchctl", "bootout", f"{self._domain}/{LABEL}"]]


class Systemd:
    def __init__(self, environment: Mapping[str, str], user: Path) -> None:
        config = environment.get("XDG_CONFIG_HOME")
        self.file = (Path(config) if config else user / ".config") / "systemd" / "user" / UNIT

    def text(self, command: list[str], environment: Mapping[str, str], output: Path) -> bytes:
        lines = ["[Unit]", "Description=Pensieve, a local server for the Anthropic Messages API", "", "[Service]"]
        lines += [f"Environment={_quoted(f'{name}={value}').replace('$$', '$')}" for name, value in environment.items()]
        # The server ends its worker in its own time, and starts another when that was killed for want of memory.
        lines += ["KillMode=mixed", "OOMPolicy=continue"]
        lines += [f"StandardError=append:{str(output).replace('%', '%%')}"]
        lines += [f"ExecStart={' '.join(map(_quoted, command))}", "Restart=on-failure", "RestartSec=5", ""]
        return "\n".join([*lines, "[Install]", "WantedBy=default.target", ""]).encode()

    def begin(self) -> list[list[str]]:
        return [["systemctl", "--user", "daemon-reload"], ["systemctl", "--user", "enable", "--now", UNIT]]

    def end(self) -> list[list[str]]:
        return [["systemctl", "--user", "disable", "--now", UNIT]]


def manager_here() -> Manager:
    return Launchd(user_home()) if sys.platform == "darwin" else Systemd(os.environ, user_home())


def install(manager: Manager, command: list[str], environment: Mapping[str, str], output: Path) -> None:
    """Writes what the manager reads and has it start the server, now and at each login.

    What the server says goes to `output`. Raises SettingsError.
    """
    if manager.file.exists():
        remove(manager)
    try:
        manager.file.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(manager.file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(manager.text(command, environment, output))
    except OSError as error:
        raise SettingsError(
            f"{manager.file} cannot be written: {error.strerror}.", "Start it without --service."
        ) from None
    try:
        for told in manager.begin():
            _run(told)
    except SettingsError:
        manager.file.unlink(missing_ok=True)
        raise


def remove(manager: Manager) -> bool:
    """False if there is none. Raises SettingsError."""
    if not manager.file.exists():
        return False
    try:
        for told in manager.end():
            _run(told)
    finally:
        manager.file.unlink(missing_ok=True)
    return True


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    except FileNotFoundError:
        raise SettingsError(f"There is no {command[0]} on this system.", "Start it without --service.") from None
    except subprocess.TimeoutExpired:
        raise SettingsError(f"`{shlex.join(command)}` does not answer.", "Start it without --service.") from None
    if done.returncode:
        why = (done.stderr or done.stdout).strip() or f"exit code {done.returncode}"
        raise SettingsError(f"`{shlex.join(command)}` failed: {why}", "Start it without --service.")


def _quoted(word: str) -> str:
    """As systemd reads it: quotes, and no meaning in %, $ and backslashes (systemd.syntax, systemd.service)."""
    for mark, spelled in (("\\", "\\\\"), ('"', '\\"'), ("%", "%%"), ("$", "$$"), ("\n", "\\n")):
        word = word.replace(mark, spelled)
    return f'"{word}"'
