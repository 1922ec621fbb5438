"""What a worker is told to load, and how much of it."""

from __future__ import annotations

from pensieve.config.settings import Settings
from pensieve.core.model import ModelCard
from pensieve.memory.fit import Fit, fit
from pensieve.memory.probe import available_bytes
from pensieve.memory.state import GB

MIB = 1024 * 1024


def plan_fit(card: ModelCard, settings: Settings) -> Fit:
    """The window and the number of requests at once, so that memory stays above the line of the first warning."""
    available = available_bytes()
    reserve = int(settings.memory.warn_gb * GB) + settings.engine.cache_mb * MIB
    return fit(
        trained=card.trained_context,
        wanted=settings.engine.context,
        parallel=settings.engine.parallel,
        weight_bytes=card.weight_bytes,
        kv_bytes_per_token=card.kv_bytes_per_token,
        budget=None if available is None else available - reserve,
    )


def engine_options(card: ModelCard, settings: Settings, fitted: Fit, directory: str) -> dict[str, object]:
    """As `engines.base.EngineOptions`, which the parent must not import."""
    return {
        "model": card.path,
        "context": fitted.context,
        "parallel": fitted.parallel,
        "threads": settings.engine.threads,
        "batch": settings.engine.batch,
        "cache_mb": settings.engine.cache_mb,
        "directory": directory,
    }
