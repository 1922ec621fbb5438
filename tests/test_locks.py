"""What is installed for running is what `pyproject.toml` asks for, and development installs the same and more."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def pins(file: str) -> dict[str, str]:
    """Versions by name; what stands behind `;` says on which machines."""
    lines = (line.partition(";")[0].strip() for line in (ROOT / file).read_text().splitlines())
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def asked(requirements: list[str]) -> dict[str, str]:
    return {name: version for name, version in (re.split("==|;", one)[:2] for one in requirements)}


def test_the_locks_hold_what_is_asked_for() -> None:
    assert asked(PROJECT["project"]["dependencies"]).items() <= pins("requirements.lock").items()
    assert asked(PROJECT["dependency-groups"]["dev"]).items() <= pins("requirements-dev.lock").items()


def test_running_and_development_have_the_same_versions() -> None:
    running, development = pins("requirements.lock"), pins("requirements-dev.lock")
    assert running.items() < development.items()
    assert running.keys().isdisjoint({"mypy", "ruff", "pytest", "hypothesis", "matplotlib", "anthropic"})


def test_no_lock_names_an_index() -> None:
    for file in ROOT.glob("requirements*.lock"):
        assert not re.search(r"://|^-", file.read_text(), re.MULTILINE), file
