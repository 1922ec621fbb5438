"""Which prompts are read, and what of them is there for the next: nothing that was read is to be read again.

The library keeps in a slot what it has read. A job that begins like another finds it there, but for two cases: the
other one still holds its slot, though it was cancelled, until its step ends; or what it has read is less than a tenth
of the new prompt, for which the library takes the slot that was used least recently.
"""

from __future__ import annotations

import threading
from collections import deque

from pensieve.core.generation import Prefill
from pensieve.core.sequences import common_prefix

SIMILAR = 0.1
"""The share of its prompt that a job must find in a slot to go on there: the library's `slot_prompt_similarity`. With
less, short prompts would drive long conversations out of their slots."""
AT_MOST = 8
"""Times as long as what is there may be what is read in one go, so that it is SIMILAR."""
WORTH_IT = 256
"""Tokens. For less, nobody waits."""
CONTINUED = 0.9

Ids = tuple[int, ...]


class Reading:
    """One job's prompt, of which `done` tokens are there by now."""

    def __init__(self, ids: Ids) -> None:
        self.ids = ids
        self.done = 0
        self.begun = False
        self.cancelled, self.ended = threading.Event(), threading.Event()
        self._cached: int | None = None

    def told(self, prefill: Prefill, total: int) -> Prefill:
        """For all of the prompt, however many calls of the library it takes."""
        self._cached = prefill.cached if self._cached is None else self._cached
        self.done = prefill.done
        return Prefill(total, self._cached, prefill.done)


class Readings:
    """Of all jobs. May be used from any thread."""

    def __init__(self, parallel: int) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[int, Reading] = {}
        self._there: deque[Ids] = deque(maxlen=2 * parallel)
        """What slots may hold: of the last prompts, the tokens that were read."""

    def add(self, job_id: int, ids: Ids) -> Reading:
        reading = Reading(ids)
        with self._lock:
            self._jobs[job_id] = reading
        return reading

    def cancel(self, job_id: int) -> None:
        with self._lock:
            reading = self._jobs.get(job_id)
        if reading is not None:
            reading.cancelled.set()

    def cancel_all(self) -> None:
        with self._lock:
            for reading in self._jobs.values():
                reading.cancelled.set()

    def begin(self, reading: Reading) -> list[int]:
        """Waits for cancelled jobs that hold what this one begins with. Then tells the stretches to be read one by one,
        by their ends, before all of it can be: mostly none."""
        with self._lock:
            # None that has not begun: it may wait for this one's thread.
            ending = [other for other in self._jobs.values() if other.begun and other.cancelled.is_set()]
            reading.begun = True
        for other in ending:
            if _alike(other.ids, reading.ids):
                other.ended.wait()
        with self._lock:
            return self._stretches(reading.ids)

    def end(self, job_id: int) -> None:
        with self._lock:
            reading = self._jobs.pop(job_id)
            if reading.done:
                self._there.append(reading.ids[: reading.done])
        reading.ended.set()

    def _stretches(self, ids: Ids) -> list[int]:
        shared = [(len(common_prefix(there, ids)), there) for there in self._there]
        found, best = max(shared, key=lambda pair: pair[0], default=(0, ()))
        for common, there in shared:
            if common >= CONTINUED * len(there):
                # From now on this job's own prompt stands for it.
                self._there.remove(there)
        ends: list[int] = []
        # A slot whose greater part another prompt needs is not worth the little that this one finds there.
        if found >= WORTH_IT and 2 * found >= len(best):
            while found <= SIMILAR * len(ids):
                found *= AT_MOST
                ends.append(found)
        return ends


def _alike(first: Ids, second: Ids) -> bool:
    """They share enough to wait for: not a few tokens, nor little beside the rest."""
    shared = len(common_prefix(first, second))
    return shared >= WORTH_IT and 2 * shared >= min(len(first), len(second))
