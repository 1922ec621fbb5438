"""The parent's half of the engine: keeps one worker running and every job alive across its deaths."""

from __future__ import annotations

import asyncio
import itertools
import logging
import shutil
import tempfile
from enum import Enum

import msgspec

from pensieve.config.settings import Settings
from pensieve.core.errors import BodyTooLarge, Refused, SettingsError, WorkerError
from pensieve.core.generation import Chunk, Finish, Job, Sampling, Span
from pensieve.core.model import ModelCard
from pensieve.ipc.frames import Cancel, Count, Counted, Emit, Failed, Ready, Submit, Up, Vitals
from pensieve.memory.fit import Fit
from pensieve.memory.probe import available_bytes
from pensieve.memory.state import GB, Snapshot, Thresholds, judge
from pensieve.supervisor.admission import Admission, Ticket
from pensieve.supervisor.jobs import JobStream
from pensieve.supervisor.plan import engine_options, plan_fit
from pensieve.supervisor.process import WorkerProcess
from pensieve.supervisor.restart import ENOUGH_FOR_A_JOB, KILLED, OWN_FAULT, GiveUp, after_death
from pensieve.supervisor.watch import hang_reason

log = logging.getLogger(__name__)

READY_SECONDS = 30.0
"""How long a request may wait for a worker that is loading or restarting before it is told to come back."""
LONGEST_TEXT = 12 * 1024 * 1024
"""Bytes. Even at a token a byte the answer to a Count then fits into a frame; no window is as long."""
WATCH_SECONDS = 0.25
COOL_DOWN_SECONDS = 10.0


class WorkerState(Enum):
    LOADING = "loading"
    READY = "ready"
    RESTARTING = "restarting"
    FAILED = "failed"
    STOPPED = "stopped"


