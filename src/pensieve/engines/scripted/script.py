"""The file that a scripted engine plays.

    {"replies": [
        {"when": "<tool_response>", "steps": ["It says ", "hello."]},
        {"steps": ["<tool_call>\\n{...}\\n</tool_call>", {"sleep": 0.1}, {"crash": true}, "never"]}
    ]}

The first reply whose `when` stands in the prompt is played ("" always does). With `token_bytes` a token is so many
bytes of UTF-8, as a real tokenizer takes in the mean, instead of one character. `context` is the window in tokens,
1,000,000 if nothing is said. `reads` is how many tokens of a prompt it reads in a second; 0: all at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

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
    token_bytes: Annotated[int, Meta(ge=0, le=7)] = 0
    context: Annotated[int, Meta(ge=1)] | None = None
    reads: Annotated[float, Meta(ge=0)] = 0

    def encode(self, text: str) -> tuple[int, ...]:
        if not self.token_bytes:
            return tuple(map(ord, text))
        data, size = text.encode(), self.token_bytes
        # The byte in front tells how long a token is.
        return tuple(int.from_bytes(b"\1" + data[at : at + size], "big") for at in range(0, len(data), size))

    def decode(self, ids: tuple[int, ...]) -> str:
        if not self.token_bytes:
            return "".join(map(chr, ids))
        return b"".join(id.to_bytes(8, "big").lstrip(b"\0")[1:] for id in ids).decode(errors="replace")

    def reply_to(self, prompt: str) -> Reply | None:
        return next((reply for reply in self.replies if reply.when in prompt), None)


def read_script(path: str) -> Script:
    """Raises EngineFailure."""
    try:
        return msgspec.json.decode(Path(path).read_bytes(), type=Script)
    except (OSError, msgspec.MsgspecError) as error:
        raise EngineFailure(f"the script cannot be read: {error}") from error
