"""All that parent and worker may say to each other. One frame, one meaning; the union is the whole protocol.

Down: Submit, Cancel, Count, Restrain, Exit. Up: Ready or Failed once, then Emit, Counted, Vitals.
"""

from __future__ import annotations

from msgspec import Struct

from pensieve.core.generation import Chunk, Job
from pensieve.core.vitals import EngineMemory


class Frame(Struct, frozen=True, array_like=True):
    pass


class Submit(Frame, frozen=True, tag="submit"):
    job: Job


class Cancel(Frame, frozen=True, tag="cancel"):
    """Harmless for a job that has ended."""

    job: int


class Count(Frame, frozen=True, tag="count"):
    """Turn text into the model's tokens. The answer is the ids, so that a Submit need not do it again."""

    query: int
    text: str


class Restrain(Frame, frozen=True, tag="restrain"):
    """How the engine is to go on with memory, as `Engine.restrain` says."""

    kept: int | None
    hold: bool


class Exit(Frame, frozen=True, tag="exit"):
    """End now, in order. A closed socket means the same."""


class Ready(Frame, frozen=True, tag="ready"):
    """The model is loaded: `context` tokens for each of `parallel` jobs at once."""

    context: int
    parallel: int
    load_seconds: float


class Failed(Frame, frozen=True, tag="failed"):
    """The model cannot be loaded, and trying again will not help."""

    message: str


class Emit(Frame, frozen=True, tag="emit"):
    job: int
    chunk: Chunk


class Counted(Frame, frozen=True, tag="counted"):
    """`error` is set when the text could not be tokenised."""

    query: int
    ids: tuple[int, ...] = ()
    error: str = ""


class Vitals(Frame, frozen=True, tag="vitals"):
    """The heartbeat. `beat_age` is how long ago, in seconds, the loop that generates last answered; `longest_step` the
    longest time that it has ever needed for one step; `rss` the process's resident bytes, `memory` what the engine
    knows of them; `jobs` are read or written now, at `tokens_per_second` together since the last heartbeat."""

    beat_age: float
    longest_step: float
    rss: int
    jobs: int = 0
    tokens_per_second: float = 0.0
    memory: EngineMemory = EngineMemory()


Down = Submit | Cancel | Count | Restrain | Exit
Up = Ready | Failed | Emit | Counted | Vitals
