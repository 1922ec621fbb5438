"""The order of a stream's events: blocks one after the other, dense indices, one end."""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import Any

from hypothesis import given, settings, strategies as st

from pensieve.core.pieces import CallEnd, CallInput, CallStart, Piece, TextPiece, ThinkingPiece
from pensieve.service.narrate import Narrator
from pensieve.wire.answer import (
    ContentBlockDelta,
    ContentBlockStart,
    ContentBlockStop,
    Event,
    InputJsonDelta,
    Message,
    MessageDelta,
    MessageStart,
    MessageStop,
    ServerToolUseContent,
    SignatureDelta,
    StopDelta,
    TextContent,
    TextDelta,
    ThinkingContent,
    ThinkingDelta,
    ToolReference,
    ToolSearchFailed,
    ToolSearchResultContent,
    ToolsFound,
    ToolUseContent,
    Usage,
)

BEFORE, AFTER = Usage(7, 0), Usage(7, 3)
CALL: list[Piece] = [CallStart("f"), CallInput('{"a":'), CallInput("1}"), CallEnd()]
END: list[Event] = [MessageDelta(StopDelta("end_turn"), AFTER), MessageStop()]

batches = st.lists(
    st.lists(
        st.one_of(
            st.text("ab", max_size=3).map(lambda text: [TextPiece(text)]),
            st.text("ab", max_size=3).map(lambda text: [ThinkingPiece(text)]),
            st.just(CALL),
            st.just([CallStart("g"), CallEnd()]),
        ),
        max_size=4,
    ).map(lambda groups: [piece for group in groups for piece in group]),
    max_size=4,
)


def seal(thought: str) -> str:
    return f"sealed {thought}"


def told(*batches: list[Piece]) -> list[Event]:
    """All events between the message's start and its end."""
    narrator = Narrator("claude-x", seal)
    narrator.start(BEFORE)
    return [event for batch in batches for event in narrator.tell(batch)]


def text_block(index: int, *texts: str) -> list[Event]:
    deltas = [ContentBlockDelta(index, TextDelta(text)) for text in texts]
    return [ContentBlockStart(index, TextContent("")), *deltas]


def thought_block(index: int, *thoughts: str, omitted: bool = False) -> list[Event]:
    deltas = [] if omitted else [ContentBlockDelta(index, ThinkingDelta(thought)) for thought in thoughts]
    signature = ContentBlockDelta(index, SignatureDelta(seal("".join(thoughts))))
    return [ContentBlockStart(index, ThinkingContent("")), *deltas, signature, ContentBlockStop(index)]


def without_ids(events: list[Event]) -> list[Event]:
    """Ids are random: they are checked for their shape and then left out."""
    plain: list[Event] = []
    for event in events:
        if isinstance(event, ContentBlockStart) and isinstance(event.content_block, ToolUseContent):
            assert re.fullmatch(r"toolu_[0-9A-Za-z]{22}", event.content_block.id)
            event = ContentBlockStart(event.index, ToolUseContent("", event.content_block.name))
        plain.append(event)
    return plain


def call_block(index: int) -> list[Event]:
    return [
        ContentBlockStart(index, ToolUseContent("", "f")),
        ContentBlockDelta(index, InputJsonDelta('{"a":')),
        ContentBlockDelta(index, InputJsonDelta("1}")),
        ContentBlockStop(index),
    ]


def test_a_message_begins_with_its_model_and_usage_and_without_content() -> None:
    (start,) = Narrator("claude-x", seal).start(BEFORE)
    assert isinstance(start, MessageStart)
    assert re.fullmatch(r"msg_[0-9A-Za-z]{22}", start.message.id)
    assert start.message == Message(start.message.id, "claude-x", BEFORE, (), "assistant", None, None)


def test_no_two_messages_have_the_same_id() -> None:
    starts = [event for _ in range(100) for event in Narrator("m", seal).start(BEFORE)]
    assert len({start.message.id for start in starts if isinstance(start, MessageStart)}) == 100


def test_an_empty_answer_has_no_block() -> None:
    narrator = Narrator("m", seal)
    assert narrator.tell([]) == narrator.tell([TextPiece("")]) == []
    assert narrator.finish("end_turn", None, AFTER) == END
    assert not narrator.called


def test_what_arrives_together_leaves_as_one_delta() -> None:
    pieces: list[Piece] = [TextPiece("a"), TextPiece(""), TextPiece("b")]
    assert told(pieces, [TextPiece("c")], []) == text_block(0, "ab", "c")


def test_a_text_block_stays_open_until_the_end() -> None:
    narrator = Narrator("m", seal)
    assert narrator.tell([TextPiece("a")]) == text_block(0, "a")
    assert narrator.finish("stop_sequence", "x", AFTER) == [
        ContentBlockStop(0),
        MessageDelta(StopDelta("stop_sequence", "x"), AFTER),
        MessageStop(),
    ]


