"""What `/health` tells."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from pensieve import __version__
from pensieve.core.vitals import EngineMemory
from pensieve.service.progress import RequestHealth, Requests
from pensieve.service.speeds import Reading
from pensieve.service.totals import Totals
from pensieve.supervisor.states import WorkerState
from pensieve.supervisor.supervisor import Supervisor


class MemoryHealth(Struct, frozen=True):
    status: str
    available_gb: str
    accepting_requests: bool


class ModelHealth(Struct, frozen=True):
    """Of each model that was asked for since the start; `status` as below. `reading`: how long the last long prompt
    took, also before this start; a short one, if there was no long one yet."""

    model: str
    status: str
    context: int
    running: int
    waiting: int
    worker_pid: int | None
    worker_rss: int | None
    reading: Reading | None


class Health(Struct, frozen=True):
    """Of the default model, and in `models` of each. `status` is the worker's: loading, ready, restarting,
    short_of_memory, unloaded, failed or stopped. `generating`: jobs that the engine is at, with `tokens_per_second`
    together, by its last heartbeat; `engine_memory` of engines that know it; `refused` requests by reason. `answered`
    and the tokens: since the server was started, the cached ones among the prompts'; `usual_tokens_per_second`: of one
    answer, between its first token and its last. `requests`: those on their way, in the order in which they came."""

    status: str
    version: str
    engine: str
    model: str
    context: int
    parallel: int
    running: int
    waiting: int
    answered: int
    refused: dict[str, int]
    prompt_tokens: int
    cached_tokens: int
    output_tokens: int
    usual_tokens_per_second: float | None
    restarts: int
    resumes: int
    emergencies: int
    worker_pid: int | None
    worker_rss: int | None
    generating: int | None
    tokens_per_second: float | None
    engine_memory: EngineMemory | None
    memory: MemoryHealth
    models: tuple[ModelHealth, ...]
    requests: tuple[RequestHealth, ...]


def health_of(supervisors: Sequence[Supervisor], totals: Totals, requests: Requests) -> Health:
    """One supervisor for each model, the default's first."""
    supervisor = supervisors[0]
    memory, vitals, admission = supervisor.memory(), supervisor.vitals, supervisor.admission
    available = "unknown" if memory.available is None else f"{memory.available / 1e9:.2f}"
    return Health(
        status=supervisor.state.value,
        version=__version__,
        engine=supervisor.card.engine,
        model=supervisor.card.id,
        context=supervisor.fit.context,
        parallel=supervisor.fit.parallel,
        running=admission.running,
        waiting=admission.waiting,
        answered=totals.answered,
        prompt_tokens=totals.prompt_tokens,
        cached_tokens=totals.cached_tokens,
        output_tokens=totals.output_tokens,
        usual_tokens_per_second=None if totals.tokens_per_second is None else round(totals.tokens_per_second, 1),
        refused={cause.value: count for cause, count in admission.refused.items()},
        restarts=supervisor.restarts,
        resumes=supervisor.resumes,
        emergencies=supervisor.calm.emergencies,
        worker_pid=supervisor.worker_pid,
        worker_rss=vitals.rss if vitals else None,
        generating=vitals.jobs if vitals else None,
        tokens_per_second=round(vitals.tokens_per_second, 1) if vitals else None,
        engine_memory=vitals.memory if vitals and vitals.memory.active else None,
        memory=MemoryHealth(
            memory.state.value, available, memory.accepting and supervisor.state is not WorkerState.SHORT
        ),
        models=tuple(_model_health(one, requests.reading(one.card.id)) for one in supervisors),
        requests=requests.health(),
    )


def _model_health(supervisor: Supervisor, reading: Reading | None) -> ModelHealth:
    return ModelHealth(
        model=supervisor.card.id,
        status=supervisor.state.value,
        context=supervisor.fit.context,
        running=supervisor.admission.running,
        waiting=supervisor.admission.waiting,
        worker_pid=supervisor.worker_pid,
        worker_rss=supervisor.vitals.rss if supervisor.vitals else None,
        reading=reading,
    )
