"""How far each request is, while it is one: for `/health`, for the log, and for what is known of a model's speed.

The deeper in a prompt, the longer each token takes, for it is compared with all before it: on a processor four times as
long at 20,000 tokens as at the first. So the time left is told by a straight line through the steps so far.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Literal

from msgspec import Struct

from pensieve.core.generation import Chunk, Prefill
from pensieve.service.speeds import Reading, Speeds

log = logging.getLogger("pensieve.reading")

LOG_SECONDS = 10.0
STEPS = 4
"""The speed now is that of so many of the last steps: deep in a long prompt each takes longer than the one before."""

Stage = Literal["waiting", "reading", "writing"]


class RequestHealth(Struct, frozen=True):
    """Of `prompt_tokens`, `read_tokens` are done by now, the `cached_tokens` among them without being read.
    `tokens_per_second` are those read in the stage of reading, and written in the stage of writing; `seconds_left` are
    those of reading. None: nobody knows yet."""

    request_id: str
    model: str
    stage: Stage
    seconds: float
    prompt_tokens: int
    cached_tokens: int
    read_tokens: int
    output_tokens: int
    tokens_per_second: float | None
    seconds_left: float | None


class _Slope:
    """How much longer each token takes than the one before: of the straight line that fits all steps best."""

    def __init__(self) -> None:
        self._tokens = self._seconds = self._places = self._squares = self._products = 0.0

    def add(self, start: int, end: int, seconds: float) -> None:
        count, place = end - start, (start + end) / 2
        self._tokens += count
        self._seconds += seconds
        self._places += count * place
        self._squares += count * place * place
        self._products += seconds * place

    @property
    def seconds(self) -> float:
        """For each token; 0 if nothing can be told, or if the steps become faster."""
        spread = self._tokens * self._squares - self._places * self._places
        if spread <= 0:
            return 0.0
        steepest = self._seconds / self._places
        """So steep that the first token would take no time at all."""
        return min(max((self._tokens * self._products - self._places * self._seconds) / spread, 0.0), steepest)


class Progress:
    """Of one request. `usual` is the model's speed, in tokens per second, for as long as its own is not known."""

    def __init__(
        self,
        request_id: str,
        model: str,
        prompt_tokens: int,
        usual: Callable[[], float | None],
        has_read: Callable[[Reading], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._request_id, self._model = request_id, model
        self._usual, self._has_read, self._clock = usual, has_read, clock
        self._began = clock()
        self._stage: Stage = "waiting"
        self._prefill = Prefill(prompt_tokens, 0, 0)
        self._steps: deque[tuple[float, int]] = deque(maxlen=STEPS + 1)
        """When how many tokens were done."""
        self._slope = _Slope()
        self._since = self._logged = 0.0
        """When this stage began; the last line in the log."""
        self._output = self._output_before = 0
        """Tokens written; those with which the stage of writing began."""

    def take(self, chunks: Iterable[Chunk]) -> None:
        for chunk in chunks:
            if chunk.prefill is not None:
                self._read(chunk.prefill)
            elif chunk.tokens:
                self._output += chunk.tokens
                if self._stage != "writing":
                    self._enter("writing")
                    self._output_before = self._output

    def health(self) -> RequestHealth:
        prefill = self._prefill
        speeds = {"waiting": None, "reading": self._reading_speed, "writing": self._writing_speed}
        speed, left = speeds[self._stage], self._seconds_left
        return RequestHealth(
            request_id=self._request_id,
            model=self._model,
            stage=self._stage,
            seconds=round(self._clock() - self._began, 1),
            prompt_tokens=prefill.total,
            cached_tokens=prefill.cached,
            read_tokens=prefill.done,
            output_tokens=self._output,
            tokens_per_second=None if speed is None else round(speed, 1),
            seconds_left=None if left is None else round(left, 1),
        )

    def _read(self, prefill: Prefill) -> None:
        now = self._clock()
        if self._stage != "reading" or prefill.done < self._prefill.done:
            self._enter("reading")
            self._steps.clear()
            self._slope = _Slope()
        elif prefill.done > self._prefill.done:
            self._slope.add(self._prefill.done, prefill.done, now - self._steps[-1][0])
        self._prefill = prefill
        self._steps.append((now, prefill.done))
        read = prefill.done - prefill.cached
        if prefill.done >= prefill.total:
            self._has_read(Reading(read, now - self._since))
        if now - self._logged >= LOG_SECONDS and read > 0:
            self._logged = now
            log.info(
                "reading request_id=%s model=%s done=%d total=%d cached=%d tokens_per_second=%.1f seconds_left=%.0f",
                *(self._request_id, self._model, prefill.done, prefill.total, prefill.cached),
                *(self._reading_speed or 0.0, self._seconds_left or 0.0),
            )

    def _enter(self, stage: Stage) -> None:
        self._stage = stage
        self._since = self._logged = self._clock()

    @property
    def _reading_speed(self) -> float | None:
        if len(self._steps) < 2:
            return self._usual()
        (begun, before), (now, done) = self._steps[0], self._steps[-1]
        return (done - before) / max(now - begun, 1e-9)

    @property
    def _writing_speed(self) -> float | None:
        seconds, written = self._clock() - self._since, self._output - self._output_before
        return written / seconds if written and seconds > 0 else None

    @property
    def _seconds_left(self) -> float | None:
        """Less with every second of a step, until that has taken longer than it should: others are still to come."""
        speed = self._reading_speed
        if self._stage != "reading" or not speed:
            return None
        steps, done, total = list(self._steps), self._prefill.done, self._prefill.total
        step = min(total - done, done - steps[-2][1]) if len(steps) > 1 else total - done
        measured = (steps[0][1] + done) / 2
        """Where each token takes as long as the speed says, about."""

        def seconds(start: int) -> float:
            return (total - start) * (1 / speed + self._slope.seconds * ((start + total) / 2 - measured))

        return max(seconds(done) - (self._clock() - steps[-1][0]), seconds(done + step), 0.0)


class Requests:
    """All that are on their way."""

    def __init__(self, speeds: Speeds) -> None:
        self._speeds = speeds
        self._underway: dict[str, Progress] = {}
        self._writing: set[asyncio.Task[None]] = set()

    def begin(self, request_id: str, model: str, prompt_tokens: int) -> Progress:
        """Until it is said to `end`."""

        def usual() -> float | None:
            reading = self._speeds.of(model)
            return reading.rate if reading else None

        def has_read(reading: Reading) -> None:
            if self._speeds.keep(model, reading):
                task = asyncio.create_task(asyncio.to_thread(self._speeds.write))
                self._writing.add(task)
                task.add_done_callback(self._writing.discard)

        progress = self._underway[request_id] = Progress(request_id, model, prompt_tokens, usual, has_read)
        return progress

    def end(self, request_id: str) -> None:
        self._underway.pop(request_id, None)

    def health(self) -> tuple[RequestHealth, ...]:
        return tuple(progress.health() for progress in self._underway.values())

    def reading(self, model: str) -> Reading | None:
        """How long a long prompt took, when one was last read."""
        return self._speeds.of(model)
