"""Answers as the model families write them, and what is to be understood: one module for each kind of form.

Sources: the families' published chat templates, and reports of calls that other servers let through as text.
"""

from __future__ import annotations

from dataclasses import dataclass

from pensieve.core.chat import Tool
from pensieve.core.pieces import CallEnd, CallInput, CallStart, Piece, TextPiece, ThinkingPiece

TOOLS = (
    Tool(
        "Read",
        "",
        {"type": "object", "properties": {"path": {"type": "string"}, "limit": {"type": "integer"}}},
    ),
    Tool("List", "", {"type": "object", "properties": {}}),
    Tool(
        "Set",
        "",
        {
            "type": "object",
            "properties": {
                "on": {"type": "boolean"},
                "ratio": {"type": "number"},
                "items": {"$ref": "#/$defs/items"},
                "options": {"type": "object"},
                "maybe": {"type": ["string", "null"]},
                "either": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
                "any": {},
                "mode": {"enum": ["fast", 1]},
            },
            "$defs": {"items": {"type": "array", "items": {"type": "string"}}},
        },
    ),
)


@dataclass(frozen=True)
class Transcript:
    written: str
    pieces: list[Piece]
    thinking: bool = False
    tools: bool = True


Transcripts = dict[str, Transcript]


def text(text: str) -> list[Piece]:
    return [TextPiece(text)]


def thought(text: str) -> list[Piece]:
    return [ThinkingPiece(text)]


def cut_call(name: str, *json: str) -> list[Piece]:
    return [CallStart(name), *map(CallInput, json)]


def call(name: str, json: str = "{}") -> list[Piece]:
    return [*cut_call(name, json), CallEnd()]


def said(call: list[Piece], written: str) -> list[Piece]:
    """The call in a form that is not the family's."""
    assert isinstance(call[0], CallStart)
    return [CallStart(call[0].name, written), *call[1:]]


def usual(read: str, read_pieces: list[Piece], both: str, both_pieces: list[Piece]) -> Transcripts:
    """What holds for every family, given how it writes a call, and two calls."""
    return {
        "nothing": Transcript("", []),
        "text": Transcript("Hello,\n\nworld! ", text("Hello,\n\nworld! ")),
        "white space": Transcript(" \n\t ", text(" \n\t ")),
        "nearly marks": Transcript('a < b <t [T <| {" [x <tool_ </', text('a < b <t [T <| {" [x <tool_ </')),
        "a call": Transcript(read, read_pieces),
        "white space around a call": Transcript(f" \n{read}\n\n", read_pieces),
        "two calls": Transcript(both, both_pieces),
        "text behind a call": Transcript(f"{read}\ndone. ", [*read_pieces, *text("\ndone. ")]),
        "without tools a call is text": Transcript(f"So: {read}", text(f"So: {read}"), tools=False),
    }


def marked(read: str, read_pieces: list[Piece]) -> Transcripts:
    """What holds where a mark begins a call, wherever it stands."""
    return {
        "text before a call": Transcript(f"I look.\n\n{read}", [*text("I look."), *read_pieces]),
        "text around calls": Transcript(
            f"a\n\nb {read}é \U0001f600\n{read}.",
            [*text("a\n\nb"), *read_pieces, *text("é \U0001f600"), *read_pieces, *text(".")],
        ),
        "calls one after the other": Transcript(f"{read}\n{read}{read}", read_pieces * 3),
    }


def thinks(open: str, close: str, read: str, read_pieces: list[Piece], *, inside: bool = True) -> Transcripts:
    """What holds for every family with marks around thoughts. `inside`: a call may also begin inside of a thought."""
    found = {
        "a thought": Transcript(f"{open}\nHm.\n\nYes.\n{close}\n\nHi.", [*thought("Hm.\n\nYes."), *text("Hi.")]),
        "a thought before a call": Transcript(f"{open}Hm.{close}\n{read}", [*thought("Hm."), *read_pieces]),
        "an empty thought": Transcript(f"{open}\n\n{close}\n\nHi.", text("Hi.")),
        "a thought that the prompt began": Transcript(
            f"Hm.\n{close}\nHi.", [*thought("Hm."), *text("Hi.")], thinking=True
        ),
        "a thought that was begun twice": Transcript(
            f"{open}\nHm.\n{close}\nHi.", [*thought("Hm."), *text("Hi.")], thinking=True
        ),
        "a thought that is not closed": Transcript(f"{open}\nHm <b", thought("Hm <b")),
        "a thought that was never begun": Transcript(f"Hm.\n{close}\n\nHi.", text("Hm.\nHi.")),
        "thoughts without tools": Transcript(f"{open}Hm.{close}Hi.", [*thought("Hm."), *text("Hi.")], tools=False),
        "a thought behind text": Transcript(f"Hi. {open}Hm.{close} Ho.", [*text("Hi."), *thought("Hm."), *text("Ho.")]),
    }
    if inside:
        found["a call in a thought that is not closed"] = Transcript(
            f"{open}Hm.\n{read}", [*thought("Hm."), *read_pieces]
        )
        found["thoughts between calls"] = Transcript(
            f"{open}a{close}{read}\n{open}b{close}{read}", [*thought("a"), *read_pieces, *thought("b"), *read_pieces]
        )
    return found