def test_a_call_is_a_block_of_its_own() -> None:
    assert without_ids(told(CALL)) == call_block(0)


def test_a_call_in_many_batches_is_the_same_block() -> None:
    assert without_ids(told(*([piece] for piece in CALL))) == call_block(0)


def test_each_block_ends_before_the_next_begins() -> None:
    events = told([TextPiece("a"), *CALL, *CALL, TextPiece("b")], [TextPiece("c")])
    assert without_ids(events) == [
        *text_block(0, "a"),
        ContentBlockStop(0),
        *call_block(1),
        *call_block(2),
        *text_block(3, "b", "c"),
    ]


def test_calls_have_ids_of_their_own() -> None:
    starts = [event for event in told(CALL + CALL) if isinstance(event, ContentBlockStart)]
    blocks = [start.content_block for start in starts if isinstance(start.content_block, ToolUseContent)]
    assert len({block.id for block in blocks}) == 2


def test_it_is_known_whether_a_tool_was_called() -> None:
    narrator = Narrator("m", seal)
    narrator.tell([TextPiece("a")])
    assert narrator.called is False
    narrator.tell([CallStart("f")])
    assert narrator.called is True


def test_a_thought_is_a_block_that_ends_with_its_signature() -> None:
    events = told([ThinkingPiece("a"), ThinkingPiece(""), ThinkingPiece("b")], [ThinkingPiece("c"), TextPiece("d")])
    assert events == [*thought_block(0, "ab", "c"), *text_block(1, "d")]


def test_a_thought_that_nothing_follows_is_signed_at_the_end() -> None:
    narrator = Narrator("m", seal)
    events = narrator.tell([ThinkingPiece("a")]) + narrator.finish("end_turn", None, AFTER)
    assert events == [*thought_block(0, "a"), *END]


def test_a_thought_that_is_not_shown_leaves_in_its_signature_alone() -> None:
    narrator = Narrator("m", seal, omitted=True)
    assert narrator.tell([ThinkingPiece("a")]) == [ContentBlockStart(0, ThinkingContent(""))]
    assert narrator.tell([ThinkingPiece("b")]) == []
    events = narrator.tell([TextPiece("c")])
    assert [ContentBlockStart(0, ThinkingContent("")), *events] == [
        *thought_block(0, "a", "b", omitted=True),
        *text_block(1, "c"),
    ]


def test_thoughts_text_and_calls_take_turns() -> None:
    think: list[Piece] = [ThinkingPiece("a")]
    events = told([*think, *CALL, *think, TextPiece("b"), *think, *CALL])
    assert without_ids(events) == [
        *thought_block(0, "a"),
        *call_block(1),
        *thought_block(2, "a"),
        *text_block(3, "b"),
        ContentBlockStop(3),
        *thought_block(4, "a"),
        *call_block(5),
    ]


def test_an_empty_thought_is_none() -> None:
    assert told([ThinkingPiece(""), TextPiece("a")]) == text_block(0, "a")


def test_an_open_block_can_be_closed() -> None:
    narrator = Narrator("m", seal)
    assert narrator.close_block() == []
    narrator.tell([TextPiece("a")])
    assert narrator.close_block() == [ContentBlockStop(0)]
    assert narrator.close_block() == []
    assert narrator.tell([TextPiece("a")]) == text_block(1, "a")


def test_every_finished_call_is_told_with_the_input_as_it_was_written() -> None:
    kept: list[tuple[str, str, str | None]] = []
    narrator = Narrator("m", seal, on_call=lambda *call: kept.append(call))
    events = narrator.tell([*CALL, CallStart("g", "g()"), CallEnd(), CallStart("h"), CallInput('{"cut')])
    events += narrator.finish("max_tokens", None, AFTER)
    starts = [event.content_block for event in events if isinstance(event, ContentBlockStart)]
    ids = [block.id for block in starts if isinstance(block, ToolUseContent)]
    assert kept == [(ids[0], '{"a":1}', None), (ids[1], "{}", "g()")]


def test_what_the_server_searched_is_a_call_and_what_it_found() -> None:
    kept: list[tuple[str, str, str | None]] = []
    narrator = Narrator("m", seal, on_call=lambda *call: kept.append(call))
    narrator.tell([TextPiece("a")])
    events = narrator.searched("srvtoolu_1", "tool_search_tool_bm25", '{"query":"q"}', ["f", "g"])
    found = ToolsFound((ToolReference("f"), ToolReference("g")))
    assert events == [
        ContentBlockStop(0),
        ContentBlockStart(1, ServerToolUseContent("srvtoolu_1", "tool_search_tool_bm25")),
        ContentBlockDelta(1, InputJsonDelta('{"query":"q"}')),
        ContentBlockStop(1),
        ContentBlockStart(2, ToolSearchResultContent("srvtoolu_1", found)),
        ContentBlockStop(2),
    ]
    assert kept == [("srvtoolu_1", '{"query":"q"}', None)]
    assert not narrator.called


