"""Everything that can be narrated, parsed strictly with the official SDK's own types."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from anthropic.types import Message as SdkMessage, RawMessageStreamEvent
from anthropic.types.beta import BetaMessage, BetaRawMessageStreamEvent
from pydantic import TypeAdapter

from pensieve.core.pieces import CallEnd, CallInput, CallStart, TextPiece, ThinkingPiece
from pensieve.service.fold import fold
from pensieve.service.ids import new_id
from pensieve.service.narrate import Narrator
from pensieve.service.seal import Seal
from pensieve.wire.answer import Event, OutputTokensDetails, ToolSearchFailed, Usage

EVENTS: list[TypeAdapter[Any]] = [TypeAdapter(RawMessageStreamEvent), TypeAdapter(BetaRawMessageStreamEvent)]
SEAL = Seal(bytes(32))
SEARCH = "tool_search_tool_regex"
USAGE = Usage(7, 9, 2, output_tokens_details=OutputTokensDetails(4))


def narrated(omitted: bool) -> list[Event]:
    narrator = Narrator("claude-x", SEAL.seal, omitted)
    failure = ToolSearchFailed("invalid_tool_input", "Not a regular expression.")
    return [
        *narrator.start(Usage(7, 0, 2)),
        *narrator.tell([ThinkingPiece("hm"), TextPiece("I look.")]),
        *narrator.searched(new_id("srvtoolu"), SEARCH, '{"query": "["}', [], failure),
        *narrator.searched(new_id("srvtoolu"), SEARCH, '{"query": "q"}', ["f"]),
        *narrator.tell([ThinkingPiece("so"), CallStart("f"), CallInput('{"a":'), CallInput("1}"), CallEnd()]),
        *narrator.finish("tool_use", None, USAGE),
    ]


def sent(value: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


def unknown_fields(model: Any) -> list[str]:
    """What the SDK's types do not know, wherever it stands."""
    if isinstance(model, list):
        return [field for one in model for field in unknown_fields(one)]
    if not hasattr(model, "model_fields_set"):
        return []
    known = type(model).model_fields
    return [*(model.model_extra or {}), *(field for name in known for field in unknown_fields(getattr(model, name)))]


@pytest.mark.parametrize("omitted", [False, True])
@pytest.mark.parametrize("sdk", EVENTS, ids=["stable", "beta"])
def test_every_event_is_one_of_the_api(sdk: TypeAdapter[Any], omitted: bool) -> None:
    for event in narrated(omitted):
        parsed = sdk.validate_python(sent(event), strict=True)
        # The last usage is the whole one, and says more than its type in the SDK.
        assert unknown_fields(parsed) == (["cache_creation"] if parsed.type == "message_delta" else [])


@pytest.mark.parametrize("omitted", [False, True])
@pytest.mark.parametrize("sdk", [SdkMessage, BetaMessage])
def test_the_answer_is_one_of_the_api(sdk: Any, omitted: bool) -> None:
    async def stream() -> AsyncIterator[list[Event]]:
        yield narrated(omitted)

    message = sdk.model_validate(sent(asyncio.run(fold(stream()))), strict=True)
    assert unknown_fields(message) == []
    kinds = [block.type for block in message.content]
    search = ["server_tool_use", "tool_search_tool_result"]
    assert kinds == ["thinking", "text", *search, *search, "thinking", "tool_use"]
    first, _, call, failed, _, found, second, use = message.content
    assert (first.thinking, second.thinking) == (("", "") if omitted else ("hm", "so"))
    assert (SEAL.unseal(first.signature), SEAL.unseal(second.signature)) == ("hm", "so")
    assert call.id.startswith("srvtoolu_") and failed.tool_use_id == call.id and call.input == {"query": "["}
    assert failed.content.error_code == "invalid_tool_input"
    assert [reference.tool_name for reference in found.content.tool_references] == ["f"]
    assert (use.name, use.input) == ("f", {"a": 1})
    assert message.usage.output_tokens_details.thinking_tokens == 4
