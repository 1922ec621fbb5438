"""What a worker is told to load, and how much of it."""

from __future__ import annotations

from pensieve.config.settings import Memory, Settings
from pensieve.core.errors import SettingsError
from pensieve.core.model import ModelCard
from pensieve.core.vitals import EngineMemory
from pensieve.memory.estimate import load_cost
from pensieve.memory.fit import Fit, fit
from pensieve.memory.state import GB, Sample, Thresholds, thresholds

MIB = 1024 * 1024
SLACK = 1.25
GROWTH = 1_000_000_000
"""Bytes and share that a worker may take beyond what was thought before it counts as one that runs away."""


def plan_fit(card: ModelCard, settings: Settings, lines: Thresholds, sample: Sample, beside: int = 0) -> Fit:
    """The window and the number of requests at once, so that memory stays above the line of the first warning.

    `beside`: bytes that count as available and that other models will take.
    """
    engine = settings.engine
    reserve = int(lines.warn * GB) + engine.cache_mb * MIB + beside
    return fit(
        # Where a context costs nothing (a script), all of it is to be had.
        most=min(card.trained_context, engine.context) if card.weight_bytes else card.trained_context,
        parallel=engine.parallel,
        cost=lambda context, parallel: load_cost(card, context, parallel, engine.batch),
        budget=None if sample.available is None else sample.available - reserve,
    )


def too_large(card: ModelCard, fitted: Fit, smaller: str) -> SettingsError:
    """With the numbers, and `smaller`, a model that would fit, if one is known."""
    can = f"{max(0, fitted.budget or 0) / GB:.1f} GB can be had"
    return SettingsError(
        f"The model {card.id} needs {fitted.cost.total / GB:.1f} GB with {fitted.context:,} tokens, and {can}.",
        f"Load {smaller}, which fits, or close other programs."
        if smaller
        else "Load a smaller one, or close programs.",
    )


def bytes_to_load(card: ModelCard, fitted: Fit) -> int:
    """What a worker takes before the first request. MLX takes keys and values as they come."""
    return fitted.cost.total - (fitted.cost.kv if card.engine == "mlx" else 0)


def growth_limit(fitted: Fit, settings: Settings, at_start: int, told: EngineMemory) -> int:
    """Bytes of its own that a worker may hold. `at_start` is what it took once the model was loaded, `told` what the
    engine measured: where that is more than was thought, a wrong estimate must not end workers for ever."""
    measured = at_start + fitted.parallel * (told.kv_per_token * fitted.context + told.kv_per_job)
    return int(max(fitted.cost.total, measured) * SLACK) + settings.engine.cache_mb * MIB + GROWTH


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


def lines_of(settings: Memory, sample: Sample) -> Thresholds:
    """On this machine. Raises SettingsError for lines in the wrong order."""
    lines = thresholds(settings.warn_gb, settings.reject_gb, settings.emergency_gb, sample.total)
    if not lines.emergency <= lines.reject <= lines.warn:
        raise SettingsError(
            f"memory.emergency_gb ({lines.emergency:g}), memory.reject_gb ({lines.reject:g}) and memory.warn_gb "
            f"({lines.warn:g}) are not in this order.",
            "Each must be at most the next.",
        )
    return lines