def test_a_search_that_failed_tells_why() -> None:
    failure = ToolSearchFailed("invalid_tool_input", "no")
    events = Narrator("m", seal).searched("srvtoolu_1", "tool_search_tool_regex", "{}", [], failure)
    assert events[-2] == ContentBlockStart(1, ToolSearchResultContent("srvtoolu_1", failure))


silences = st.lists(st.sampled_from([None, TextContent(""), ThinkingContent("")]), max_size=5)


@settings(deadline=None)
@given(batches=batches, silences=silences)
def test_any_answer_is_told_in_order(batches: list[list[Piece]], silences: list[Any]) -> None:
    """Also when it was silent in between."""
    narrator = Narrator("m", seal)
    events = narrator.start(BEFORE)
    for silence, batch in zip_longest(silences, batches):
        events += narrator.keep_alive(silence)
        events += narrator.tell(batch or [])
    events += narrator.finish("end_turn", None, AFTER)
    assert isinstance(events[0], MessageStart) and events[-2:] == END
    inner, begun, is_open = events[1:-2], 0, False
    for event in inner:
        assert isinstance(event, ContentBlockStart | ContentBlockDelta | ContentBlockStop)
        if isinstance(event, ContentBlockStart):
            assert not is_open and event.index == begun
            begun, is_open = begun + 1, True
        else:
            assert is_open and event.index == begun - 1
            is_open = isinstance(event, ContentBlockDelta)
    assert not is_open
    said = "".join(piece.text for batch in batches for piece in batch if isinstance(piece, TextPiece))
    deltas = [event.delta for event in inner if isinstance(event, ContentBlockDelta)]
    assert "".join(delta.text for delta in deltas if isinstance(delta, TextDelta)) == said
    thought = "".join(piece.text for batch in batches for piece in batch if isinstance(piece, ThinkingPiece))
    assert "".join(delta.thinking for delta in deltas if isinstance(delta, ThinkingDelta)) == thought
    signed = "".join(delta.signature for delta in deltas if isinstance(delta, SignatureDelta))
    assert signed.replace(seal(""), "") == thought


def test_in_silence_the_open_block_gets_an_empty_delta() -> None:
    narrator = Narrator("m", seal)
    assert narrator.keep_alive(None) == []
    assert narrator.keep_alive(TextContent("")) == narrator.tell([TextPiece("")]) + text_block(0, "")
    assert narrator.tell([TextPiece("a")]) + narrator.keep_alive(None) == text_block(0, "a", "")[1:]
    narrator.tell([CallStart("f")])
    assert narrator.keep_alive(TextContent("")) == [ContentBlockDelta(1, InputJsonDelta(""))]
    narrator.tell([CallEnd(), ThinkingPiece("a")])
    assert narrator.keep_alive(TextContent("")) == [ContentBlockDelta(2, ThinkingDelta(""))]


def test_a_block_that_was_opened_in_vain_ends_empty() -> None:
    narrator = Narrator("m", seal)
    narrator.keep_alive(TextContent(""))
    assert narrator.tell([ThinkingPiece("a")])[0] == ContentBlockStop(0)
    narrator = Narrator("m", seal)
    narrator.keep_alive(ThinkingContent(""))
    events = narrator.tell([TextPiece("a")])
    assert [*thought_block(0)[:1], *events] == [*thought_block(0), *text_block(1, "a")]


def test_the_tokens_of_a_thought_that_is_not_shown_are_told() -> None:
    narrator = Narrator("m", seal, omitted=True, counted=True)
    narrator.thought(2)
    events = narrator.tell([ThinkingPiece("a")])
    narrator.thought(3)
    events += narrator.tell([]) + narrator.tell([TextPiece("b")])
    deltas = [event.delta for event in events if isinstance(event, ContentBlockDelta)]
    assert deltas[:3] == [ThinkingDelta("", 2), ThinkingDelta("", 3), SignatureDelta(seal("a"))]
    for quiet in (Narrator("m", seal, omitted=True), Narrator("m", seal, counted=True)):
        quiet.thought(2)
        told = [event.delta for event in quiet.tell([ThinkingPiece("a")]) if isinstance(event, ContentBlockDelta)]
        assert not [delta for delta in told if isinstance(delta, ThinkingDelta) and delta.estimated_tokens]
