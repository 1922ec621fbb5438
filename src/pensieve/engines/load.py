"""From an engine's name to the engine. Only the chosen library is imported."""

from __future__ import annotations

from pathlib import Path

from pensieve.core.model import EngineName
from pensieve.engines.base import Engine, EngineFailure, EngineOptions


def load_engine(name: EngineName, options: EngineOptions) -> Engine:
    """Blocks while the model loads. Raises EngineFailure."""
    if not Path(options.model).exists():
        raise EngineFailure(f"{Path(options.model).name} is no longer there")
    if name == "scripted":
        from pensieve.engines.scripted.engine import ScriptedEngine

        return ScriptedEngine(options)
    if name == "mlx":
        from pensieve.engines.mlx.engine import MlxEngine

        return MlxEngine(options)
    from pensieve.engines.llamacpp.engine import LlamaCppEngine

    return LlamaCppEngine(options)
