"""Frames come out of a byte stream as they went in, however the stream is cut; anything else is a FrameError."""

from __future__ import annotations

import struct

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from pensieve.core.generation import Chunk, Finish, Job, Prefill, Sampling, Span
from pensieve.ipc.codec import LONGEST_FRAME, FrameError, FrameReader, encode
from pensieve.ipc.frames import (
    Cancel,
    Count,
    Counted,
    Down,
    Emit,
    Exit,
    Failed,
    Frame,
    Ready,
    Restrain,
    Submit,
    Up,
    Vitals,
)

JOB = Job(
    id=7,
    prompt=(0, 1, 2**31),
    sampling=Sampling(0.5, 0.25, 3),
    max_tokens=0,
    markers=("<tool_call>",),
    generated=(Span("é", (1, 2)), Span("", (), missing=2)),
)
DOWN: list[Frame] = [
    Submit(JOB),
    Submit(Job(1, (), Sampling(), 5)),
    Cancel(7),
    Count(2, "tokens, \U0001f600 and \x00"),
    Count(3, ""),
    Restrain(None, hold=False),
    Restrain(0, hold=True),
    Exit(),
]
UP: list[Frame] = [
    Ready(32768, 4, 1.5),
    Failed("no such file"),
    Emit(7, Chunk("text", (1, 2), 1)),
    Emit(7, Chunk(prefill=Prefill(10, 3, 5))),
    Emit(7, Chunk(finish=Finish("failed", "why"))),
    Emit(7, Chunk(finish=Finish("end"))),
    Counted(2, (1, 2, 3)),
    Counted(2, error="it would not"),
    Vitals(0.5, 2.5, 10**12),
]

texts = st.text(st.characters(exclude_categories=["Cs"]))
numbers = st.integers(0, 2**63)
up_frames = st.lists(
    st.one_of(
        st.builds(Failed, texts),
        st.builds(Counted, numbers, st.lists(numbers).map(tuple), texts),
        st.builds(Vitals, st.floats(0, 1e9), st.floats(0, 1e9), numbers),
        st.builds(Emit, numbers, st.builds(Chunk, text=texts, ids=st.lists(numbers).map(tuple), missing=numbers)),
    ),
    max_size=8,
)


def stream_of(frames: list[Frame]) -> bytes:
    encoder = msgspec.msgpack.Encoder()
    return b"".join(encode(frame, encoder) for frame in frames)


def read(union: object, parts: list[bytes]) -> list[Frame]:
    reader: FrameReader[Frame] = FrameReader(union)
    return [frame for part in parts for frame in reader.feed(part)]


def framed(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body


@pytest.mark.parametrize("frame", DOWN, ids=lambda frame: type(frame).__name__)
def test_every_frame_that_goes_down_arrives_as_it_was(frame: Frame) -> None:
    assert read(Down, [stream_of([frame])]) == [frame]


@pytest.mark.parametrize("frame", UP, ids=lambda frame: type(frame).__name__)
def test_every_frame_that_comes_up_arrives_as_it_was(frame: Frame) -> None:
    assert read(Up, [stream_of([frame])]) == [frame]


def test_these_are_all_frames_there_are() -> None:
    assert {type(frame) for frame in DOWN + UP} == set(Frame.__subclasses__())


@pytest.mark.parametrize(("union", "frames"), [(Down, DOWN), (Up, UP)])
def test_a_stream_cut_anywhere_gives_the_same_frames(union: object, frames: list[Frame]) -> None:
    stream = stream_of(frames)
    for position in range(len(stream) + 1):
        assert read(union, [stream[:position], stream[position:]]) == frames
    assert read(union, [stream[index : index + 1] for index in range(len(stream))]) == frames


@settings(deadline=None)
@given(frames=up_frames, data=st.data())
def test_any_frames_cut_anyhow_arrive_as_they_were(frames: list[Frame], data: st.DataObject) -> None:
    stream = stream_of(frames)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    parts = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert read(Up, parts) == frames


def test_a_frame_is_out_as_soon_as_its_last_byte_is_in() -> None:
    stream = stream_of([Cancel(1), Cancel(2)])
    reader: FrameReader[Frame] = FrameReader(Down)
    half = len(stream) // 2
    assert list(reader.feed(stream[: half - 1])) == []
    assert list(reader.feed(stream[half - 1 : half])) == [Cancel(1)]
    assert list(reader.feed(b"")) == []
    assert list(reader.feed(stream[half:])) == [Cancel(2)]


def test_a_reader_that_is_left_in_the_middle_goes_on_behind_the_last_frame_it_gave() -> None:
    reader: FrameReader[Frame] = FrameReader(Down)
    assert next(iter(reader.feed(stream_of([Cancel(1), Cancel(2)])))) == Cancel(1)
    assert list(reader.feed(stream_of([Cancel(3)]))) == [Cancel(2), Cancel(3)]


def test_the_length_before_a_frame_is_that_of_its_body() -> None:
    stream = stream_of([Cancel(1)])
    assert int.from_bytes(stream[:4], "big") == len(stream) - 4


@pytest.mark.parametrize("length", [LONGEST_FRAME + 1, 2**32 - 1])
def test_a_frame_over_the_limit_is_refused_before_it_is_read(length: int) -> None:
    with pytest.raises(FrameError, match=str(length)):
        read(Up, [struct.pack(">I", length)])


def test_a_frame_of_just_the_limit_is_waited_for() -> None:
    assert read(Up, [struct.pack(">I", LONGEST_FRAME)]) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xc1",
        b"\xc0",
        b"\x90",
        b"\x91\xa4nope",
        b"\x91\x05",
        b"\x92\xa6cancel\x01",  # a frame of the other direction
        b"\x92\xa6failed\x01",
        b"\x92\xa6failed\xa2\xff\xfe",
        b"\x92\xa6failed\xa2a",
        b"\x92\xa6failed\xa1aa",
        b"\x93\xa7counted\x01" + b"\x91" * 100_000 + b"\xc0",
        b"\x81\xa4type\xa4exit",
    ],
    ids=lambda body: repr(body[:16]),
)
def test_a_body_that_is_no_frame_of_this_direction_is_an_error(body: bytes) -> None:
    with pytest.raises(FrameError):
        read(Up, [framed(body)])


def test_the_frames_before_a_broken_one_are_given() -> None:
    reader: FrameReader[Frame] = FrameReader(Down)
    frames = reader.feed(stream_of([Cancel(1)]) + framed(b"\xc1"))
    assert next(frames) == Cancel(1)
    with pytest.raises(FrameError):
        next(frames)


@settings(deadline=None)
@given(body=st.binary(max_size=40))
def test_garbage_is_a_frame_or_a_frame_error(body: bytes) -> None:
    try:
        frames = read(Up, [framed(body)])
    except FrameError:
        return
    assert [type(frame) in Frame.__subclasses__() for frame in frames] == [True]


@settings(deadline=None)
@given(index=st.integers(0, len(UP) - 1), position=st.integers(0, 1000), flip=st.integers(1, 255))
def test_a_frame_with_a_wrong_byte_is_a_frame_or_a_frame_error(index: int, position: int, flip: int) -> None:
    body = bytearray(stream_of([UP[index]])[4:])
    body[position % len(body)] ^= flip
    try:
        frames = read(Up, [framed(bytes(body))])
    except FrameError:
        return
    assert [type(frame) in Frame.__subclasses__() for frame in frames] == [True]
