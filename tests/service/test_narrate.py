"""The order of a stream's events: blocks one after the other, dense indices, one end."""

from __future__ import annotations

import re

from hypothesis import given, settings, strategies as st

from pensieve.core.pieces import CallEnd, CallInput, CallStart, Piece, TextPiece
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
    StopDelta,
    TextContent,
    TextDelta,
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
            st.just(CALL),
            st.just([CallStart("g"), CallEnd()]),
        ),
        max_size=4,
    ).map(lambda groups: [piece for group in groups for piece in group]),
    max_size=4,
)


def told(*batches: list[Piece]) -> list[Event]:
    """All events between the message's start and its end."""
    narrator = Narrator("claude-x")
    narrator.start(BEFORE)
    return [event for batch in batches for event in narrator.tell(batch)]


def text_block(index: int, *texts: str) -> list[Event]:
    deltas = [ContentBlockDelta(index, TextDelta(text)) for text in texts]
    return [ContentBlockStart(index, TextContent("")), *deltas]


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
    (start,) = Narrator("claude-x").start(BEFORE)
    assert isinstance(start, MessageStart)
    assert re.fullmatch(r"msg_[0-9A-Za-z]{22}", start.message.id)
    assert start.message == Message(start.message.id, "claude-x", BEFORE, (), "assistant", None, None)


def test_no_two_messages_have_the_same_id() -> None:
    starts = [event for _ in range(100) for event in Narrator("m").start(BEFORE)]
    assert len({start.message.id for start in starts if isinstance(start, MessageStart)}) == 100


def test_an_empty_answer_has_no_block() -> None:
    narrator = Narrator("m")
    assert narrator.tell([]) == narrator.tell([TextPiece("")]) == []
    assert narrator.finish("end_turn", None, AFTER) == END
    assert not narrator.called


def test_what_arrives_together_leaves_as_one_delta() -> None:
    pieces: list[Piece] = [TextPiece("a"), TextPiece(""), TextPiece("b")]
    assert told(pieces, [TextPiece("c")], []) == text_block(0, "ab", "c")


def test_a_text_block_stays_open_until_the_end() -> None:
    narrator = Narrator("m")
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
    narrator = Narrator("m")
    narrator.tell([TextPiece("a")])
    assert narrator.called is False
    narrator.tell([CallStart("f")])
    assert narrator.called is True


@settings(deadline=None)
@given(batches=batches)
def test_any_answer_is_told_in_order(batches: list[list[Piece]]) -> None:
    narrator = Narrator("m")
    events = narrator.start(BEFORE)
    for batch in batches:
        events += narrator.tell(batch)
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
