"""The generating loop: jobs in, one step after the other, Chunks out. All of it on the one thread that owns MLX."""

from __future__ import annotations

import itertools
import logging
import time
from collections import deque
from functools import lru_cache
from typing import Any

import mlx.core as mx
import mlx_lm.generate as mlx_generate
from mlx_lm.generate import BatchGenerator, StopSequences
from mlx_lm.models.cache import make_prompt_cache
from mlx_lm.sample_utils import make_sampler

from pensieve.core.generation import Chunk, Finish, Job, Prefill, Sampling
from pensieve.core.vitals import EngineMemory
from pensieve.engines.base import Emit, EngineOptions
from pensieve.engines.mlx.batch import Batch
from pensieve.engines.mlx.caches import Caches, can_be_cut, cost, cut, own, settle, shortened, weight
from pensieve.engines.mlx.guide import Guide, Guides
from pensieve.engines.mlx.prefixes import Prefixes
from pensieve.engines.mlx.tokens import Tokens, Writer

log = logging.getLogger(__name__)

CHECKPOINT_EVERY = 2048
"""Tokens between the checkpoints of models whose caches cannot be cut."""
TELL_SECONDS = 1 / 30
"""Between two looks of others at what is written."""
SETTLE_EVERY = 64
"""Steps."""
MOST_PASSES = 130_000_000
"""Tokens of a stretch times tokens of its prompt: with more of them, macOS ends a command for running too long."""
SHORTEST_STRETCH = 128
LONGEST_TAIL = 32
"""Tokens that a template may write to ask for an answer."""
BUFFERS_KEPT, BUFFERS_KEPT_READING = 256 << 20, 1 << 30
"""Bytes of freed buffers that MLX may keep for the next use: reading a prompt, each layer takes those of the last."""
GPU_SHARE = 0.9
"""Of what a GPU has, for all that the engine keeps there: a step needs the rest."""
ROOM_FOR_A_STEP = 2 << 30
"""Bytes beyond weights and caches above which MLX is to wait for running commands before it takes more. A brake: MLX
goes on above it."""


class _Run:
    """A job on its way. `ids`: the prompt, and what had been generated of it before."""

    def __init__(self, job: Job, emit: Emit, ids: tuple[int, ...]) -> None:
        self.job, self.emit, self.ids = job, emit, ids
        self.writer: Writer | None = None
        self.guide: Guide | None = None
        self.cached = self.read = 0
        self.reading = True
        self._untold: Chunk | None = None

    def say(self, chunk: Chunk) -> None:
        """Output that goes out with the next `tell`."""
        before, self._untold = self._untold, chunk
        if before is not None:
            self._untold = Chunk(text=before.text + chunk.text, ids=before.ids + chunk.ids)

    def tell(self) -> None:
        if self._untold is not None:
            self.emit(self._untold)
            self._untold = None


