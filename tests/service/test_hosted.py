"""What one request asks of the engine."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pensieve.config.load import load_settings
from pensieve.conversation.normalise import normalise
from pensieve.library.cards import read_card
from pensieve.service.calls import CallStore
from pensieve.service.hosted import Hosted, Kept
from pensieve.service.progress import Requests
from pensieve.service.seal import Seal
from pensieve.service.speeds import Speeds
from pensieve.service.totals import Totals
from pensieve.wire.request import parse_messages_request
from talk import tool, user
from templates import templates


@pytest.mark.parametrize(
    "asked",
    [{}, {"tools": [tool("Read")], "tool_choice": {"type": "none"}}, {"tools": [tool("Read")]}],
    ids=["no tools", "no choice", "tools"],
)
def test_the_marks_of_gpt_oss_are_asked_for_whatever_is_offered(
    asked: dict[str, Any], tmp_path: Path, script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without them an engine may leave them out, and its thoughts would be the answer."""
    card = msgspec.structs.replace(read_card(str(script)), template=templates()["gpt-oss"])
    body = {"model": "m", "max_tokens": 50, "messages": [user("Hi")], **asked}
    request = parse_messages_request(json.dumps(body).encode())

    async def play() -> tuple[str, ...]:
        requests = Requests(Speeds(tmp_path / "speeds.json"))
        kept = Kept(Seal(b"k" * 32), CallStore(tmp_path / "calls.sqlite"), Totals(), requests)
        hosted = Hosted(card, load_settings({}), kept)
        markers: list[tuple[str, ...]] = []
        submit = hosted.supervisor.submit

        def recorded(*job: Any, **more: Any) -> Any:
            markers.append(job[3])
            return submit(*job, **more)

        monkeypatch.setattr(hosted.supervisor, "submit", recorded)
        await hosted.start()
        try:
            turn = await hosted.open(request, normalise(request), "req_x", 0.0)
            async for _ in turn.events():
                pass
        finally:
            await hosted.supervisor.stop()
            kept.calls.close()
        return markers[0]

    assert {"<|start|>", "<|channel|>", "<|message|>", "<|end|>"} <= set(asyncio.run(play()))
