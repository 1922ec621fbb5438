"""How the model families write tool calls, as data: what both a reader and a grammar need to know of a family.

White space in these strings is what the family writes itself; readers take any.
"""

from __future__ import annotations

from msgspec import Struct


class ObjectForm(Struct, frozen=True):
    """A call is one JSON object between two marks: `<tool_call>\\n{"name": "Read", "arguments": {...}}\\n</tool_call>`.

    `listed`: between the marks stands a list of such objects. An empty `close` ends with the object or the list.
    """

    opens: tuple[str, ...]
    close: str
    before: str = "\n"
    after: str = "\n"
    between: str = "\n"
    name_key: str = "name"
    input_key: str = "arguments"
    listed: bool = False


class NamedForm(Struct, frozen=True):
    """The name stands outside the JSON: `[TOOL_CALLS]Read[ARGS]{...}`. Some families put a section around all calls.

    The name is written as `prefix` + name + `suffix`; `{index}` in the suffix counts the calls of the conversation.
    """

    open: str
    separator: str
    close: str
    section_open: str = ""
    section_close: str = ""
    between: str = ""
    prefix: str = ""
    suffix: str = ""
    call_id: str = ""
    """The mark of an id that some models put between the name and the separator; readers drop both."""


class TaggedForm(Struct, frozen=True):
    """Every argument stands between marks of its own; strings as they are, all other values as JSON.

    `open` + `call_open` + name + `call_name_end` + arguments + `call_close` + `close`, an argument being
    `key_open` + key + `key_close` + value + `value_close`.
    """

    open: str
    close: str
    call_open: str
    call_name_end: str
    call_close: str
    key_open: str
    key_close: str
    value_close: str
    many: bool = False
    """Several calls may stand between one `open` and its `close`."""


class PythonForm(Struct, frozen=True):
    """A list of Python calls with literals: `[read(path='a.txt', limit=3)]`, optionally between marks."""

    opens: tuple[str, ...] = ("[",)
    close: str = "]"
    behind: tuple[str, ...] = ()
    """What may also stand behind the list; readers drop it."""


class GemmaForm(Struct, frozen=True):
    """`<|tool_call>call:read{path:<|"|>a.txt<|"|>,limit:3}<tool_call|>`: keys bare, strings between `quote`s."""

    open: str = "<|tool_call>call:"
    close: str = "<tool_call|>"
    quote: str = '<|"|>'


class HarmonyForm(Struct, frozen=True):
    """gpt-oss: every message names a channel; calls go to `functions.NAME` in the channel `commentary`."""

    start: str = "<|start|>"
    channel: str = "<|channel|>"
    constrain: str = "<|constrain|>"
    message: str = "<|message|>"
    end: str = "<|end|>"
    call: str = "<|call|>"
    done: str = "<|return|>"


Form = ObjectForm | NamedForm | TaggedForm | PythonForm | GemmaForm | HarmonyForm


class Think(Struct, frozen=True):
    """The marks around thoughts."""

    open: str = "<think>"
    close: str = "</think>"


class Family(Struct, frozen=True):
    """One model family. `form` None: its template knows no tools and it has never learned to call them."""

    name: str
    form: Form | None
    think: Think | None = None


def opening_marks(family: Family) -> tuple[str, ...]:
    """The texts that open a call and nothing else; gpt-oss has none."""
    match family.form:
        case ObjectForm(opens=opens) | PythonForm(opens=opens):
            marks = opens
        case NamedForm(section_open=section, open=mark):
            marks = (section, mark)
        case TaggedForm(open=mark):
            marks = (mark,)
        case GemmaForm(open=mark):
            marks = (mark.removesuffix("call:"),)
        case _:
            marks = ()
    stripped = (mark.strip().removesuffix("[") for mark in marks)
    return tuple(dict.fromkeys(mark for mark in stripped if mark))
