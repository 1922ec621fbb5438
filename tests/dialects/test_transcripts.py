"""Every transcript is understood, however it is cut, and a new reader takes over wherever a reader stands."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings, strategies as st

from pensieve.core.pieces import CallInput, CallStart, Piece, TextPiece, ThinkingPiece
from pensieve.dialects.base import Behind, Reader
from pensieve.dialects.families import FAMILIES
from pensieve.dialects.read import make_reader
from transcripts import TOOLS, Transcript
from transcripts.every import EVERY

NAMED = {family.name: family for family in FAMILIES}
CASES = [
    pytest.param(family, transcript, id=f"{family}: {name}")
    for family, transcripts in EVERY.items()
    for name, transcript in transcripts.items()
]


def reader_for(
    family: str, transcript: Transcript, *, thinking: bool | None = None, behind: Behind = "start"
) -> Reader:
    return make_reader(
        NAMED[family],
        TOOLS if transcript.tools else (),
        thinking=transcript.thinking if thinking is None else thinking,
        behind=behind,
    )


def joined(pieces: Iterable[Piece]) -> list[Piece]:
    """Neighbouring texts, thoughts, and stretches of one call's input, as one."""
    whole: list[Piece] = []
    for piece in pieces:
        match (whole[-1] if whole else None), piece:
            case TextPiece(text=before), TextPiece(text=after):
                whole[-1] = TextPiece(before + after)
            case ThinkingPiece(text=before), ThinkingPiece(text=after):
                whole[-1] = ThinkingPiece(before + after)
            case CallInput(json=before), CallInput(json=after):
                whole[-1] = CallInput(before + after)
            case _:
                whole.append(piece)
    return whole


def understood(reader: Reader, parts: Iterable[str]) -> list[Piece]:
    return joined([*(piece for part in parts for piece in reader.feed(part)), *reader.close()])


def test_every_family_has_its_transcripts() -> None:
    assert set(EVERY) == set(NAMED)
    assert all(len(transcripts) >= 12 for transcripts in EVERY.values())


@pytest.mark.parametrize(("family", "transcript"), CASES)
def test_a_transcript_is_understood(family: str, transcript: Transcript) -> None:
    assert understood(reader_for(family, transcript), [transcript.written]) == joined(transcript.pieces)


@pytest.mark.parametrize(("family", "transcript"), CASES)
def test_a_transcript_is_understood_letter_by_letter_and_taken_over_where_a_reader_stands(
    family: str, transcript: Transcript
) -> None:
    reader = reader_for(family, transcript)
    before: list[Piece] = []
    for position, letter in enumerate(transcript.written):
        if position and reader.stands:
            next_one = reader_for(family, transcript, thinking=reader.thinking, behind=reader.behind)
            rest = understood(next_one, [transcript.written[position:]])
            assert joined([*before, *rest]) == joined(transcript.pieces), transcript.written[:position]
        before += reader.feed(letter)
    assert joined([*before, *reader.close()]) == joined(transcript.pieces)


@pytest.mark.parametrize(("family", "transcript"), CASES)
def test_a_transcript_is_understood_wherever_it_is_cut_in_two(family: str, transcript: Transcript) -> None:
    for position in range(1, len(transcript.written)):
        parts = [transcript.written[:position], transcript.written[position:]]
        assert understood(reader_for(family, transcript), parts) == joined(transcript.pieces), parts


@settings(deadline=None, max_examples=200)
@given(case=st.sampled_from([case.values for case in CASES]), data=st.data())
def test_a_transcript_is_understood_however_it_is_cut(case: tuple[str, Transcript], data: st.DataObject) -> None:
    family, transcript = case
    cuts = sorted(data.draw(st.lists(st.integers(0, len(transcript.written)), max_size=8)))
    parts = [transcript.written[a:b] for a, b in zip([0, *cuts], [*cuts, None], strict=True)]
    assert understood(reader_for(family, transcript), parts) == joined(transcript.pieces)


@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_any_answer_is_understood_alike_however_it_is_cut(data: st.DataObject) -> None:
    """Transcripts torn to pieces and put together wrongly: no cut and no nonsense may matter."""
    family = data.draw(st.sampled_from(sorted(EVERY)))
    written = "".join(transcript.written for transcript in EVERY[family].values() if transcript.tools)
    starts = data.draw(st.lists(st.tuples(st.integers(0, len(written)), st.integers(1, 60)), max_size=5))
    answer = "".join(written[start : start + length] for start, length in starts)
    thinking = data.draw(st.booleans())
    whole = understood(make_reader(NAMED[family], TOOLS, thinking=thinking), [answer])
    assert understood(make_reader(NAMED[family], TOOLS, thinking=thinking), answer) == whole
    ends = [type(piece) for piece in whole if not isinstance(piece, TextPiece | ThinkingPiece)]
    assert not ends or ends[0] is CallStart