class Loop:
    def __init__(self, model: Any, tokens: Tokens, options: EngineOptions) -> None:
        # Wired memory is what makes Macs panic, and mlx-lm wires it in three places by this one function.
        mlx_generate.maybe_set_recommended_wired_limit = lambda: None
        self._told_at = 0.0
        self._buffers_kept = 0
        self._kept: int | None = None
        self._hold = False
        self._model, self._tokens, self._options = model, tokens, options
        self._guides = Guides(tokens)
        self._cuttable = can_be_cut(make_prompt_cache(model))
        self._per_token, self._per_job = cost(model)
        self._limit = _gpu_limit() if on_gpu() else 0
        self._planned = (self._per_token * options.context + self._per_job) * options.parallel
        _lower_memory_limit(mx.get_active_memory() + self._planned + (options.cache_mb << 20) + ROOM_FOR_A_STEP)
        self._waiting: deque[_Run] = deque()
        self._running: dict[int, _Run] = {}
        self._steps = 0
        self._restart()
        self._keep_buffers()

    @property
    def idle(self) -> bool:
        """There is nothing to do, or only prompts to read, and that has to wait."""
        if self._hold:
            return all(run.reading for run in self._running.values())
        return not self._waiting and not self._running

    def submit(self, job: Job, emit: Emit) -> None:
        self._waiting.append(_Run(job, emit, (*job.prompt, *self._tokens.resolved(job.generated))))

    def cancel(self, job_id: int) -> None:
        for run in [run for run in self._waiting if run.job.id == job_id]:
            self._waiting.remove(run)
            run.emit(Chunk(finish=Finish("cancelled")))
        for uid, run in list(self._running.items()):
            if run.job.id == job_id:
                self._keep_and_remove(uid)
                self._end(uid, Finish("cancelled"))

    def cancel_all(self) -> None:
        for run in [*self._waiting, *self._running.values()]:
            self.cancel(run.job.id)

    def restrain(self, kept: int | None, hold: bool) -> None:
        """As of an Engine."""
        self._kept, self._hold = kept, hold
        self._let_read()
        self._make_room(0)
        if kept is not None:
            # Never while commands run: that is one of the things that make Macs panic.
            mx.synchronize(self._generator.stream)
            mx.synchronize()
            mx.clear_cache()

    def step(self) -> None:
        """One token for each job that writes, and one stretch of a prompt for one that reads."""
        while not self._hold and self._waiting and len(self._running) < self._options.parallel:
            run = self._waiting.popleft()
            try:
                self._start(run)
            except Exception as error:
                # One job that cannot be begun must not end the others.
                run.emit(Chunk(finish=Finish("failed", str(error) or type(error).__name__)))
        # Next to the steps of a small model even these few lines are seen.
        reads = any([run.reading for run in self._running.values()])
        if reads:
            self._generator.prefill_step_size = self._stretch()
            self._keep_buffers()
        try:
            prompts, outputs = self._generator.next()
        except Exception as error:
            if on_gpu():
                # After an error of the GPU, data may be wrong in silence: the process ends, and the next one resumes.
                raise
            # The caches of the batch are out of step with its tokens now: nothing of them can be used again.
            log.exception("a step failed")
            for uid in list(self._running):
                self._end(uid, Finish("failed", str(error) or type(error).__name__))
            self._restart()
            return
        for progress in prompts:
            self._has_read(progress)
        for output in outputs:
            self._has_written(output)
        self._tell(at_once=reads or bool(self._waiting))
        self._steps += 1
        if self._steps % SETTLE_EVERY == 0:
            settle(self._generator._generation_batch.prompt_cache)
            self._make_room(0)
        for uid, wrong in [(uid, run.guide.error) for uid, run in self._running.items() if run.guide is not None]:
            if wrong:
                self._generator.remove([uid])
                self._end(uid, Finish("failed", f"the grammar: {wrong}"))

    def _tell(self, at_once: bool) -> None:
        """What has been written goes out at once, but not more often than anybody can see: to wake other processes
        with each token of a fast model costs more than to write it, where the processor has to do both."""
        now = time.monotonic()
        if at_once or now - self._told_at >= TELL_SECONDS:
            self._told_at = now
            for run in self._running.values():
                run.tell()

    def memory(self) -> EngineMemory:
        return EngineMemory(
            active=mx.get_active_memory(),
            peak=mx.get_peak_memory(),
            spare=mx.get_cache_memory(),
            running_kv=self._generator.prompt_cache_nbytes,
            kept_kv=self._prefixes.nbytes,
            kv_per_token=self._per_token,
            kv_per_job=self._per_job,
            limit=self._limit,
        )

    def close(self) -> None:
        self.cancel_all()
        self._generator.close()

    def _restart(self) -> None:
        self._prefixes: Prefixes[Caches] = Prefixes(
            self._options.cache_mb << 20, _shortened if self._cuttable else None
        )
        self._generator = BatchGenerator(
            self._model,
            completion_batch_size=self._options.parallel,
            prefill_batch_size=1,
            prefill_step_size=self._options.batch,
            stream=mx.new_stream(mx.default_device()),
        )
        # It has no parameter for the kind of its batch.
        self._generator._generation_batch = Batch.empty(self._model, self._generator.sampler)
        self._let_read()

    def _let_read(self) -> None:
        # With its hands full, so to speak, the generator reads no prompts.
        self._generator.completion_batch_size = 0 if self._hold else self._options.parallel

    def _stretch(self) -> int:
        """How many tokens of a prompt are read in one step."""
        longest = max((len(run.ids) for run in self._running.values()), default=1)
        return max(SHORTEST_STRETCH, min(self._options.batch, MOST_PASSES // longest))

    def _keep_buffers(self) -> None:
        reads = self._kept is None and any(run.reading for run in self._running.values())
        wanted = BUFFERS_KEPT_READING if reads else BUFFERS_KEPT
        if wanted != self._buffers_kept:
            self._buffers_kept = wanted
            mx.set_cache_limit(wanted)

    def _make_room(self, tokens: int) -> None:
        """Kept prefixes may take what was planned for running jobs, less what these take by now, and `cache_mb`."""
        unread = sum(len(run.ids) - run.read for run in self._running.values() if run.reading)
        used = self._generator.prompt_cache_nbytes + (tokens + unread) * self._per_token
        planned = (self._options.cache_mb << 20) + max(0, self._planned - used)
        self._prefixes.budget = planned if self._kept is None else min(planned, self._kept)
        self._prefixes.shrink(self._prefixes.budget)

    def _start(self, run: _Run) -> None:
        job = run.job
        caches, run.cached = self._computed(run.ids)
        run.read = run.cached
        self._make_room(len(run.ids))
        run.writer = Writer(self._tokens, job.markers, run.ids[len(job.prompt) :])
        if job.grammar:
            run.guide = self._guides.guide(job.grammar)
        run.emit(Chunk(prefill=Prefill(len(run.ids), run.cached, run.cached)))
        (uid,) = self._generator.insert_segments(
            [self._segments(run)],
            max_tokens=[job.max_tokens or 1],
            caches=[caches],
            all_tokens=[list(run.ids[: run.cached])],
            samplers=[_sampler(job.sampling, job.banned)],
            logits_processors=[[run.guide] if run.guide else []],
            stop_sequences=[StopSequences([(end,) for end in self._tokens.ends])],
        )
        self._running[uid] = run

    def _computed(self, ids: tuple[int, ...]) -> tuple[Caches | None, int]:
        """What is there of all tokens but the last, which the first step has to read."""
        match = self._prefixes.find(ids[:-1])
        whole = match.whole.tokens if match.whole else 0
        if self._cuttable and match.part is not None and match.shared > whole:
            return cut(match.part.value, match.part.tokens - match.shared), match.shared
        return (match.whole.value, whole) if match.whole else (None, 0)

    def _segments(self, run: _Run) -> list[list[int]]:
        """Of models whose caches cannot be cut, the prompt is read in stretches, each with a checkpoint at its end:
        behind what other conversations begin with too, behind the last message (the conversation's next turn may have
        the answer in other words), and in between."""
        ids = run.ids
        if self._cuttable:
            return [list(ids[run.cached :])]
        every = range(run.cached + CHECKPOINT_EVERY, len(ids), CHECKPOINT_EVERY)
        ends = {*every, run.job.shared, self._asked_at(run.job.prompt)}
        cuts = [run.cached, *sorted(end for end in ends if run.cached < end < len(ids)), len(ids)]
        return [list(ids[start:end]) for start, end in itertools.pairwise(cuts)]

    def _asked_at(self, prompt: tuple[int, ...]) -> int:
        """Where the template begins the model's own turn: at the last special token, if one is near the end."""
        for place in range(len(prompt) - 1, max(0, len(prompt) - LONGEST_TAIL), -1):
            if prompt[place] in self._tokens.special:
                return place
        return len(prompt) - 1

    def _has_read(self, progress: Any) -> None:
        run = self._running[progress.uid]
        done, total = progress.progress
        run.read = len(run.ids) - total + done
        run.emit(Chunk(prefill=Prefill(len(run.ids), run.cached, run.read)))
        if progress.end_of_segment and not progress.end_of_prompt and not self._cuttable:
            for caches, ids in self._generator.extract_cache([progress.uid]).values():
                self._keep(caches, ids, run.job)

    def _has_written(self, output: Any) -> None:
        run = self._running[output.uid]
        first, run.reading = run.reading, False
        assert run.writer is not None
        counted = run.job.max_tokens > 0
        chunk = run.writer.write(output.token) if counted and output.finish_reason != "stop" else None
        if chunk is not None:
            run.say(chunk)
        if first:
            run.tell()
            self._keep_buffers()
        if output.finish_reason is None:
            return
        self._keep(output.prompt_cache, output.all_tokens, run.job)
        if counted and output.finish_reason == "stop":
            run.writer.hold(output.token)
        self._end(output.uid, Finish("end" if counted and output.finish_reason == "stop" else "length"))

    def _keep_and_remove(self, uid: int) -> None:
        for caches, ids in self._generator.remove([uid], return_prompt_caches=True).values():
            if len(ids) > self._running[uid].cached:
                self._keep(caches, ids, self._running[uid].job)

    def _keep(self, caches: Caches, ids: list[int], job: Job) -> None:
        if not ids or any(cache.empty() for cache in caches):
            return
        self._make_room(0)
        # To copy what may not stay would take memory when there is none.
        if weight(caches) <= self._prefixes.budget:
            caches = own(caches)
            self._prefixes.put(ids, caches, weight(caches), replaces=self._cuttable, shared=job.shared)

    def _end(self, uid: int, finish: Finish) -> None:
        run = self._running.pop(uid)
        self._keep_buffers()
        run.tell()
        run.emit(run.writer.end(finish) if run.writer else Chunk(finish=finish))


def on_gpu() -> bool:
    return bool(mx.default_device().type != mx.cpu)


def _gpu_limit() -> int:
    """Bytes. macOS recommends a part of all memory to be used by the GPU; another GPU has its own."""
    told = mx.device_info()
    return int(GPU_SHARE * int(told.get("max_recommended_working_set_size") or told.get("total_memory") or 0))


def _lower_memory_limit(limit: int) -> None:
    before = mx.set_memory_limit(limit)
    if before < limit:
        mx.set_memory_limit(before)


def _shortened(caches: Caches, tokens: int) -> tuple[Caches, int]:
    shorter = shortened(caches, tokens)
    return shorter, weight(shorter)


@lru_cache(64)
def _sampler(sampling: Sampling, banned: tuple[int, ...]) -> Any:
    """The same one for the same settings: mlx-lm samples those of a batch in one call then."""
    sample = make_sampler(temp=sampling.temperature, top_p=sampling.top_p, top_k=sampling.top_k)
    if not banned:
        return sample

    def among_the_others(scores: Any) -> Any:
        return sample(scores + _ban(banned, scores.shape[-1], scores.dtype))

    return among_the_others


@lru_cache(64)
def _ban(tokens: tuple[int, ...], vocabulary: int, kind: mx.Dtype) -> mx.array:
    """What to add to scores; made once, since to make it takes as long as a twelfth of a small model's step."""
    ban = mx.zeros(vocabulary, dtype=kind)
    ban[mx.array(tokens)] = -mx.inf
    mx.eval(ban)
    return ban
