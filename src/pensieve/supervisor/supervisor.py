"""The parent's half of the engine: keeps one worker running and every job alive across its deaths."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import tempfile
from collections.abc import Callable

import msgspec

from pensieve.config.settings import Settings
from pensieve.core.errors import Refused, SettingsError, WorkerError
from pensieve.core.generation import Job, Sampling, Span
from pensieve.core.model import ModelCard
from pensieve.core.vitals import EngineMemory
from pensieve.ipc.frames import Cancel, Counted, Down, Emit, Failed, Ready, Up, Vitals
from pensieve.memory.estimate import expected_tokens
from pensieve.memory.governor import Cause
from pensieve.memory.probe import Probe
from pensieve.memory.state import MemoryState
from pensieve.supervisor.admission import Ticket
from pensieve.supervisor.calm import Calm
from pensieve.supervisor.guard import MemoryGuard
from pensieve.supervisor.jobs import JobStream
from pensieve.supervisor.patience import COOL_DOWN_SECONDS, DISMISS_SECONDS, READY_SECONDS, WATCH_SECONDS
from pensieve.supervisor.plan import MIB, bytes_to_load, engine_options, plan_fit
from pensieve.supervisor.process import WorkerProcess
from pensieve.supervisor.read_on import ReadOn
from pensieve.supervisor.restart import KILLED, OWN_FAULT, GiveUp, after_death
from pensieve.supervisor.restraints import Restraints
from pensieve.supervisor.room import Room
from pensieve.supervisor.states import AWAY, WorkerState
from pensieve.supervisor.watch import Bounds
from pensieve.supervisor.work import Work

log = logging.getLogger(__name__)


class Supervisor:
    """Everything here runs on the event loop, and only this class changes its state."""

    def __init__(
        self,
        card: ModelCard,
        settings: Settings,
        probe: Probe | None = None,
        beside: Callable[[], int] = lambda: 0,
        *,
        returns: bool = True,
        alone: Callable[[], bool] = lambda: True,
    ) -> None:
        """`beside`: bytes that count as available and that other models will take; `returns`: by itself, after an
        emergency; `alone`: no other model is at work. Raises SettingsError."""
        self.card = card
        self.state = WorkerState.LOADING
        self.guard = MemoryGuard(settings.memory, probe or Probe())
        self._settings = settings
        self._when_short = WorkerState.SHORT if returns else WorkerState.UNLOADED
        self.fit = plan_fit(card, settings, self.guard.lines, self.guard.sample, beside())
        self.restarts = self.resumes = 0
        self.calm = Calm()
        self._room = Room(self.guard, self.calm, beside, bytes_to_load(card, self.fit))
        self.memory = self._room.memory
        self.vitals: Vitals | None = None
        self._prices = EngineMemory()
        self._work = Work()
        self._restraints = Restraints(
            settings.engine.cache_mb * MIB // 2, self._room, self._work, self._engine_memory, self._send
        )
        self.admission = self._restraints.admission(self.fit.parallel, settings.engine.queue)
        self._read_on = ReadOn(settings.engine.read_on_seconds, self._work, self._room, alone, self._send)
        self._directory = self._last_words = ""
        self._worker: WorkerProcess | None = None
        self._ready = asyncio.Event()
        self._wanted = asyncio.Event()
        self._failure: Failed | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._barren_lives = self._blame = 0
        self._ever_ready = False
        self._dismissed: WorkerState | None = None
        """Why the worker was told to go: short of memory, or without work."""
        self._used_at = 0.0
        self._bounds = Bounds(self.fit, settings)
        self._planned = self.fit.cost.total + settings.engine.cache_mb * MIB * bool(card.weight_bytes)

    @property
    def worker_pid(self) -> int | None:
        return self._worker.pid if self._worker and self.state is WorkerState.READY else None

    @property
    def loading_pid(self) -> int | None:
        return self._worker.pid if self._worker and self.state is WorkerState.LOADING else None

    @property
    def still_to_take(self) -> int:
        """Bytes of the plan that the machine counts as available all the same: those to come, and a mapped file's."""
        return 0 if self.state in AWAY else max(0, self._planned - self.own_bytes)

    @property
    def own_bytes(self) -> int:
        return self._worker.own_bytes() if self._worker else 0

    @property
    def works(self) -> bool:
        """For somebody: to read on for nobody is no work."""
        return bool(self._work or self.admission.running or self.admission.waiting)

    @property
    def quiet_seconds(self) -> float | None:
        """How long nobody has used a loaded model. None: it is at work, or not loaded."""
        quiet = self.state is WorkerState.READY and not self.works
        return asyncio.get_running_loop().time() - self._used_at if quiet else None

    async def start(self) -> None:
        """Loads the model. Raises SettingsError when it cannot be loaded, with the reason."""
        keeper = asyncio.create_task(self._keep_running())
        self._tasks = [keeper, asyncio.create_task(self.guard.watch(self._looked))]
        for task in self._tasks:
            task.add_done_callback(self._task_ended)
        ready = asyncio.create_task(self._ready.wait())
        await asyncio.wait({ready, keeper}, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            ready.cancel()
            await self.stop()
            problem = f"The model {self.card.id} cannot be loaded: {self._last_words}"
            raise SettingsError(problem, "Check the file, or choose another.")

    async def stop(self) -> None:
        """Ends the worker and every job that still runs. Leaves no process and no file behind."""
        self.state = WorkerState.STOPPED
        self._ready.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._work.fail("the server is stopping")
        self.admission.refuse_waiting(Refused("The server is stopping."), cause=None)
        if self._worker is not None:
            await self._worker.end()
        if self._directory:
            await asyncio.to_thread(shutil.rmtree, self._directory, ignore_errors=True)

    async def unload(self) -> None:
        """Gives the memory of a model without work back, until it is wanted again."""
        self._dismiss(WorkerState.UNLOADED, self._settings.worker.silence_seconds)
        if self._worker is not None:
            await self._worker.gone.wait()

    async def load(self) -> None:
        """Loads a model that was unloaded. Raises Refused and WorkerError if nothing comes of it."""
        if self.calm.left(asyncio.get_running_loop().time()):
            raise self._room.refusal()
        self._want()
        while not self._ready.is_set():
            if self.state in AWAY and self.state is not WorkerState.UNLOADED:
                self._want()
            if self.state is WorkerState.UNLOADED and not self._wanted.is_set():
                raise self._room.refusal()
            # Not for ever: what goes wrong shows in the state, not in the event.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ready.wait(), WATCH_SECONDS)

    async def count(self, text: str) -> tuple[int, ...]:
        """The ids of a prompt. Raises BodyTooLarge, Refused, and WorkerError when no worker is to be had in time."""
        self._want()
        try:
            return await self._work.count(text, self._send, READY_SECONDS)
        except TimeoutError:
            raise WorkerError(f"The engine is not ready ({self._last_words or self.state.value}).") from None

    def admit(self, prompt: int, max_tokens: int) -> Ticket:
        """A place for a job of so many tokens. Raises Refused."""
        self._want()
        self._read_on.end("request")
        return self.admission.admit(expected_tokens(prompt, max_tokens))

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
        banned: tuple[int, ...] = (),
    ) -> JobStream:
        """Starts a job, now or as soon as there is a worker. Raises Refused."""
        self._want()
        job = Job(self._work.number(), prompt, sampling, max_tokens, markers, generated, grammar, shared, banned)
        stream = JobStream(job, self._cancel)
        self._send(self._work.add(stream))
        return stream

    def _want(self) -> None:
        """Raises Refused when the server stops or has no memory, and WorkerError while a worker that cannot live cools
        down. A model that is not loaded for want of work is loaded now."""
        self._used_at = asyncio.get_running_loop().time()
        if self.state is WorkerState.STOPPED:
            raise Refused("The server is stopping.")
        if self.state is WorkerState.SHORT:
            self.admission.refused[Cause.MEMORY] += 1
            raise self._room.refusal()
        self._wanted.set()
        if self.state is WorkerState.FAILED:
            raise WorkerError(f"The engine does not run ({self._last_words}).", retry_after=COOL_DOWN_SECONDS)

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        """One that failed leaves nobody to look after the jobs: they are told, and so are all that come."""
        if not task.cancelled() and task.exception() is not None:
            log.critical("supervisor_failed", exc_info=task.exception())
            self.state, self._last_words = WorkerState.FAILED, f"the supervisor failed: {task.exception()}"
            self._work.fail(self._last_words)

    def _send(self, frame: Down) -> bool:
        """False when there is no worker that could take it."""
        if not self._ready.is_set() or self._worker is None:
            return False
        self._worker.send(frame)
        return True

    def _engine_memory(self) -> EngineMemory:
        """What the engine last told; of one that is not there, what a token costs."""
        return self.vitals.memory if self.vitals else self._prices

    def _cancel(self, stream: JobStream) -> None:
        reads_on = self._ready.is_set() and self._read_on.begin(stream, self.admission)
        if not reads_on and not self._send(Cancel(stream.job.id)):
            # No worker has it: the next one must not get it either.
            self._work.drop(stream)

    async def _keep_running(self) -> None:
        """Worker after worker, until there is no point in another or the server stops."""
        while True:
            await self._live()
            self.vitals = None
            if self._dismissed and not self._ever_ready:
                self._last_words = "the machine ran short of memory meanwhile"
                return
            if self._dismissed:
                await self._rest(self._dismissed)
                continue
            decision = after_death(self._barren_lives, self._blame)
            if not self._ever_ready and (self._failure or isinstance(decision, GiveUp)):
                return
            self.state = WorkerState.RESTARTING
            if isinstance(decision, GiveUp):
                await self._give_up()
            else:
                await asyncio.sleep(decision.delay)
            if not await self._room.soon():
                self._restraints.end_all()
                await self._rest(self._when_short)
            self.restarts += 1

    async def _live(self) -> None:
        """One worker's life, from its start until it is gone."""
        loop = asyncio.get_running_loop()
        self._begin_life()
        # Before the first, or days without one, and what cleans up /tmp has been there.
        if not os.path.isdir(self._directory):
            self._directory = tempfile.mkdtemp(prefix="pensieve-")
        options = msgspec.json.encode(engine_options(self.card, self._settings, self.fit, self._directory))
        # Known before it is started: it may speak before that call has returned.
        self._worker = worker = WorkerProcess(self._on_frame)
        try:
            await worker.spawn(self._directory, self.card.engine, options)
        except OSError as error:
            self._last_words = f"it cannot be started: {error}"
            self._blame += OWN_FAULT
            worker.gone.set()
            return
        if self._dismissed:  # Meanwhile, and nobody could tell it.
            worker.dismiss(DISMISS_SECONDS)
        deadline = loop.time() + self._settings.worker.load_seconds
        while not worker.gone.is_set():
            try:
                await asyncio.wait_for(worker.gone.wait(), WATCH_SECONDS)
            except TimeoutError:
                self._watch(worker, loop.time(), deadline)
        self._last_words = f"{self._failure.message} {worker.said}".strip() if self._failure else worker.last_words
        ready = self._ready.is_set()
        self._ready.clear()
        self._read_on.end("worker_gone")
        if self._dismissed:
            log.info("worker_dismissed pid=%d why=%s", worker.pid, self._dismissed.value)
            return
        log.warning("worker_gone pid=%d how=%r jobs=%d", worker.pid, self._last_words, self._work.jobs)
        blame = OWN_FAULT if worker.own_fault else KILLED
        self._blame += blame
        self.resumes += ready * self._work.survive(self._last_words, ready * blame)

    def _begin_life(self) -> None:
        if self.state is WorkerState.SHORT:
            self.state = WorkerState.RESTARTING
        self._failure = self._dismissed = None
        self._barren_lives += 1

    def _watch(self, worker: WorkerProcess, now: float, load_deadline: float) -> None:
        if self._dismissed or worker.replaced:
            return
        if not self._ready.is_set():
            reason = "the model was not loaded in time" if now > load_deadline else None
        else:
            silence, idle = now - worker.last_frame, self._settings.model.idle_unload
            reason = self._bounds.reason(silence, self.vitals, worker.own_bytes(), self._engine_memory())
            if self._work or self.admission.running:
                self._used_at = now
            elif idle and now - self._used_at > idle and not self._read_on.active:
                return self._dismiss(WorkerState.UNLOADED, self._settings.worker.silence_seconds)
        if reason:
            worker.replace(reason)

    def _dismiss(self, why: WorkerState, patience: float) -> None:
        """Has the worker end, without blame."""
        self._dismissed = self.state = why
        self._ready.clear()
        self._wanted.clear()
        if self._worker is not None:
            self._worker.dismiss(patience)

    async def _rest(self, why: WorkerState) -> None:
        """Without a worker until there is room for one, or work."""
        self.state = why
        while self.state is WorkerState.UNLOADED:
            await self._wanted.wait()
            if await self._room.soon():
                break
            self.state = self._when_short
            self._wanted.clear()
            self._restraints.end_all()
        if self.state is WorkerState.SHORT:
            self._restraints.end_all()
            await self._room.lasting()
        self._barren_lives = 0
        self.state = WorkerState.LOADING

    def _looked(self, changed: bool) -> None:
        """After each look at the machine's memory."""
        if self.memory().state is MemoryState.EMERGENCY:
            self._evacuate()
        self._read_on.looked()
        self._restraints.looked(changed)

    def _evacuate(self) -> None:
        """Gives all of the model's memory back, and ends what cannot go on without it. If there is no worker, the next
        one waits for room anyhow."""
        if self._dismissed or self._worker is None or self._worker.gone.is_set():
            return
        self.calm.emergency(asyncio.get_running_loop().time())
        log.error("emergency_stop jobs=%d waiting=%d", self._work.jobs, self.admission.waiting)
        self._dismiss(self._when_short, DISMISS_SECONDS)
        self._restraints.end_all()

    def _on_frame(self, frame: Up) -> None:
        match frame:
            case Emit(chunk=chunk):
                self._work.emitted(frame)
                self._read_on.emitted(frame)
                if chunk.text:
                    self._barren_lives = self._blame = 0
                    self._bounds.lives()
            case Counted():
                self._work.counted(frame)
            case Vitals():
                self.vitals = frame
                self._prices = frame.memory.prices
            case Ready(context=context, parallel=parallel, load_seconds=seconds):
                log.info("worker_ready context=%d parallel=%d load_s=%.2f", context, parallel, seconds)
                if not self._dismissed and self.state is not WorkerState.STOPPED:
                    self._begin()
            case Failed():
                self._failure = frame

    def _begin(self) -> None:
        """The worker is ready: give it all that waits."""
        assert self._worker is not None
        self.state = WorkerState.READY
        self._used_at = asyncio.get_running_loop().time()
        self._ever_ready = True
        self._ready.set()
        self._wanted.clear()
        self._restraints.restrain()
        for frame in self._work.frames():
            self._worker.send(frame)

    async def _give_up(self) -> None:
        """Fails what waits, then rests until somebody asks again."""
        self.state = WorkerState.FAILED
        log.error("worker_given_up how=%r", self._last_words)
        self._work.fail(f"the worker does not live ({self._last_words})")
        self._wanted.clear()
        await asyncio.sleep(COOL_DOWN_SECONDS)
        await self._wanted.wait()
        self._barren_lives = self._blame = 0
        self.state = WorkerState.RESTARTING
