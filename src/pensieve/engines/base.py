"""What every engine is: ids in, Chunks out. An engine never interprets a role, a tool or a template.

`tests/engines/test_contract.py` holds each engine to these words.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from pensieve.core.generation import Chunk, Job
from pensieve.core.vitals import EngineMemory

Emit = Callable[[Chunk], None]


class EngineFailure(Exception):
    """The model cannot be loaded or the text not tokenised; the message says why."""


class EngineOptions(Struct, frozen=True):
    """`context` tokens for each of `parallel` jobs at once; `directory` is private and gone when the worker is."""

    model: str
    context: int
    parallel: int
    threads: int
    batch: int
    cache_mb: int
    directory: str


class Engine(Protocol):
    @property
    def context(self) -> int:
        """Tokens, prompt and output together, that one job may hold."""
        ...

    def tokenize(self, text: str) -> tuple[int, ...]:
        """The prompt's ids, special tokens understood and the model's own first token added. From any thread.

        Raises EngineFailure.
        """
        ...

    def submit(self, job: Job, emit: Emit) -> None:
        """Start a job; never blocks. `emit` is called from an engine thread, first with a `prefill`, last and exactly
        once with a `finish`. Jobs beyond `parallel` wait their turn. With `job.generated` the output goes on after it.
        """
        ...

    def cancel(self, job_id: int) -> None:
        """End a job at the next step, with the reason `cancelled`; nothing happens if it has ended. Never blocks.

        What has been read of its prompt stays for the next job that begins alike, even one submitted right behind this.
        """
        ...

    def restrain(self, kept: int | None, hold: bool) -> None:
        """Memory is short, or no longer. Of what is kept for jobs to come, no more than `kept` bytes may stay from now
        on (None: what was planned), and what is free goes back to the system. With `hold`, prompts are not read on
        until it is said without; answers go on. An engine that cannot do a part of this leaves it. Never blocks.
        """
        ...

    def beat(self) -> EngineMemory:
        """Blocks until the loop that generates has answered, and for ever if it hangs. From a thread of its own."""
        ...

    @property
    def longest_step(self) -> float:
        """Seconds of the longest step so far: how long a healthy loop may be silent."""
        ...

    def close(self) -> None:
        """Cancel what runs and free the model. Blocks until it is done."""
        ...
