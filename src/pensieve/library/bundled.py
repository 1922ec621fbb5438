"""The model that comes with the package, so that the first minute needs no download: Pensieve Nano (nano/README.md)."""

from __future__ import annotations

from pathlib import Path

NANO = Path(__file__).resolve().with_name("nano") / "pensieve-nano.gguf"
NANO_FOLDER = NANO.with_name("mlx")
"""The same weights for MLX."""
