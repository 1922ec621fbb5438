"""Qwen-Coder, Seed, GLM, MiniMax: every argument stands between marks of its own."""

from __future__ import annotations

from transcripts import Transcript, Transcripts, call, cut_call, marked, text, thinks, usual

READ_CALL, LIST_CALL = call("Read", '{"path": "a.txt", "limit": 3}'), call("List")
VALUES = {
    "on": ("True", "true"),
    "ratio": ("0.5", "0.5"),
    "items": ('["a",  "b"]', '["a",  "b"]'),
    "options": ('{"a": {"b": [1]}}', '{"a": {"b": [1]}}'),
    "maybe": ("null", "null"),
    "either": ("12", "12"),
    "any": ("[1]", "[1]"),
    "mode": ("fast", '"fast"'),
    "unknown": ("12", '"12"'),
}
OTHERS = {
    "on": ("perhaps", '"perhaps"'),
    "ratio": ("half", '"half"'),
    "items": ("a, b", '"a, b"'),
    "maybe": ("12", '"12"'),
    "either": ("twelve", '"twelve"'),
    "any": ("NaN", '"NaN"'),
    "mode": ("1", "1"),
}


class Written:
    """How a family writes a call; `line` stands around a value that has lines of its own."""

    def __init__(self, open: str, name: str, key: str, key_end: str, value: str, call: str, close: str) -> None:
        self.open, self.name, self.call, self.close = open, name, call, close
        self.key, self.key_end, self.value = key, key_end, value

    def inner(self, name: str, **values: str) -> str:
        arguments = "".join(f"{self.key}{key}{self.key_end}{value}{self.value}" for key, value in values.items())
        return f"{self.name.replace('NAME', name)}{arguments}{self.call}"

    def __call__(self, name: str, **values: str) -> str:
        return f"{self.open}{self.inner(name, **values)}{self.close}"


def tagged(write: Written, think: tuple[str, str]) -> Transcripts:
    read, none = write("Read", path="a.txt", limit="3"), write("List")
    lines = 'a\n\n  "b" \\ <c> \t</d>\n'
    return {
        **usual(read, READ_CALL, f"{read}\n{none}", READ_CALL + LIST_CALL),
        **marked(read, READ_CALL),
        **thinks(*think, read, READ_CALL),
        "values as the schema says": Transcript(
            write("Set", **{key: written for key, (written, _) in VALUES.items()}),
            call("Set", "{" + ", ".join(f'"{key}": {json}' for key, (_, json) in VALUES.items()) + "}"),
        ),
        "values as the schema does not say": Transcript(
            write("Set", **{key: written for key, (written, _) in OTHERS.items()}),
            call("Set", "{" + ", ".join(f'"{key}": {json}' for key, (_, json) in OTHERS.items()) + "}"),
        ),
        "a text of lines": Transcript(
            write("Read", path=lines), call("Read", '{"path": "a\\n\\n  \\"b\\" \\\\ <c> \\t</d>\\n"}')
        ),
        "an empty text": Transcript(write("Read", path=""), call("Read", '{"path": ""}')),
        "a tool that nobody offers": Transcript(write("No", a="1"), call("No", '{"a": "1"}')),
        "marks in a value": Transcript(
            write("Read", path=f"{write.open}x{write.close}y"),
            call("Read", '{"path": "' + f"{write.open}x{write.close}y".replace("\n", "\\n") + '"}'),
        ),
        "the last value is not closed": Transcript(
            write("Read", path="a.txt").replace(write.value, "\n" if write.value.startswith("\n") else ""),
            call("Read", '{"path": "a.txt"}'),
        ),
        "the end is not closed": Transcript(
            read.removesuffix(write.close) + ("" if write.call else write.close), READ_CALL
        ),
        "cut in a value": Transcript(read[: read.index("txt")], cut_call("Read", '{"path": "a.')),
        "cut before an argument": Transcript(read[: read.index(write.key) + 3], cut_call("Read")),
        "JSON instead": Transcript(
            f'{write.open}{{"name": "Read", "arguments": {{"limit": 3}}}}{write.close}', call("Read", '{"limit": 3}')
        ),
        "cut behind the mark": Transcript(write.open.strip(), text("[A tool call was cut off: ]")),
    }


