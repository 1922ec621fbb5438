"""The answer that is not streamed is the fold of the events that are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from pensieve.core.errors import PensieveError
from pensieve.core.pieces import CallEnd, CallInput, CallStart, Piece, TextPiece, ThinkingPiece
from pensieve.service.fold import fold
from pensieve.service.narrate import Narrator
from pensieve.wire.answer import (
    ContentBlockStart,
    Event,
    Message,
    MessageStart,
    Ping,
    ServerToolUseContent,
    StopReason,
    TextContent,
    ThinkingContent,
    ToolReference,
    ToolSearchFailed,
    ToolSearchResultContent,
    ToolsFound,
    ToolUseContent,
    Usage,
)

BEFORE, AFTER = Usage(7, 0, 2), Usage(7, 3, 2)
CALL: list[Piece] = [CallStart("f"), CallInput('{"a": [1, '), CallInput('"é"]}'), CallEnd()]
EMPTY_CALL: list[Piece] = [CallStart("g"), CallInput("{}"), CallEnd()]


def seal(thought: str) -> str:
    return f"sealed {thought}"


def narrated(
    pieces: list[Piece], reason: StopReason = "end_turn", sequence: str | None = None, omitted: bool = False
) -> list[Event]:
    narrator = Narrator("claude-x", seal, omitted)
    return [*narrator.start(BEFORE), *narrator.tell(pieces), *narrator.finish(reason, sequence, AFTER)]


def folded(batches: list[list[Event]]) -> Message:
    async def stream() -> AsyncIterator[list[Event]]:
        for batch in batches:
            yield batch

    return asyncio.run(fold(stream()))


def ids_of(events: list[Event]) -> tuple[str, list[str]]:
    """The ids that the narrator drew: the message's and those of its calls."""
    (start,) = (event for event in events if isinstance(event, MessageStart))
    blocks = [event.content_block for event in events if isinstance(event, ContentBlockStart)]
    return start.message.id, [block.id for block in blocks if isinstance(block, ToolUseContent)]


def test_an_answer_of_text_and_calls() -> None:
    events = narrated([TextPiece("a"), *CALL, *EMPTY_CALL, TextPiece("b")], "tool_use")
    message_id, (first, second) = ids_of(events)
    content = (
        TextContent("a"),
        ToolUseContent(first, "f", {"a": [1, "é"]}),
        ToolUseContent(second, "g", {}),
        TextContent("b"),
    )
    assert folded([events]) == Message(message_id, "claude-x", AFTER, content, "assistant", "tool_use", None)


def test_an_empty_answer() -> None:
    events = narrated([], "max_tokens")
    assert folded([events]) == Message(ids_of(events)[0], "claude-x", AFTER, (), "assistant", "max_tokens", None)


def test_the_stop_sequence_is_told() -> None:
    message = folded([narrated([TextPiece("a")], "stop_sequence", "\n\n")])
    assert (message.stop_reason, message.stop_sequence) == ("stop_sequence", "\n\n")


def test_a_call_without_any_input_has_an_empty_one() -> None:
    (block,) = folded([narrated([CallStart("f"), CallEnd()])]).content
    assert isinstance(block, ToolUseContent) and block.input == {}


@pytest.mark.parametrize("cut", ['{"a": ', "[1]", '"x"', "1" * 5000])
def test_input_that_is_no_object_is_shown_as_it_is(cut: str) -> None:
    (block,) = folded([narrated([CallStart("f"), CallInput(cut)], "max_tokens")]).content
    assert isinstance(block, ToolUseContent) and block.input == {"INVALID_JSON": cut}


@pytest.mark.parametrize("omitted", [False, True])
def test_a_thought_and_its_signature(omitted: bool) -> None:
    events = narrated([ThinkingPiece("a"), ThinkingPiece("b"), TextPiece("c")], omitted=omitted)
    shown = "" if omitted else "ab"
    assert folded([events]).content == (ThinkingContent(shown, "sealed ab"), TextContent("c"))


@pytest.mark.parametrize("failure", [None, ToolSearchFailed("execution_time_exceeded", "too slow")])
def test_a_search_and_what_it_found(failure: ToolSearchFailed | None) -> None:
    narrator = Narrator("m", seal)
    events = [
        *narrator.start(BEFORE),
        *narrator.searched("srvtoolu_1", "tool_search_tool_bm25", '{"query": "q"}', ["f"], failure),
        *narrator.finish("end_turn", None, AFTER),
    ]
    assert folded([events]).content == (
        ServerToolUseContent("srvtoolu_1", "tool_search_tool_bm25", {"query": "q"}),
        ToolSearchResultContent("srvtoolu_1", failure or ToolsFound((ToolReference("f"),))),
    )


def test_pings_and_empty_batches_change_nothing() -> None:
    events = narrated([TextPiece("a"), *CALL])
    ping: list[Event] = [Ping()]
    batches = [part for event in events for part in (ping, [event], [])]
    assert folded(batches) == folded([events])


@settings(deadline=None)
@given(
    groups=st.lists(
        st.one_of(
            st.text("ab\n", max_size=3).map(lambda text: [TextPiece(text)]),
            st.text("ab\n", max_size=3).map(lambda text: [ThinkingPiece(text)]),
            st.just(CALL),
        ),
        max_size=6,
    ),
    cuts=st.lists(st.integers(0, 40), max_size=5),
)
def test_the_fold_is_what_was_said_however_the_events_are_batched(groups: list[list[Piece]], cuts: list[int]) -> None:
    pieces = [piece for group in groups for piece in group]
    events = narrated(pieces)
    places = sorted(min(cut, len(events)) for cut in cuts)
    message = folded([events[start:end] for start, end in zip([0, *places], [*places, len(events)], strict=True)])
    assert message == folded([events])
    said = [piece.text for piece in pieces if isinstance(piece, TextPiece)]
    assert "".join(block.text for block in message.content if isinstance(block, TextContent)) == "".join(said)
    thoughts = [block for block in message.content if isinstance(block, ThinkingContent)]
    assert all(block.signature == seal(block.thinking) for block in thoughts)
    thought = [piece.text for piece in pieces if isinstance(piece, ThinkingPiece)]
    assert "".join(block.thinking for block in thoughts) == "".join(thought)
    calls = [block for block in message.content if isinstance(block, ToolUseContent)]
    assert [call.input for call in calls] == [{"a": [1, "é"]}] * sum(group is CALL for group in groups)
    assert [call.id for call in calls] == ids_of(events)[1]
    assert msgspec.json.decode(msgspec.json.encode(message), type=Message) == message


@pytest.mark.parametrize("missing", [2, 3, 4, 5, 6])
def test_an_answer_that_ended_early_is_an_error(missing: int) -> None:
    events = narrated([TextPiece("a"), *CALL])
    with pytest.raises(PensieveError, match="ended before it was complete") as caught:
        folded([events[:-missing]])
    assert caught.value.status == 500


@pytest.mark.parametrize("batches", [[], [[]], [[Ping()]]])
def test_no_events_at_all_are_an_error(batches: list[list[Event]]) -> None:
    with pytest.raises(PensieveError, match="ended before it was complete"):
        folded(batches)
