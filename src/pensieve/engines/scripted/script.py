"""The file that a scripted engine plays.

    {"replies": [
        {"when": "<tool_response>", "steps": ["It says ", "hello."]},
        {"steps": ["<tool_call>\\n{...}\\n</tool_call>", {"sleep": 0.1}, {"crash": true}, "never"]}
    ]}

The first reply whose `when` stands in the prompt is played ("" always does).
"""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct

from pensieve.engines.base import EngineFailure


class Action(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What happens instead of text: `sleep` seconds, `crash` the process, `hang` the loop for ever, `leak` memory for
    ever, `fail` the job."""

    sleep: float = 0.0
    crash: bool = False
    hang: bool = False
    leak: bool = False
    fail: str = ""

    @property
    def ends_the_worker(self) -> bool:
        return self.crash or self.hang or self.leak


class Reply(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    steps: tuple[str | Action, ...]
    when: str = ""


class Script(Struct, frozen=True, forbid_unknown_fields=True):
    replies: tuple[Reply, ...]

    def reply_to(self, prompt: str) -> Reply | None:
        return next((reply for reply in self.replies if reply.when in prompt), None)


def read_script(path: str) -> Script:
    """Raises EngineFailure."""
    try:
        return msgspec.json.decode(Path(path).read_bytes(), type=Script)
    except (OSError, msgspec.MsgspecError) as error:
        raise EngineFailure(f"the script cannot be read: {error}") from error
