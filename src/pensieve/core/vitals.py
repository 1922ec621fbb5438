"""What an engine tells of its memory."""

from __future__ import annotations

from msgspec import Struct


class EngineMemory(Struct, frozen=True):
    """Bytes; 0 is also what an engine says that does not know.

    `active` is what all of its data takes, `peak` the most it ever took, `spare` what is free but not given back.
    `running_kv` are the keys and values (or states) of jobs, `kept_kv` those of prefixes; each further token of a job
    takes `kv_per_token`, and `kv_per_job` does not grow. Of a GPU no more than `limit` is to be taken in all.
    """

    active: int = 0
    peak: int = 0
    spare: int = 0
    running_kv: int = 0
    kept_kv: int = 0
    kv_per_token: int = 0
    kv_per_job: int = 0
    limit: int = 0

    @property
    def prices(self) -> EngineMemory:
        """What stays true when the engine is gone and another comes."""
        return EngineMemory(kv_per_token=self.kv_per_token, kv_per_job=self.kv_per_job, limit=self.limit)
