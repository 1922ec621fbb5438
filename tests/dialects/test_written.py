"""Answers as models really write them: their calls are told, and what only looks like one stays text."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

from pensieve.core.pieces import CallEnd, CallInput, CallStart, TextPiece, ThinkingPiece
from pensieve.dialects.families import FAMILIES
from pensieve.dialects.foreign.reader import asks_for_examples, forbids_calls
from pensieve.dialects.mend import Mender
from pensieve.dialects.read import make_reader
from transcripts.shape import READ
from transcripts.shapes import OFFERED, SHAPES, Call, Shape

NAMED = {family.name: family for family in FAMILIES}
NAMES = {tool.name for tool in OFFERED}
CALLS = [shape for shape in SHAPES if shape.calls]
TEXTS = [shape for shape in SHAPES if not shape.calls]


@dataclass
class Told:
    calls: list[Call] = field(default_factory=list)
    before: str = ""
    behind: str = ""
    thought: str = ""


def told(shape: Shape, parts: Iterable[str]) -> Told:
    """What a client learns, without the white space around texts."""
    reader = make_reader(NAMED[shape.family], OFFERED, thinking=shape.thinking)
    mender = Mender(OFFERED)
    pieces = [piece for part in parts for piece in mender.tell(reader.feed(part))]
    pieces += [*mender.tell(reader.close()), *mender.close()]
    all_told, name, written = Told(), "", ""
    for piece in pieces:
        match piece:
            case CallStart():
                name, written = piece.name, ""
            case CallInput():
                written += piece.json
            case CallEnd():
                all_told.calls.append((name, json.loads(written or "{}")))
            case TextPiece() if all_told.calls:
                all_told.behind += piece.text
            case TextPiece():
                all_told.before += piece.text
            case ThinkingPiece():
                all_told.thought += piece.text
    return Told(all_told.calls, all_told.before.strip(), all_told.behind.strip(), all_told.thought.strip())


def expected(shape: Shape) -> Told:
    before = shape.before if shape.calls else shape.written.strip()
    return Told(list(shape.calls), before, shape.behind, shape.thought)


def cuts(written: str) -> Iterable[list[str]]:
    """Whole, letter by letter, and in three ways by chance; the same in every run."""
    yield [written]
    yield list(written)
    chance = random.Random(written)
    for _ in range(3):
        places = sorted(chance.choices(range(len(written)), k=4))
        yield [written[a:b] for a, b in zip([0, *places], [*places, None], strict=True)]


def test_there_are_many_and_each_has_its_own_name() -> None:
    assert len(CALLS) >= 60
    assert len(TEXTS) >= 25
    assert len({(shape.family, shape.written) for shape in SHAPES}) == len(SHAPES)


@pytest.mark.parametrize("shape", [shape for shape in CALLS if not shape.unknown], ids=lambda shape: shape.name)
def test_what_is_a_call_is_told_as_one(shape: Shape) -> None:
    for parts in cuts(shape.written):
        assert told(shape, parts) == expected(shape), parts


@pytest.mark.parametrize("shape", [shape for shape in TEXTS if not shape.cut], ids=lambda shape: shape.name)
def test_what_only_looks_like_a_call_stays_text(shape: Shape) -> None:
    for parts in cuts(shape.written):
        assert told(shape, parts) == expected(shape), parts


@pytest.mark.parametrize("shape", [shape for shape in TEXTS if shape.cut], ids=lambda shape: shape.name)
def test_a_call_that_is_cut_off_is_none(shape: Shape) -> None:
    for parts in cuts(shape.written):
        assert told(shape, parts).calls == [], parts


def test_of_a_call_that_is_cut_in_its_input_no_json_is_told() -> None:
    for written in ('{"name": "Read", "arguments": {"file_path": "/sh', "```json\n" + READ[:-12]):
        shape = Shape("cut", "hermes", "max_tokens", f"I look.\n\n{written}", cut=True)
        for parts in cuts(shape.written):
            assert told(shape, parts).before.startswith('I look.[A tool call was cut off: Read {"file_path": "/sh'), (
                parts
            )


@pytest.mark.parametrize("shape", [shape for shape in CALLS if shape.unknown], ids=lambda shape: shape.name)
def test_a_tool_that_nobody_offers_is_not_taken_for_one_that_is_offered(shape: Shape) -> None:
    whole = told(shape, [shape.written])
    assert not {name for name, _ in whole.calls} & NAMES
    for parts in cuts(shape.written):
        assert told(shape, parts) == whole, parts


@pytest.mark.parametrize(
    ("asked", "may"),
    [
        ("Where is the class OrderBook defined?", False),
        ("Run the tests", False),
        ("Explain how the Read tool is called, with an example, but do not call it.", True),
        ("Show me a call of Bash in JSON", True),
        ("What would you do? Don't run anything.", True),
    ],
)
def test_who_asks_for_examples_is_told(asked: str, may: bool) -> None:
    assert asks_for_examples(asked) == may


@pytest.mark.parametrize(
    ("asked", "forbidden"),
    [
        ("Explain how the Read tool is called, but do not call it.", True),
        ("Show me a call without using any tools", True),
        ("Find functions that don't call super()", False),
        ("Read a.py, but don't run it", False),
    ],
)
def test_who_forbids_calls_is_told(asked: str, forbidden: bool) -> None:
    assert forbids_calls(asked) == forbidden


def test_a_call_in_the_middle_of_text_is_one_unless_examples_are_asked_for() -> None:
    call = '```json\n{"name": "Bash", "arguments": {"command": "git status"}}\n```'
    shown = f"You can do it so:\n\n{call}\n\nThis tells what has changed."
    for examples in (True, False):
        reader = make_reader(NAMED["hermes"], OFFERED, thinking=False, examples=examples)
        pieces = [piece for letter in shown for piece in reader.feed(letter)] + reader.close()
        assert any(isinstance(piece, CallStart) for piece in pieces) != examples


def test_what_stands_in_a_block_of_code_calls_nothing() -> None:
    code = 'So:\n```python\ncall = {"name": "Read", "arguments": {}}\nRead(file_path="a")\n```\n'
    for cut in range(1, len(code)):
        first = make_reader(NAMED["hermes"], OFFERED, thinking=False, examples=False)
        pieces = first.feed(code[:cut])
        if first.stands:
            first_behind = first.behind
            first = make_reader(NAMED["hermes"], OFFERED, thinking=False, behind=first_behind, examples=False)
        pieces += first.feed(code[cut:]) + first.close()
        assert all(isinstance(piece, TextPiece) for piece in pieces), cut
