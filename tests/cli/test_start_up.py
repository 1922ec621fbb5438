"""`--help` and `status` load nothing large. How quick they are, benchmarks/cli.py tells."""

from __future__ import annotations

import subprocess
import sys

import pytest

LARGE = {
    *("httpx2", "huggingface_hub", "jinja2", "mlx", "msgspec", "numpy", "psutil", "regex", "rich", "starlette"),
    *("tomlkit", "uvicorn", "xllamacpp"),
}


@pytest.mark.parametrize(("module", "more"), [("pensieve.cli.main", {"typer", "asyncio"}), ("pensieve.cli.app", set())])
def test_nothing_large_is_loaded_before_it_is_needed(module: str, more: set[str]) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert module in loaded and not (LARGE | more) & set(loaded)
