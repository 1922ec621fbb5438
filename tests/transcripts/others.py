"""Gemma, Llama's and LFM's Python, gpt-oss."""

from __future__ import annotations

from transcripts import Transcript, Transcripts, call, cut_call, marked, said, text, thinks, thought, usual

READ_CALL, LIST_CALL = call("Read", '{"path": "a.txt", "limit": 3}'), call("List")

Q = '<|"|>'


def _gemma(body: str) -> str:
    return f"<|tool_call>call:{body}<tool_call|>"


_GEMMA = _gemma(f"Read{{path:{Q}a.txt{Q},limit:3}}")
GEMMA: Transcripts = {
    **usual(_GEMMA, READ_CALL, f"{_GEMMA}{_gemma('List{}')}", READ_CALL + LIST_CALL),
    **marked(_GEMMA, READ_CALL),
    **thinks("<|channel>thought", "<channel|>", _GEMMA, READ_CALL),
    "values": Transcript(
        _gemma(f"Set{{any:[1,-2.5e3,true,null,{Q}x{Q}],maybe:null,on:false,options:{{a:{{b:[]}},{Q}c d{Q}:{{}}}}}}"),
        call(
            "Set",
            '{"any": [1, -2.5e3, true, null, "x"], "maybe": null, "on": false, "options": {"a": {"b": []}, "c d": {}}}',
        ),
    ),
    "brackets and quotes in a text": Transcript(
        _gemma(f'Read{{path:{Q}a "b" \\ {{}}],\n<tool_call|>{Q}}}'),
        call("Read", '{"path": "a \\"b\\" \\\\ {}],\\n<tool_call|>"}'),
    ),
    "ordinary quotes": Transcript(
        _gemma('Read{"path":"has } \\"brace\\"",limit:3}'), call("Read", '{"path": "has } \\"brace\\"", "limit": 3}')
    ),
    "single quotes": Transcript(_gemma("Read{path:'a, b'}"), call("Read", '{"path": "a, b"}')),
    "no quotes": Transcript(_gemma("Read{path:New York,limit: 3 }"), call("Read", '{"path": "New York", "limit": 3}')),
    "a number for a text": Transcript(_gemma("Read{path:12}"), call("Read", '{"path": "12"}')),
    "no comma": Transcript(_gemma(f"Read{{path:{Q}a{Q}limit:3}}"), call("Read", '{"path": "a", "limit": 3}')),
    "round brackets": Transcript(_gemma(f"Read(path={Q}a.txt{Q}, limit=3)"), READ_CALL),
    "a name with a prefix": Transcript(_gemma("default_api:Read{limit:3}"), call("Read", '{"limit": 3}')),
    "the call is not closed": Transcript(f"{_GEMMA.removesuffix('<tool_call|>')}", READ_CALL),
    "a bracket too few": Transcript(_gemma("Read{limit:3"), call("Read", '{"limit": 3')),
    "cut in a text": Transcript(f"<|tool_call>call:Read{{path:{Q}a", cut_call("Read", '{"path": "a')),
    "cut in a number": Transcript("<|tool_call>call:Read{limit:3", cut_call("Read", '{"limit": ')),
    "cut in the name": Transcript("<|tool_call>call:Re", text("[A tool call was cut off: call:Re]")),
}


def _python(open: str, close: str) -> Transcripts:
    read = f"{open}Read(path='a.txt', limit=3){close}"
    return {
        **usual(read, READ_CALL, f"{open}Read(path='a.txt', limit=3), List(){close}", READ_CALL + LIST_CALL),
        "values": Transcript(
            f"{open}Set(any=[1, -.5, True, None, 'x', (1,)], on=False, options={{'a': {{\"b\": []}}, 1: 2}}){close}",
            call("Set", '{"any": [1, -0.5, true, null, "x", [1]], "on": false, "options": {"a": {"b": []}, "1": 2}}'),
        ),
        "quotes": Transcript(
            f"""{open}Read(path="it's"), Read(path='a "b"'), Read(path='''x'y"z\n''')"""
            f"{close}",
            [
                *call("Read", '{"path": "it\'s"}'),
                *call("Read", '{"path": "a \\"b\\""}'),
                *call("Read", '{"path": "x\'y\\"z\\n"}'),
            ],
        ),
        "escapes": Transcript(
            rf"{open}Read(path='\n\t\\\'\"\x41\u00e9\U0001f600\ud83d\ude00\d'){close}",
            call("Read", '{"path": "\\n\\t\\\\\'\\"A\u00e9\U0001f600\\ud83d\\ude00\\\\d"}'),
        ),
        "brackets in a text": Transcript(f"{open}Read(path=')], [x(y)'){close}", call("Read", '{"path": ")], [x(y)"}')),
        "without keys": Transcript(f"{open}Read('a.txt', 3){close}", READ_CALL),
        "more than there are keys": Transcript(f"{open}List('a'){close}", call("List", '{"argument_1": "a"}')),
        "numbers as Python writes them": Transcript(
            f"{open}Set(any=[1_000, 0x10, +3]){close}", call("Set", '{"any": [1000, 16, 3]}')
        ),
        "JSON's constants": Transcript(
            f"{open}Set(on=true, maybe=null){close}", call("Set", '{"on": true, "maybe": null}')
        ),
        "spaces": Transcript(f"{open} Read ( path = 'a.txt' ,\n limit = 3 , ) {close}", READ_CALL),
        "a dotted name": Transcript(f"{open}files.Read(limit=3){close}", call("Read", '{"limit": 3}')),
        "cut in a text": Transcript(f"{open}List(), Read(path='a", [*LIST_CALL, *cut_call("Read", '{"path": "a')]),
        "the list is not closed": Transcript(f"{open}List()", LIST_CALL),
    }


