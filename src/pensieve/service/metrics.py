"""What `/metrics` tells, in the text format of Prometheus: read when it is asked for, kept nowhere."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import asdict
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, StateSetMetricFamily

from pensieve.memory.governor import Cause
from pensieve.memory.state import MemoryState
from pensieve.service.totals import Totals
from pensieve.supervisor.supervisor import Supervisor

CONTENT_TYPE = CONTENT_TYPE_LATEST


def metrics_of(supervisor: Supervisor, totals: Totals) -> bytes:
    registry = CollectorRegistry()
    registry.register(_Metrics(supervisor, totals))
    return generate_latest(registry)


class _Metrics:
    def __init__(self, supervisor: Supervisor, totals: Totals) -> None:
        self._supervisor = supervisor
        self._totals = totals

    def collect(self) -> Iterator[Metric]:
        supervisor, admission, vitals = self._supervisor, self._supervisor.admission, self._supervisor.vitals
        yield from self._memory()
        yield _gauge("requests_running", "Requests that have a place in the engine.", admission.running)
        yield _gauge("requests_waiting", "Requests that wait for a place.", admission.waiting)
        yield _counter("requests_answered", "Requests answered to the end.", self._totals.answered)
        tokens = CounterMetricFamily(
            "pensieve_tokens", "Of prompts, of those the cached ones, and of answers.", labels=["kind"]
        )
        for kind in ("prompt", "cached", "output"):
            tokens.add_metric([kind], getattr(self._totals, f"{kind}_tokens"))
        yield tokens
        yield _counter("worker_restarts", "Workers started after one that died.", supervisor.restarts)
        yield _counter("resumes", "Requests that went on in another worker.", supervisor.resumes)
        yield _counter("emergencies", "Times the model was put out of memory.", supervisor.calm.emergencies)
        refused = CounterMetricFamily("pensieve_requests_refused", "Requests answered with 503.", labels=["reason"])
        for cause in Cause:
            refused.add_metric([cause.value], admission.refused[cause])
        yield refused
        if vitals is not None:
            yield _gauge("worker_resident_bytes", "Memory of the worker, shown files included.", vitals.rss)
            yield _gauge("tokens_per_second", "Of all answers, since the last heartbeat.", vitals.tokens_per_second)

    def _memory(self) -> Iterator[Metric]:
        supervisor, memory = self._supervisor, self._supervisor.memory()
        states = {state.value: state is memory.state for state in MemoryState}
        yield StateSetMetricFamily("pensieve_memory_state", "How the machine's memory stands.", value=states)
        if memory.available is not None:
            yield _gauge("memory_available_bytes", "What can be taken without swapping.", memory.available)
        planned = GaugeMetricFamily("pensieve_planned_bytes", "What the model was thought to take.", labels=["part"])
        for part, size in asdict(supervisor.fit.cost).items():
            planned.add_metric([part], size)
        yield planned
        if supervisor.vitals is not None and supervisor.vitals.memory.active:
            told = GaugeMetricFamily("pensieve_engine_memory_bytes", "As the engine tells.", labels=["part"])
            for part, size in asdict(supervisor.vitals.memory).items():
                told.add_metric([part], size)
            yield told


def _gauge(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"pensieve_{name}", words, value=value)


def _counter(name: str, words: str, value: float) -> CounterMetricFamily:
    return CounterMetricFamily(f"pensieve_{name}", words, value=value)
