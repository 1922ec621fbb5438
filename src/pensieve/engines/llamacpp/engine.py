"""llama.cpp through xllamacpp, at token level: ids in, ids and text out.

The library batches all running jobs in one loop of its own. Here each running job has one thread, which sits in
`handle_completions` without the GIL and is called back for every step.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from pensieve.core.generation import Chunk, Finish, Job, Prefill, Span
from pensieve.core.vitals import EngineMemory
from pensieve.engines.base import Emit, EngineFailure, EngineOptions
from pensieve.engines.llamacpp.events import ChunkMaker, decode
from pensieve.engines.llamacpp.readings import SIMILAR, Ids, Reading, Readings
from pensieve.engines.llamacpp.steps import Steps
from pensieve.engines.llamacpp.threads import prepare_environment, thread_count
from pensieve.engines.llamacpp.tokenizer import Tokenizer

ALL_LAYERS = 999
ERRORS_ONLY = 1
HOLD_SECONDS = 0.05


class LlamaCppEngine:
    def __init__(self, options: EngineOptions) -> None:
        prepare_environment(os.environ)
        import xllamacpp

        self._key = secrets.token_hex(16)
        self._socket = os.path.join(options.directory, "llamacpp.sock")
        # The library leaves its socket behind when it is killed, and fails over one that it finds.
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._socket)
        try:
            self._server: Any = xllamacpp.Server(self._parameters(xllamacpp, options))
        except RuntimeError as error:
            raise EngineFailure(f"llama.cpp cannot load {os.path.basename(options.model)}: {error}") from error
        self.context = options.context
        self._steps = Steps()
        self._tokenizer = Tokenizer(self._socket, self._key)
        self._threads = ThreadPoolExecutor(options.parallel, thread_name_prefix="job")
        self._readings = Readings(options.parallel)
        self._reading = threading.Event()
        self._reading.set()

    def _parameters(self, xllamacpp: Any, options: EngineOptions) -> Any:
        parameters = xllamacpp.CommonParams()
        parameters.model.path = options.model
        # The library always listens somewhere: on a keyed socket in a private directory, then.
        parameters.hostnames, parameters.api_keys = [self._socket], [self._key]
        # `n_ctx` is the total; `fit_params` would size it to all memory, used or not.
        parameters.n_ctx, parameters.n_parallel = options.context * options.parallel, options.parallel
        parameters.fit_params = False
        # A step reads at most this much of a prompt, so that one long prompt does not stop the other answers.
        parameters.n_batch = parameters.n_ubatch = options.batch
        parameters.cache_ram_mib = options.cache_mb
        parameters.slot_prompt_similarity = SIMILAR
        parameters.n_gpu_layers = ALL_LAYERS
        for cpu in (parameters.cpuparams, parameters.cpuparams_batch):
            cpu.n_threads = thread_count(options.threads)
        # Templates are rendered by the parent; the library must not fail over one that it cannot run.
        parameters.enable_chat_template = parameters.use_jinja = False
        parameters.endpoint_metrics = True
        parameters.warmup = False
        parameters.verbosity = ERRORS_ONLY
        return parameters

    def tokenize(self, text: str) -> tuple[int, ...]:
        return self._tokenizer.tokenize(text)

    def submit(self, job: Job, emit: Emit) -> None:
        self._threads.submit(self._run, job, emit, self._readings.add(job.id, job.prompt))

    def cancel(self, job_id: int) -> None:
        self._readings.cancel(job_id)

    def restrain(self, kept: int | None, hold: bool) -> None:
        # The library's cache of prefixes was counted in full when it was loaded, and cannot be made smaller.
        if hold:
            self._reading.clear()
        else:
            self._reading.set()

    def beat(self) -> EngineMemory:
        # The first is answered by the library's queue, of its memory it says nothing.
        self._server.handle_metrics()
        self._steps.wait()
        return EngineMemory()

    @property
    def longest_step(self) -> float:
        return self._steps.longest

    def close(self) -> None:
        self._readings.cancel_all()
        self._threads.shutdown(wait=True)
        self._tokenizer.close()
        self._server = None

    def _run(self, job: Job, emit: Emit, reading: Reading) -> None:
        """One job, start to end. Whatever happens, it ends in one terminal Chunk."""
        try:
            for end in self._readings.begin(reading):
                self._read(job, job.prompt[:end], reading, emit)
            while (last := self._generate(job, emit, reading)) is None:
                # Held while its prompt was read: what has been read of it is in the cache.
                while not self._reading.wait(HOLD_SECONDS) and not reading.cancelled.is_set():
                    pass
        except Exception as error:
            # The edge of a foreign library: a job that did not end would leave its client waiting for ever.
            last = Chunk(finish=Finish("failed", str(error)))
        self._readings.end(job.id)
        emit(last)

    def _generate(self, job: Job, emit: Emit, reading: Reading) -> Chunk | None:
        """The terminal Chunk. None if the job was held before it wrote anything."""
        maker, cancelled = ChunkMaker(), reading.cancelled
        held = False

        def on_event(data: bytes) -> bool:
            nonlocal held
            if held:
                return True
            self._steps.told()
            chunk = maker.chunk(decode(data))
            if chunk is not None and chunk.prefill is not None:
                emit(Chunk(prefill=reading.told(chunk.prefill, chunk.prefill.total)))
                held = not self._reading.is_set()
            # The library generates at least one token; a job that wants none ends with its prefill.
            elif chunk is not None and job.max_tokens:
                emit(chunk)
            return held or cancelled.is_set()

        generated = self._resolved(job, reading) if self._goes_on(reading) else None
        if cancelled.is_set():
            return Chunk(finish=Finish("cancelled"))
        if generated is None:
            return None
        request = _request(job, (*job.prompt, *generated), job.max_tokens or 1, stream=True)
        # A refused request comes back as a value, not through the callback.
        with self._steps.inside():
            refused = self._server.handle_completions(request, on_event)
        if refused:
            maker.chunk(decode(refused))
        if held and not cancelled.is_set():
            return None
        last = maker.last(cancelled.is_set())
        return last if job.max_tokens else Chunk(finish=last.finish)

    def _goes_on(self, reading: Reading) -> bool:
        return self._reading.is_set() and not reading.cancelled.is_set()

    def _resolved(self, job: Job, reading: Reading) -> Ids | None:
        """The ids of what has already been generated, as exactly as they can be told. None if the job was cancelled or
        held meanwhile."""
        ids: Ids = ()
        # The grammar is for what is still to come.
        free = msgspec.structs.replace(job, grammar="")
        for span in job.generated:
            if span.ids and not span.missing:
                ids += span.ids
            elif job.sampling.temperature == 0 and span.missing:
                before = (*job.prompt, *ids)
                if not self._read(free, before, reading):
                    return None
                ids += self._again(free, before, span)
            else:
                ids += self._tokenizer.plain(span.text)
        return ids

    def _read(self, job: Job, ids: Ids, reading: Reading, emit: Emit | None = None) -> bool:
        """Into the cache: for `_again`, which cannot be stopped, or the first stretch of a prompt, whose progress is
        told then. False if this was stopped."""

        def on_event(data: bytes) -> bool:
            self._steps.told()
            verbose = decode(data).verbose
            if emit and verbose and (progress := verbose.prompt_progress):
                read = Prefill(progress.total, progress.cache, progress.processed)
                emit(Chunk(prefill=reading.told(read, len(job.prompt))))
            return not self._goes_on(reading)

        if self._goes_on(reading):
            with self._steps.inside():
                self._server.handle_completions(_request(job, ids, 1, stream=True), on_event)
        return self._goes_on(reading)

    def _again(self, job: Job, before: Ids, span: Span) -> Ids:
        """The ids of a span that the stream did not tell in full.

        It is greedy, so they are generated again, a token or two from the cache. If that gives another text, the text
        is the truth: any ids that spell it will do.
        """
        count = span.missing + len(span.ids)
        answers: list[bytes] = []
        with self._steps.inside():
            refused = self._server.handle_completions(_request(job, before, count, stream=False), answers.append)
        again = decode(refused or answers[-1]).verbose
        if again is not None and again.tokens[span.missing : count] == span.ids and again.content == span.text:
            return again.tokens[:count]
        return self._tokenizer.plain(span.text)


def _request(job: Job, ids: Ids, max_tokens: int, *, stream: bool) -> bytes:
    return msgspec.json.encode(
        {
            "prompt": ids,
            "max_tokens": max_tokens,
            "temperature": job.sampling.temperature,
            "top_p": job.sampling.top_p,
            "top_k": job.sampling.top_k,
            "min_p": 0.0,
            "preserved_tokens": job.markers,
            "stream": stream,
            "grammar": job.grammar,
            "logit_bias": [(token, False) for token in job.banned],
            # Without `verbose` no ids come; without `return_progress` a prefill could not be cancelled.
            "verbose": True,
            "return_tokens": True,
            "return_progress": stream,
        }
    )