LLAMA_PYTHON: Transcripts = {
    **_python("[", "]"),
    "between marks": Transcript("<|python_start|>[List()]<|python_end|>", LIST_CALL),
    "between marks, behind text": Transcript("Hi. <|python_start|>[List()]<|python_end|>", [*text("Hi."), *LIST_CALL]),
    "one call without a list": Transcript("<|python_start|>List()<|python_end|>", LIST_CALL),
    "a list in a line is text": Transcript("So: [List()]", text("So: [List()]")),
    "a list in a line of its own": Transcript("So:\n[List()]", [*text("So:"), *said(call("List"), "\n[List()]")]),
    "a note is text": Transcript("[1] See f(x).", text("[1] See f(x).")),
    "a link is text": Transcript("[List](http://a)", text("[List](http://a)")),
    "a list of texts is text": Transcript("['a', f()]", text("['a', f()]")),
}
_LFM2 = "<|tool_call_start|>[Read(path='a.txt', limit=3)]<|tool_call_end|>"
LFM2: Transcripts = {
    **_python("<|tool_call_start|>[", "]<|tool_call_end|>"),
    **marked(_LFM2, READ_CALL),
    **thinks("<think>", "</think>", _LFM2, READ_CALL),
}


def _message(head: str, body: str, end: str = "<|end|>") -> str:
    return f"<|channel|>{head}<|message|>{body}{end}"


_NEXT = "<|start|>assistant"
_READ = _message("commentary to=functions.Read <|constrain|>json", '{"path": "a.txt", "limit": 3}', "<|call|>")
_LIST = _message("commentary to=functions.List <|constrain|>json", "{}", "<|call|>")
_HM = _message("analysis", "Hm.")
HARMONY: Transcripts = {
    **usual(_READ, READ_CALL, f"{_READ}{_NEXT}{_LIST}", READ_CALL + LIST_CALL),
    "an answer": Transcript(_message("final", "Hello.\n\nYou. ", "<|return|>"), text("Hello.\n\nYou. ")),
    "a thought and an answer": Transcript(
        f"{_HM}{_NEXT}{_message('final', 'Hi.', '')}", [*thought("Hm."), *text("Hi.")]
    ),
    "a thought that the prompt began": Transcript(
        f"Hm.<|end|>{_NEXT}{_message('final', 'Hi.')}", [*thought("Hm."), *text("Hi.")], thinking=True
    ),
    "a thought that is not ended": Transcript("<|channel|>analysis<|message|>Hm", thought("Hm")),
    "a thought and a call": Transcript(f"{_HM}{_NEXT}{_READ}", [*thought("Hm."), *READ_CALL]),
    "words before a call": Transcript(
        f"{_HM}{_NEXT}{_message('commentary', 'I look.')}{_NEXT}{_READ}",
        [*thought("Hm."), *text("I look."), *READ_CALL],
    ),
    "two texts stand apart": Transcript(
        f"{_message('commentary', 'I look.')}{_NEXT}{_message('final', 'Hi.')}", text("I look.\n\nHi.")
    ),
    "a call without its end": Transcript(
        _READ.removesuffix("<|call|>"), cut_call("Read", '{"path": "a.txt", "limit": 3}')
    ),
    "a call cut in its input": Transcript(_READ[:-15], cut_call("Read", '{"path": "a.txt", "lim')),
    "the recipient before the channel": Transcript(
        f"{_HM}{_NEXT} to=functions.Read<|channel|>commentary <|constrain|>json<|message|>{{}}<|call|>",
        [*thought("Hm."), *call("Read")],
    ),
    "the recipient at the very start": Transcript(
        " to=functions.Read<|channel|>commentary json<|message|>{}<|call|>", call("Read")
    ),
    "a recipient in the thoughts": Transcript(
        _message("analysis to=functions.Read code", '{"limit": 3}', "<|call|>"), call("Read", '{"limit": 3}')
    ),
    "a recipient without a prefix": Transcript(_message("commentary to=Read", "{}", "<|call|>"), call("Read")),
    "no space before the constraint": Transcript(
        "<|channel|>commentary to=functions.Read<|constrain|>json<|message|>{}<|call|>", call("Read")
    ),
    "marks in strings": Transcript(
        _message("commentary to=functions.Read", '{"path": "<|call|> <|end|>"}', "<|call|>"),
        call("Read", '{"path": "<|call|> <|end|>"}'),
    ),
    "a bracket too few": Transcript(
        _message("commentary to=functions.Read", '{"limit": 3', "<|call|>"), call("Read", '{"limit": 3')
    ),
    "no JSON": Transcript(_message("commentary to=python", "print(1)", "<|call|>"), call("python", "print(1)")),
    "text without a head": Transcript("Set to=5, goto=x.", text("Set to=5, goto=x.")),
    "thoughts without tools": Transcript(
        f"{_HM}{_NEXT}{_message('final', 'Hi.')}", [*thought("Hm."), *text("Hi.")], tools=False
    ),
    "without tools a call is text": Transcript(_LIST, text("{}"), tools=False),
}
