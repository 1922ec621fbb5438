"""What `/metrics` tells, in the text format of Prometheus: read when it is asked for, kept nowhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msgspec.structs import asdict
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, StateSetMetricFamily

from pensieve.memory.governor import Cause
from pensieve.memory.state import MemoryState
from pensieve.service.progress import Requests
from pensieve.service.totals import Totals
from pensieve.supervisor.supervisor import Supervisor

CONTENT_TYPE = CONTENT_TYPE_LATEST
Value = Callable[[Supervisor], float | None]


def metrics_of(supervisors: Sequence[Supervisor], totals: Totals, requests: Requests) -> bytes:
    """One supervisor for each model; they all look at the same machine."""
    registry = CollectorRegistry()
    registry.register(_Metrics(supervisors, totals, requests))
    return generate_latest(registry)


class _Metrics:
    def __init__(self, supervisors: Sequence[Supervisor], totals: Totals, requests: Requests) -> None:
        self._supervisors = supervisors
        self._totals = totals
        self._requests = requests

    def collect(self) -> Iterator[Metric]:
        yield from self._machine()
        yield from self._turns()
        yield self._gauge("requests_running", "Requests that have a place.", lambda one: one.admission.running)
        yield self._gauge("requests_waiting", "Requests that wait for a place.", lambda one: one.admission.waiting)
        yield self._gauge("prompt_tokens_left", "Of prompts that are read or wait, still to be read.", self._left)
        yield self._counter("worker_restarts", "Workers started after one that died.", lambda one: one.restarts)
        yield self._counter("resumes", "Requests that went on in another worker.", lambda one: one.resumes)
        yield self._counter("emergencies", "Times the model was put out of memory.", lambda one: one.calm.emergencies)
        refused = CounterMetricFamily(
            "pensieve_requests_refused", "Requests answered with 503.", labels=["model", "reason"]
        )
        for one in self._supervisors:
            for cause in Cause:
                refused.add_metric([one.card.id, cause.value], one.admission.refused[cause])
        yield refused
        yield self._gauge("worker_resident_bytes", "Memory of the worker, files included.", _resident)
        yield self._gauge("tokens_per_second", "Of all answers, since the last heartbeat.", _speed)
        yield from self._memory()

    def _machine(self) -> Iterator[Metric]:
        memory = self._supervisors[0].memory()
        states = {state.value: state is memory.state for state in MemoryState}
        yield StateSetMetricFamily("pensieve_memory_state", "How the machine's memory stands.", value=states)
        if memory.available is not None:
            words = "What can be taken without swapping."
            yield GaugeMetricFamily("pensieve_memory_available_bytes", words, value=memory.available)

    def _turns(self) -> Iterator[Metric]:
        words = "Requests answered to the end."
        yield CounterMetricFamily("pensieve_requests_answered", words, value=self._totals.answered)
        tokens = CounterMetricFamily(
            "pensieve_tokens", "Of prompts, of those the cached ones, and of answers.", labels=["kind"]
        )
        for kind in ("prompt", "cached", "output"):
            tokens.add_metric([kind], getattr(self._totals, f"{kind}_tokens"))
        yield tokens

    def _left(self, supervisor: Supervisor) -> float:
        mine = (request for request in self._requests.health() if request.model == supervisor.card.id)
        return sum(request.prompt_tokens - request.read_tokens for request in mine if request.stage != "writing")

    def _memory(self) -> Iterator[Metric]:
        planned = GaugeMetricFamily(
            "pensieve_planned_bytes", "What the model was thought to take.", labels=["model", "part"]
        )
        told = GaugeMetricFamily("pensieve_engine_memory_bytes", "As the engine tells.", labels=["model", "part"])
        for one in self._supervisors:
            for part, size in asdict(one.fit.cost).items():
                planned.add_metric([one.card.id, part], size)
            if one.vitals is not None and one.vitals.memory.active:
                for part, size in asdict(one.vitals.memory).items():
                    told.add_metric([one.card.id, part], size)
        yield planned
        yield told

    def _gauge(self, name: str, words: str, value: Value) -> GaugeMetricFamily:
        family = GaugeMetricFamily(f"pensieve_{name}", words, labels=["model"])
        for one in self._supervisors:
            if (number := value(one)) is not None:
                family.add_metric([one.card.id], number)
        return family

    def _counter(self, name: str, words: str, value: Value) -> CounterMetricFamily:
        family = CounterMetricFamily(f"pensieve_{name}", words, labels=["model"])
        for one in self._supervisors:
            family.add_metric([one.card.id], value(one) or 0)
        return family


def _resident(supervisor: Supervisor) -> float | None:
    return supervisor.vitals.rss if supervisor.vitals else None


def _speed(supervisor: Supervisor) -> float | None:
    return supervisor.vitals.tokens_per_second if supervisor.vitals else None
