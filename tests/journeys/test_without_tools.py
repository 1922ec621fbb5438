"""Who offers no tools gets no call, whatever the model would like to write."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from make_mlx_model import make_mlx_model
from make_model import MARKER_TOKENS, make_model
from server import Server

pytestmark = pytest.mark.journey

ANSWERS = 30
"""Noise of which, unless it is banned, every second one has the mark of a call."""


@pytest.mark.parametrize("bos", [False, True], ids=["no bos", "bos"])
@pytest.mark.parametrize("make", [make_model, make_mlx_model], ids=["llamacpp", "mlx"])
def test_no_call_is_begun(make: Any, bos: bool, tmp_path: Path, serve: Callable[..., Server]) -> None:
    suffix = ".gguf" if make is make_model else ""
    server = serve(make("dice", tmp_path / f"dice{suffix}", bos=bos))

    def answer(number: int) -> str:
        message = {"role": "user", "content": f"Say anything, for the time number {number}."}
        said = server.post({"model": "claude-test", "max_tokens": 40, "messages": [message]})
        assert said.status_code == 200, said.text
        return "".join(block["text"] for block in said.json()["content"])

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(answer, range(ANSWERS)))
    assert any(answers)
    assert not [text for text in answers if MARKER_TOKENS[0] in text]
