"""Hermes, Qwen, Phi, Granite, Nemotron, Command, old Mistral, Llama: calls are JSON objects."""

from __future__ import annotations

import json

from transcripts import Transcript, Transcripts, call, cut_call, marked, said, text, thinks, thought, usual

INPUT = '{"path": "a.txt", "limit": 3}'
READ = f'{{"name": "Read", "arguments": {INPUT}}}'
LIST = '{"name": "List", "arguments": {}}'
READ_CALL, LIST_CALL = call("Read", INPUT), call("List")


def wrapped(body: str) -> str:
    return f"<tool_call>\n{body}\n</tool_call>"


HERMES: Transcripts = {
    **usual(wrapped(READ), READ_CALL, f"{wrapped(READ)}\n{wrapped(LIST)}", READ_CALL + LIST_CALL),
    **marked(wrapped(READ), READ_CALL),
    **thinks("<think>", "</think>", wrapped(READ), READ_CALL),
    "in one line": Transcript(f"<tool_call>{READ}</tool_call>", READ_CALL),
    "name behind the input, and spaces": Transcript(
        wrapped(f'\n {{\n "arguments" : {INPUT},\n "name":"Read"}}  \n'), READ_CALL
    ),
    "parameters": Transcript(wrapped(f'{{"name": "Read", "parameters": {INPUT}}}'), READ_CALL),
    "input as a string": Transcript(
        wrapped(json.dumps({"name": "Read", "arguments": INPUT})), call("Read", json.dumps(INPUT))
    ),
    "no input": Transcript(wrapped('{"name": "List"}'), LIST_CALL),
    "more fields": Transcript(wrapped('{"id": 7, "x": {"name": "a"}, "name": "List", "arguments": {}}'), LIST_CALL),
    "as OpenAI writes it": Transcript(wrapped(f'{{"type": "function", "function": {READ}}}'), READ_CALL),
    "other letters": Transcript(
        wrapped('{"name": "W\\u00f6rld", "arguments": {"é": "\U0001f600\\u00e9\\""}}'),
        call("Wörld", '{"é": "\U0001f600\\u00e9\\""}'),
    ),
    "marks in strings": Transcript(
        wrapped('{"name": "Read", "arguments": {"path": "</tool_call> \\"<tool_call>}{][ <think>"}}'),
        call("Read", '{"path": "</tool_call> \\"<tool_call>}{][ <think>"}'),
    ),
    "line breaks in strings": Transcript(
        wrapped('{"name": "Read", "arguments": {"path": "a\nb"}}'), call("Read", '{"path": "a\nb"}')
    ),
    "no close at the end": Transcript(f"Look: <tool_call>\n{READ}\n", [*text("Look:"), *READ_CALL]),
    "a close that is cut": Transcript(f"<tool_call>\n{READ}\n</tool_", [*READ_CALL, *text("</tool_")]),
    "a bracket too many": Transcript(wrapped(READ + "}"), READ_CALL),
    "a bracket too few": Transcript(wrapped(READ[:-1]), READ_CALL),
    "two brackets too few": Transcript(wrapped(READ[:-2]), call("Read", INPUT[:-1] + "\n")),
    "two objects in one call": Transcript(wrapped(f"{READ}\n{LIST}"), READ_CALL + LIST_CALL),
    "a list": Transcript(wrapped(f"[{READ}, {LIST}]"), READ_CALL + LIST_CALL),
    "cut in the input": Transcript(f"<tool_call>\n{READ[:40]}", cut_call("Read", READ[30:40])),
    "cut before the name": Transcript('<tool_call>\n{"na', text('[A tool call was cut off: {"na]')),
    "cut behind the mark": Transcript("Hi.\n<tool_call>\n", text("Hi.[A tool call was cut off: ]")),
    "no JSON": Transcript(f"{wrapped('hello')}\nHi.", text("[A tool call was not valid JSON: hello]\nHi.")),
    "nothing inside": Transcript(wrapped(""), text("[A tool call was not valid JSON: ]")),
    "no name": Transcript(
        wrapped('{"arguments": {}}') + wrapped(LIST),
        [*text('[A tool call was not valid JSON: {"arguments": {}}]'), *LIST_CALL],
    ),
    "a name that is no string": Transcript(
        wrapped('{"name": 5, "arguments": {}}'), text('[A tool call was not valid JSON: {"name": 5, "arguments": {}}]')
    ),
    "words behind the input": Transcript(
        wrapped(f'{{"name": "Read", "arguments": {INPUT} oops'), call("Read", INPUT + "oops\n")
    ),
    "words about the mark": Transcript(
        "Write <tool_call> first. " + "x" * 300, text("Write <tool_call> first. " + "x" * 300)
    ),
    "a thought about the mark": Transcript(
        "<think>Is <tool_call> right?</think>Yes.", [*thought("Is <tool_call> right?"), *text("Yes.")]
    ),
    "another mark, and a stray close": Transcript("a <tool_box>x</tool_call>", text("a <tool_box>x</tool_call>")),
    "a tool that nobody offers": Transcript(wrapped('{"name": "No", "arguments": {"a": 1}}'), call("No", '{"a": 1}')),
    "a name with a prefix": Transcript(wrapped('{"name": "functions.Read", "arguments": {}}'), call("Read")),
}


