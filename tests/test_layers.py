"""The import table: who may know whom. A new arrow is a decision, not an accident."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "pensieve"

MAY_IMPORT: dict[str, set[str]] = {
    "core": set(),
    "config": {"core"},
    "wire": {"core.errors"},
    "ipc": {"core"},
    "dialects": {"core"},
    "memory": {"core"},
    "conversation": {"core", "wire"},
    "prompts": {"core"},
    "library": {"core", "config"},
    "engines": {"core"},
    "worker": {"core", "ipc", "engines"},
    "supervisor": {"core", "config", "ipc", "memory"},
    "service": {"core", "config", "wire", "dialects", "memory", "conversation", "prompts", "library", "supervisor"},
    "http": {"core", "config", "wire", "service"},
    "cli": {"core", "config", "library", "memory", "supervisor.plan"},
}
STARTS_THE_SERVER = "cli/serve.py"
"""The one module of `cli` that may also import `http` and `service`: it puts the server together."""

FOREIGN: dict[str, set[str]] = {
    "xllamacpp": {"engines"},
    "starlette": {"http"},
    "uvicorn": {"http"},
    "jinja2": {"prompts"},
    "llguidance": {"dialects", "engines"},
    "mlx": {"engines"},
    "mlx_lm": {"engines"},
    "tokenizers": {"engines"},
    "jsonschema_rs": {"dialects"},
    "cryptography": {"service"},
    "prometheus_client": {"service"},
    "regex": {"service"},
    "typer": {"cli"},
    "huggingface_hub": {"library"},
    "httpx2": {"library"},
    "rich": {"cli"},
    "matplotlib": {"cli"},
    "tomlkit": {"config"},
}
"""Libraries that only one package may know."""


def imports(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            names.add(node.module or "")
    return names


def files() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


@pytest.mark.parametrize("file", files(), ids=lambda file: str(file.relative_to(SOURCE)))
def test_a_module_imports_only_what_its_package_may(file: Path) -> None:
    inside = file.relative_to(SOURCE)
    package = inside.parts[0]
    if package.endswith(".py"):
        return
    allowed = MAY_IMPORT[package] | {package}
    if str(inside) == STARTS_THE_SERVER:
        allowed |= {"http", "service"}
    for name in imports(file):
        if name.startswith("pensieve."):
            inner = name.removeprefix("pensieve.")
            assert any(inner == one or inner.startswith(one + ".") for one in allowed), f"{inside} imports {name}"
        for library, packages in FOREIGN.items():
            if name.split(".")[0] == library:
                assert package in packages, f"{inside} imports {library}"


def test_the_table_names_every_package() -> None:
    packages = {path.name for path in SOURCE.iterdir() if (path / "__init__.py").exists()}
    assert packages == set(MAY_IMPORT)


def test_the_table_has_no_cycle() -> None:
    seen: set[str] = set()
    rest = dict(MAY_IMPORT)
    while rest:
        free = {package for package, others in rest.items() if {other.split(".")[0] for other in others} <= seen}
        assert free, f"a cycle among {set(rest)}"
        seen |= free
        rest = {package: others for package, others in rest.items() if package not in free}