_QWEN = Written(
    "<tool_call>\n", "<function=NAME>\n", "<parameter=", ">\n", "\n</parameter>\n", "</function>\n", "</tool_call>"
)
_BARE = _QWEN.inner("Read", path="a.txt", limit="3")
QWEN_CODER: Transcripts = {
    **tagged(_QWEN, ("<think>", "</think>")),
    "in one line": Transcript(
        "<tool_call><function=Read><parameter=path>a.txt</parameter><parameter=limit>3</parameter></function></tool_call>",
        READ_CALL,
    ),
    "without the opening mark": Transcript(f"I look.\n\n{_BARE}</tool_call>", [*text("I look."), *READ_CALL]),
    "without both marks": Transcript(f"{_BARE}\nHi.", [*READ_CALL, *text("\n\nHi.")]),
    "several in one": Transcript(f"<tool_call>\n{_BARE}{_BARE}</tool_call>", READ_CALL * 2),
    "words about the mark": Transcript("Write <function=f> here.", text("Write <function=f> here.")),
    "words between the arguments": Transcript(
        "<tool_call>\n<function=List>\nOops.\n</function>\n</tool_call>", [*LIST_CALL, *text("Oops.")]
    ),
    "cut in the name": Transcript("<tool_call>\n<function=Re", text("[A tool call was cut off: <function=Re]")),
    "no call inside": Transcript("<tool_call>hello</tool_call>", text("[A tool call was not valid JSON: hello]")),
}
_SEED = Written(
    "<seed:tool_call>\n",
    "<function=NAME>\n",
    "<parameter=",
    ">",
    "</parameter>\n",
    "</function>\n",
    "</seed:tool_call>",
)
SEED = tagged(_SEED, ("<seed:think>", "</seed:think>"))
_GLM = Written("<tool_call>", "NAME\n", "<arg_key>", "</arg_key>\n<arg_value>", "</arg_value>\n", "", "</tool_call>")
GLM: Transcripts = {
    **tagged(_GLM, ("<think>", "</think>")),
    "without line breaks": Transcript(
        "<tool_call>Read<arg_key>path</arg_key><arg_value>a.txt</arg_value>"
        "<arg_key>limit</arg_key><arg_value>3</arg_value></tool_call>",
        READ_CALL,
    ),
    "in lines": Transcript("<tool_call>\nList\n</tool_call>", LIST_CALL),
    "without the mark of a value": Transcript(
        "<tool_call>Read\n<arg_key>path</arg_key>\na.txt</arg_value></tool_call>", call("Read", '{"path": "a.txt"}')
    ),
    "words about the mark": Transcript("Is <tool_call> a mark?", text("Is <tool_call> a mark?")),
}
_MINIMAX = Written(
    "<minimax:tool_call>\n",
    '<invoke name="NAME">\n',
    '<parameter name="',
    '">',
    "</parameter>\n",
    "</invoke>\n",
    "</minimax:tool_call>",
)
_INVOKE = _MINIMAX.inner("Read", path="a.txt", limit="3")
MINIMAX: Transcripts = {
    **tagged(_MINIMAX, ("<think>", "</think>")),
    "several in one": Transcript(
        f"<minimax:tool_call>\n{_INVOKE}{_MINIMAX.inner('List')}{_INVOKE}</minimax:tool_call>",
        READ_CALL + LIST_CALL + READ_CALL,
    ),
    "without the marks around": Transcript(f"I look.\n{_INVOKE}", [*text("I look."), *READ_CALL]),
}
