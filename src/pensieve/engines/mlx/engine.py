"""MLX through mlx-lm's BatchGenerator: several jobs in one batch, each from the longest prefix that is there already.

One thread owns MLX: it loads the model, runs the loop and frees all of it. The others leave it messages.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pensieve.core.clock import awake
from pensieve.core.generation import Job
from pensieve.core.vitals import EngineMemory
from pensieve.engines.base import Emit, EngineFailure, EngineOptions

if TYPE_CHECKING:
    from pensieve.engines.mlx.loop import Loop
    from pensieve.engines.mlx.tokens import Tokens

log = logging.getLogger(__name__)

_Submit = tuple[Job, Emit]


class _Restraint(NamedTuple):
    kept: int | None
    hold: bool


_Message = _Submit | int | Future[EngineMemory] | _Restraint | None
"""A job to run, the id of one to cancel, a beat to answer, how to go on with memory, or the end."""


class MlxEngine:
    def __init__(self, options: EngineOptions) -> None:
        # Nothing may be asked of the network, whatever the folder says.
        os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1")
        # The build for CPUs compiles what it runs, and leaves that in the folder for such things.
        os.environ["TMPDIR"] = options.directory
        self.context = options.context
        self.longest_step = 0.0
        self._messages: queue.SimpleQueue[_Message] = queue.SimpleQueue()
        ready: Future[Tokens] = Future()
        self._thread = threading.Thread(target=self._own, args=(options, ready), name="mlx", daemon=True)
        self._thread.start()
        self._tokens = ready.result()

    def tokenize(self, text: str) -> tuple[int, ...]:
        return self._tokens.tokenize(text)

    def submit(self, job: Job, emit: Emit) -> None:
        self._messages.put((job, emit))

    def cancel(self, job_id: int) -> None:
        self._messages.put(job_id)

    def restrain(self, kept: int | None, hold: bool) -> None:
        self._messages.put(_Restraint(kept, hold))

    def beat(self) -> EngineMemory:
        answered: Future[EngineMemory] = Future()
        self._messages.put(answered)
        return answered.result()

    def close(self) -> None:
        self._messages.put(None)
        self._thread.join()

    def _own(self, options: EngineOptions, ready: Future[Tokens]) -> None:
        try:
            from pensieve.engines.mlx.loading import load_model
            from pensieve.engines.mlx.loop import Loop
            from pensieve.engines.mlx.tokens import Tokens

            folder = Path(options.model)
            model, tokens = load_model(folder), Tokens(folder)
            loop = Loop(model, tokens, options)
        except ImportError as error:
            ready.set_exception(EngineFailure(f"MLX is not installed ({error}); `pensieve doctor` tells how"))
            return
        except BaseException as error:
            # Whoever waits for the model must hear of it.
            ready.set_exception(error)
            return
        ready.set_result(tokens)
        try:
            self._generate(loop)
        except BaseException:
            # Without this thread the worker would only look alive. The next one resumes its jobs.
            log.exception("the generating loop has ended")
            os._exit(1)

    def _generate(self, loop: Loop) -> None:
        while self._heard(loop):
            if not loop.idle:
                started = awake()
                loop.step()
                self.longest_step = max(self.longest_step, awake() - started)
        loop.close()

    def _heard(self, loop: Loop) -> bool:
        """Takes what others have left; waits for it if there is nothing else to do. False: the end."""
        while loop.idle or not self._messages.empty():
            match message := self._messages.get():
                case None:
                    return False
                case Future():
                    message.set_result(loop.memory())
                case int():
                    loop.cancel(message)
                case _Restraint(kept, hold):
                    loop.restrain(kept, hold)
                case (job, emit):
                    loop.submit(job, emit)
        return True