def listed(open: str, close: str, *, name: str = "name", input: str = "arguments") -> Transcripts:
    """Families that write their calls as one list between marks."""
    read = f'{{"{name}": "Read", "{input}": {INPUT}}}'
    none = f'{{"{name}": "List", "{input}": {{}}}}'
    one = f"{open}[{read}]{close}"
    return {
        **usual(one, READ_CALL, f"{open}[{read}, {none}]{close}", READ_CALL + LIST_CALL),
        **marked(one, READ_CALL),
        "an object without a list": Transcript(f"{open}{read}{close}", READ_CALL),
        "spaces": Transcript(f"{open} [ {read} ,\n{none} ] {close}", READ_CALL + LIST_CALL),
        "cut in the second": Transcript(f"{open}[{read}, {read[:-20]}", [*READ_CALL, *cut_call("Read", INPUT[:-19])]),
        "cut behind the mark": Transcript(open, text("[A tool call was cut off: ]")),
        "the list is not closed": Transcript(f"{open}[{read}", READ_CALL),
        "a list in a string": Transcript(
            f'{open}[{{"{name}": "Read", "{input}": {{"path": "]}} {close}"}}}}]{close}',
            call("Read", f'{{"path": "]}} {close}"}}'),
        ),
    }


MISTRAL_LIST: Transcripts = {
    **listed("[TOOL_CALLS] ", ""),
    **thinks("[THINK]", "[/THINK]", f"[TOOL_CALLS] [{READ}]", READ_CALL),
    "with an id": Transcript(f'[TOOL_CALLS] [{{"name": "Read", "arguments": {INPUT}, "id": "abc123def"}}]', READ_CALL),
}
PHI4 = listed("<|tool_call|>", "<|/tool_call|>")
GRANITE: Transcripts = {
    **listed("<|tool_call|>", ""),
    **thinks("<think>", "</think>", f"<|tool_call|>[{READ}]", READ_CALL),
}
NEMOTRON: Transcripts = {
    **listed("<TOOLCALL>", "</TOOLCALL>"),
    **thinks("<think>", "</think>", f"<TOOLCALL>[{READ}]</TOOLCALL>", READ_CALL),
}
_ACTION = f'<|START_ACTION|>[\n    {{"tool_call_id": "0", "tool_name": "Read", "parameters": {INPUT}}}\n]<|END_ACTION|>'
COMMAND: Transcripts = {
    **listed("<|START_ACTION|>", "<|END_ACTION|>", name="tool_name", input="parameters"),
    **thinks("<|START_THINKING|>", "<|END_THINKING|>", _ACTION, READ_CALL),
}

_LLAMA = f'{{"name": "Read", "parameters": {INPUT}}}'
_LLAMA_LIST = '{"name": "List", "parameters": {}}'
LLAMA_JSON: Transcripts = {
    **usual(_LLAMA, READ_CALL, f"{_LLAMA}; {_LLAMA_LIST}", READ_CALL + LIST_CALL),
    "behind the mark": Transcript(f"<|python_tag|>{_LLAMA}", READ_CALL),
    "behind the mark, behind text": Transcript(f"Hi. <|python_tag|>{_LLAMA}", [*text("Hi."), *READ_CALL]),
    "two in two lines": Transcript(f"{_LLAMA}\n{_LLAMA_LIST}", READ_CALL + LIST_CALL),
    "a list": Transcript(f"[{_LLAMA}, {_LLAMA_LIST}]", READ_CALL + LIST_CALL),
    "with a type": Transcript(f'{{"type": "function", "name": "Read", "parameters": {INPUT}}}', READ_CALL),
    "arguments": Transcript(READ, READ_CALL),
    "spaces": Transcript(f'\n{{\n  "name" : "Read" ,\n  "parameters" : {INPUT}\n}}\n', READ_CALL),
    "numbers as strings": Transcript('{"name": "Read", "parameters": {"limit": "3"}}', call("Read", '{"limit": "3"}')),
    "an object between texts is text": Transcript(f"Hi. {_LLAMA} Ho.", text(f"Hi. {_LLAMA} Ho.")),
    "an object behind text": Transcript(f"Hi. {_LLAMA}", [*text("Hi."), *said(READ_CALL, f" {_LLAMA}")]),
    "another object is text": Transcript('{"name": "Bob", "age": 3}', text('{"name": "Bob", "age": 3}')),
    "a list of others is text": Transcript("[1, 2]", text("[1, 2]")),
    "a bracket is text": Transcript("{", text("{")),
    "an object behind a call": Transcript(f'{_LLAMA} {{"a": 1}}', [*READ_CALL, *text(' {"a": 1}')]),
    "cut in the input": Transcript('{"name": "Read", "parameters": {"path": "a', cut_call("Read", '{"path": "a')),
    "a bracket too few": Transcript(_LLAMA[:-1], cut_call("Read", INPUT)),
}
