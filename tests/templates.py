"""The chat templates of the model families as their makers wrote them, out of Python packages that carry them."""

from __future__ import annotations

import json
import zipfile
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent.parent / ".templates"
TRL = FOLDER / "trl-1.16.0-py3-none-any.whl"
XINFERENCE = FOLDER / "xinference-4.1.0-py3-none-any.whl"


@cache
def templates() -> dict[str, str]:
    """Name to source. Of equal templates only one is there, and none that is meant for training only."""
    names: dict[str, str] = {}
    for name, source in (*_of_trl(), *_of_xinference()):
        if source and not name.endswith("_training"):
            names.setdefault(source, name)
    return {name: source for source, name in sorted(names.items(), key=lambda item: item[1])}


def _of_trl() -> list[tuple[str, str]]:
    with _opened(TRL) as wheel:
        return [
            (Path(name).stem, wheel.read(name).decode())
            for name in wheel.namelist()
            if name.startswith("trl/chat_templates/") and name.endswith(".jinja")
        ]


def _of_xinference() -> list[tuple[str, str]]:
    with _opened(XINFERENCE) as wheel:
        found = []
        for name in sorted(wheel.namelist()):
            if name.startswith("xinference/model/llm/models/") and name.endswith(".json"):
                models = json.loads(wheel.read(name))
                found += [(model["model_name"], model.get("chat_template") or "") for model in models]
        return found


def _opened(wheel: Path) -> zipfile.ZipFile:
    if not wheel.exists():
        raise FileNotFoundError(f"{wheel} is missing: run `make test`, which brings it")
    return zipfile.ZipFile(wheel)
