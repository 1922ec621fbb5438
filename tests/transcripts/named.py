"""Mistral, DeepSeek, Kimi: the name stands outside the JSON."""

# ruff: noqa: RUF001 (DeepSeek writes its marks with unusual bars)
from __future__ import annotations

from pensieve.core.pieces import Piece
from transcripts import Transcript, Transcripts, call, cut_call, marked, text, thinks, usual

INPUT = '{"path": "a.txt", "limit": 3}'
READ_CALL, LIST_CALL = call("Read", INPUT), call("List")
NASTY = '{"path": "[TOOL_CALLS] <|tool_call_end|> <｜tool▁call▁end｜> ``` } \\" ]"}'

_MISTRAL = f"[TOOL_CALLS]Read[ARGS]{INPUT}"
MISTRAL: Transcripts = {
    **usual(_MISTRAL, READ_CALL, f"{_MISTRAL}[TOOL_CALLS]List[ARGS]{{}}", READ_CALL + LIST_CALL),
    **marked(_MISTRAL, READ_CALL),
    **thinks("[THINK]", "[/THINK]", _MISTRAL, READ_CALL),
    "with an id": Transcript(f"[TOOL_CALLS]Read[CALL_ID]abc123def[ARGS]{INPUT}", READ_CALL),
    "without the separator": Transcript(f"[TOOL_CALLS]Read{INPUT}", READ_CALL),
    "spaces": Transcript(f"[TOOL_CALLS] Read [ARGS] {INPUT}", READ_CALL),
    "an older form": Transcript(f'[TOOL_CALLS][{{"name": "Read", "arguments": {INPUT}}}]', READ_CALL),
    "marks in strings": Transcript(f"[TOOL_CALLS]Read[ARGS]{NASTY}", call("Read", NASTY)),
    "cut in the input": Transcript('[TOOL_CALLS]Read[ARGS]{"path": "a', cut_call("Read", '{"path": "a')),
    "cut in the name": Transcript("[TOOL_CALLS]Re", text("[A tool call was cut off: Re]")),
    "words about the mark": Transcript("[TOOL_CALLS] is " + "x" * 300, text("[TOOL_CALLS] is " + "x" * 300)),
    "a tool of a server": Transcript("[TOOL_CALLS]mcp__a-b__c.d[ARGS]{}", call("mcp__a-b__c.d")),
}


def _section(before: str, separator: str, after: str, begin: str, end: str, between: str = "") -> Transcripts:
    """Families with a section around all calls. `before` and so on are what stands around name and input."""
    read = f"{before}Read{separator}{INPUT}{after}"
    none = f"{before}List{separator}{{}}{after}"
    one = f"{begin}{read}{end}"
    return {
        **usual(one, READ_CALL, f"{begin}{read}{between}{none}{end}", READ_CALL + LIST_CALL),
        **marked(one, READ_CALL),
        **thinks("<think>", "</think>", one, READ_CALL),
        "without the section": Transcript(read, READ_CALL),
        "the section is not closed": Transcript(f"{begin}{read}", READ_CALL),
        "the call is not closed": Transcript(f"{begin}{before}Read{separator}{INPUT}{end}", READ_CALL),
        "a bracket too few": Transcript(f"{begin}{before}Read{separator}{INPUT[:-1]}{after}{end}", _open_call(after)),
        "no input": Transcript(f"{begin}{before}List{separator}{after}{end}Hi.", [*LIST_CALL, *text("Hi.")]),
        "marks in strings": Transcript(f"{begin}{before}Read{separator}{NASTY}{after}{end}", call("Read", NASTY)),
        "cut in the input": Transcript(f'{begin}{before}Read{separator}{{"path": "a', cut_call("Read", '{"path": "a')),
        "cut in the name": Transcript(f"{begin}{before}Re", text(f"[A tool call was cut off: {_head(before)}Re]")),
        "cut behind the mark": Transcript(f"Hi. {begin}", text("Hi.")),
    }


def _open_call(after: str) -> list[Piece]:
    return [*call("Read", INPUT[:-1] + ("\n```" if "```" in after else ""))]


def _head(before: str) -> str:
    return before.removeprefix("<｜tool▁call▁begin｜>").removeprefix("<|tool_call_begin|>")


_DEEPSEEK = ("<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>")
DEEPSEEK_V3: Transcripts = {
    **_section(
        "<｜tool▁call▁begin｜>function<｜tool▁sep｜>",
        "\n```json\n",
        "\n```<｜tool▁call▁end｜>",
        *_DEEPSEEK,
        between="\n",
    ),
    "without the fence": Transcript(
        f"<｜tool▁call▁begin｜>function<｜tool▁sep｜>Read\n{INPUT}<｜tool▁call▁end｜>", READ_CALL
    ),
    "without the kind": Transcript(f"<｜tool▁call▁begin｜>Read\n```json\n{INPUT}\n```<｜tool▁call▁end｜>", READ_CALL),
}
DEEPSEEK_V31: Transcripts = _section("<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜>", *_DEEPSEEK)
KIMI: Transcripts = {
    **_section(
        "<|tool_call_begin|>functions.",
        ":0<|tool_call_argument_begin|>",
        "<|tool_call_end|>",
        "<|tool_calls_section_begin|>",
        "<|tool_calls_section_end|>",
    ),
    "counted on": Transcript(
        f"<|tool_call_begin|>functions.Read:12<|tool_call_argument_begin|>{INPUT}<|tool_call_end|>", READ_CALL
    ),
    "without a prefix": Transcript(
        f"<|tool_call_begin|>Read:0<|tool_call_argument_begin|>{INPUT}<|tool_call_end|>", READ_CALL
    ),
    "spaces": Transcript(
        f"<|tool_call_begin|> functions.Read:0 <|tool_call_argument_begin|> {INPUT} <|tool_call_end|>", READ_CALL
    ),
}