class _Query:
    """A text whose tokens somebody waits for; `blame` as of a job."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.blame = 0
        self.answered: asyncio.Future[Counted] = asyncio.get_running_loop().create_future()

    def answer(self, counted: Counted) -> None:
        if not self.answered.done():
            self.answered.set_result(counted)


class Supervisor:
    """Everything here runs on the event loop, and only this class changes its state."""

    def __init__(self, card: ModelCard, settings: Settings) -> None:
        memory = settings.memory
        self.card = card
        self.state = WorkerState.LOADING
        self.fit: Fit = plan_fit(card, settings)
        self.restarts = 0
        self.vitals: Vitals | None = None
        self._settings = settings
        self._thresholds = Thresholds(memory.warn_gb, memory.reject_gb, memory.emergency_gb)
        self.admission = Admission(self.fit.parallel, settings.engine.queue, self.memory)
        self._directory = ""
        self._worker: WorkerProcess | None = None
        self._ready = asyncio.Event()
        self._wanted = asyncio.Event()
        self._failure: Failed | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._jobs: dict[int, JobStream] = {}
        self._counts: dict[int, _Query] = {}
        self._numbers = itertools.count(1)
        self._barren_lives = 0
        self._blame = 0
        self._ever_ready = False
        self._last_words = ""

    @property
    def context(self) -> int:
        """Tokens, prompt and output together, that one request may use."""
        return self.fit.context

    @property
    def worker_pid(self) -> int | None:
        return self._worker.pid if self._worker and self.state is WorkerState.READY else None

    @property
    def loading_pid(self) -> int | None:
        return self._worker.pid if self._worker and self.state is WorkerState.LOADING else None

    def memory(self) -> Snapshot:
        return judge(available_bytes(), self._thresholds)

    async def start(self) -> None:
        """Loads the model. Raises SettingsError when it cannot be loaded, with the reason."""
        if not self.fit.fits:
            raise SettingsError(
                f"The model {self.card.id} needs {self.fit.needed / GB:.1f} GB, more than memory can spare.",
                "Choose a smaller model, or close other programs.",
            )
        self._directory = tempfile.mkdtemp(prefix="pensieve-")
        self._keeper = asyncio.create_task(self._keep_running())
        self._keeper.add_done_callback(_log_failure)
        ready = asyncio.create_task(self._ready.wait())
        await asyncio.wait({ready, self._keeper}, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            ready.cancel()
            await self.stop()
            raise SettingsError(
                f"The model {self.card.id} cannot be loaded: {self._last_words}", "Check the file, or choose another."
            )

    async def stop(self) -> None:
        """Ends the worker and every job that still runs. Leaves no process and no file behind."""
        self.state = WorkerState.STOPPED
        self._ready.clear()
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        for stream in list(self._jobs.values()):
            stream.fail("the server is stopping")
        self._answer_counts("the server is stopping")
        if self._worker is not None:
            await self._worker.end()
        if self._directory:
            await asyncio.to_thread(shutil.rmtree, self._directory, ignore_errors=True)

    async def count(self, text: str) -> tuple[int, ...]:
        """The ids of a prompt. Raises Refused, and WorkerError when no worker is to be had in time."""
        self._want()
        if len(text.encode()) > LONGEST_TEXT:
            raise BodyTooLarge(f"The prompt is over the limit of {LONGEST_TEXT} bytes.", "Send less.")
        number = next(self._numbers)
        self._counts[number] = query = _Query(text)
        try:
            if self._ready.is_set() and self._worker is not None:
                self._worker.send(Count(number, text))
            counted = await asyncio.wait_for(query.answered, READY_SECONDS)
        except TimeoutError:
            raise WorkerError(f"The engine is not ready ({self._last_words or self.state.value}).") from None
        finally:
            del self._counts[number]
        if counted.error:
            raise WorkerError(f"The engine failed: {counted.error}.")
        return counted.ids

    def admit(self) -> Ticket:
        """Raises Refused."""
        self._want()
        return self.admission.admit()

    def submit(
        self,
        prompt: tuple[int, ...],
        sampling: Sampling,
        max_tokens: int,
        markers: tuple[str, ...],
        *,
        grammar: str = "",
        generated: tuple[Span, ...] = (),
        shared: int = 0,
    ) -> JobStream:
        """Starts a job, now or as soon as there is a worker. Raises Refused."""
        self._want()
        job = Job(next(self._numbers), prompt, sampling, max_tokens, markers, generated, grammar, shared)
        stream = JobStream(job, self._cancel)
        self._jobs[job.id] = stream
        if self._ready.is_set() and self._worker is not None:
            self._worker.send(Submit(job))
        return stream

    def _want(self) -> None:
        """Raises Refused when the server stops, and WorkerError while a worker that cannot live cools down."""
        if self.state is WorkerState.STOPPED:
            raise Refused("The server is stopping.")
        if self.state is WorkerState.FAILED:
            self._wanted.set()
            raise WorkerError(f"The engine does not run ({self._last_words}).", retry_after=COOL_DOWN_SECONDS)

    def _cancel(self, job_id: int) -> None:
        if self._ready.is_set() and self._worker is not None:
            self._worker.send(Cancel(job_id))
        elif stream := self._jobs.pop(job_id, None):
            # No worker has it: the next one must not get it either.
            stream.push(Chunk(finish=Finish("cancelled")))

    async def _keep_running(self) -> None:
        """Worker after worker, until there is no point in another or the server stops."""
        while True:
            await self._live()
            decision = after_death(self._barren_lives, self._blame)
            if not self._ever_ready and (self._failure or isinstance(decision, GiveUp)):
                return
            self.state = WorkerState.RESTARTING
            if isinstance(decision, GiveUp):
                await self._give_up()
            else:
                await asyncio.sleep(decision.delay)
            self.restarts += 1

    async def _live(self) -> None:
        """One worker's life, from its start until it is gone."""
        loop = asyncio.get_running_loop()
        self.vitals = None
        self._failure = None
        self._barren_lives += 1
        options = msgspec.json.encode(engine_options(self.card, self._settings, self.fit, self._directory))
        # Known before it is started: it may speak before that call has returned.
        self._worker = worker = WorkerProcess(self._on_frame)
        try:
            await worker.spawn(self._directory, self.card.engine, options)
        except OSError as error:
            self._last_words = f"it cannot be started: {error}"
            self._blame += OWN_FAULT
            return
        deadline = loop.time() + self._settings.worker.load_seconds
        while not worker.gone.is_set():
            try:
                await asyncio.wait_for(worker.gone.wait(), WATCH_SECONDS)
            except TimeoutError:
                self._watch(worker, loop.time(), deadline)
        self._last_words = f"{self._failure.message} {worker.said}".strip() if self._failure else worker.last_words
        log.warning("worker_gone pid=%d how=%r jobs=%d", worker.pid, self._last_words, len(self._jobs))
        blame = OWN_FAULT if worker.own_fault else KILLED
        self._blame += blame
        self._resume_jobs(blame if self._ready.is_set() else 0)
        self._ready.clear()

    def _watch(self, worker: WorkerProcess, now: float, load_deadline: float) -> None:
        limits = self._settings.worker
        if not self._ready.is_set():
            reason = "the model was not loaded in time" if now > load_deadline else None
        else:
            reason = hang_reason(now - worker.last_frame, self.vitals, limits.silence_seconds, limits.hang_seconds)
        if reason:
            log.error("worker_replaced pid=%d reason=%r", worker.pid, reason)
            worker.replace()

    def _on_frame(self, frame: Up) -> None:
        match frame:
            case Emit(job=job_id, chunk=chunk):
                stream = self._jobs.get(job_id)
                if stream is None:
                    return
                stream.push(chunk)
                if chunk.text:
                    self._barren_lives = self._blame = 0
                if stream.ended:
                    del self._jobs[job_id]
            case Counted(query=query):
                if query in self._counts:
                    self._counts[query].answer(frame)
            case Vitals():
                self.vitals = frame
            case Ready(context=context, parallel=parallel, load_seconds=seconds):
                log.info("worker_ready context=%d parallel=%d load_s=%.2f", context, parallel, seconds)
                self._begin()
            case Failed():
                self._failure = frame

    def _begin(self) -> None:
        """The worker is ready: give it all that waits."""
        assert self._worker is not None
        self.state = WorkerState.READY
        self._ever_ready = True
        self._ready.set()
        self._wanted.clear()
        for number, query in self._counts.items():
            self._worker.send(Count(number, query.text))
        for stream in self._jobs.values():
            self._worker.send(Submit(stream.next_job))

    def _resume_jobs(self, blame: int) -> None:
        """Each job's next part, ready for the next worker; those that have ended are done with."""
        for job_id, stream in list(self._jobs.items()):
            if not stream.survive(self._last_words, blame):
                del self._jobs[job_id]
        for number, query in self._counts.items():
            query.blame += blame
            if query.blame >= ENOUGH_FOR_A_JOB:
                query.answer(
                    Counted(number, error=f"the worker died again and again on this text ({self._last_words})")
                )

    def _answer_counts(self, error: str) -> None:
        for number, query in self._counts.items():
            query.answer(Counted(number, error=error))

    async def _give_up(self) -> None:
        """Fails what waits, then rests until somebody asks again."""
        self.state = WorkerState.FAILED
        log.error("worker_given_up how=%r", self._last_words)
        for stream in self._jobs.values():
            stream.fail(f"the worker does not live ({self._last_words})")
        self._jobs.clear()
        self._answer_counts(self._last_words)
        self._wanted.clear()
        await asyncio.sleep(COOL_DOWN_SECONDS)
        await self._wanted.wait()
        self._barren_lives = self._blame = 0
        self.state = WorkerState.RESTARTING


def _log_failure(keeper: asyncio.Task[None]) -> None:
    if not keeper.cancelled() and keeper.exception() is not None:
        log.critical("supervisor_failed", exc_info=keeper.exception())
