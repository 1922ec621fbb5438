"""How the calls of a family stand in an answer, as pieces of a grammar: what opens them and what ends them."""

from __future__ import annotations

import json
from collections.abc import Callable

from msgspec import Struct

from pensieve.core.chat import Tool
from pensieve.dialects.forms import GemmaForm, NamedForm, ObjectForm, PythonForm, TaggedForm
from pensieve.dialects.grammar.lark import Marks, Rules, either, literal
from pensieve.dialects.grammar.schemas import Accepted
from pensieve.dialects.grammar.tagged import NEWLINE, Tagged
from pensieve.dialects.grammar.values import GemmaStyle, PythonStyle, Values

Offered = list[tuple[Tool, Accepted]]
BARE_OBJECT = r'[ \t\r\n]*\[?[ \t\r\n]*\{[ \t\r\n]*"(type"[ \t\r\n]*:[^,]*,[ \t\r\n]*")?name"[ \t\r\n]*:'
BARE_LIST = r"[ \t\r\n]*\[[ \t\r\n]*[A-Za-z_][A-Za-z0-9_.:\-]*[ \t\r\n]*\("
SimpleForm = ObjectForm | NamedForm | TaggedForm | PythonForm | GemmaForm


class Bare(Struct, frozen=True):
    """A group of calls without a mark, which counts at the very start of an answer alone; a reader knows it by `looks`,
    a regular expression. The others are expressions; `first` and `more` begin with a literal that no other text is."""

    looks: str
    first: str
    more: str
    close: str = ""


class Calls(Struct, frozen=True):
    """A group of calls is one of the marks `opens`, `lead`, a `call`, further ones with `comma` before each, `close`.

    `opens` are texts, the others expressions. `comma` None: one call a group. `between` stands between groups.
    In a section, each call begins with the mark `inner`. `marks`: texts at which a reader would see a call.
    """

    opens: tuple[str, ...]
    call: str
    close: str
    marks: tuple[str, ...]
    lead: str = ""
    comma: str | None = None
    between: str = ""
    inner: str = ""
    bare: Bare | None = None


def calls_of(form: SimpleForm, offered: Offered, rules: Rules, marks: Marks) -> Calls:
    match form:
        case ObjectForm():
            return _objects(form, offered, rules, marks)
        case NamedForm():
            return _named(form, offered, rules, marks)
        case TaggedForm():
            return _tagged(form, offered, rules, marks)
        case PythonForm():
            return _python(form, offered, rules, marks)
        case GemmaForm():
            return _gemma(form, offered, rules, marks)


def _objects(form: ObjectForm, offered: Offered, rules: Rules, marks: Marks) -> Calls:
    def call(tool: Tool, schema: Accepted) -> str:
        head = f"{{{json.dumps(form.name_key)}: {json.dumps(tool.name)}, {json.dumps(form.input_key)}: "
        return f"{literal(head)} {rules.rule(schema.json())} {literal('}')}"

    one = _any_of(offered, rules, call)
    between = literal(form.between)
    return Calls(
        opens=tuple(filter(None, form.opens)),
        call=one,
        close=f"{literal((']' if form.listed else '') + form.after)} {marks.write(form.close)}",
        marks=form.opens,
        lead=literal(form.before + ("[" if form.listed else "")),
        comma=between if form.listed else None,
        between="" if form.listed else between,
        bare=Bare(BARE_OBJECT, one, f"{between} {one}") if "" in form.opens else None,
    )


def _named(form: NamedForm, offered: Offered, rules: Rules, marks: Marks) -> Calls:
    before, counted, after = form.suffix.partition("{index}")
    number = "/[0-9]{1,6}/" if counted else ""
    call_id = f"({marks.write(form.call_id)} /[A-Za-z0-9]{{9}}/)?" if form.call_id else ""

    def call(tool: Tool, schema: Accepted) -> str:
        if counted:
            head = f"{marks.write(form.prefix + tool.name + before)} {number} {marks.write(after + form.separator)}"
        else:
            head = f"{marks.write(form.prefix + tool.name + form.suffix)} {call_id} {marks.write(form.separator)}"
        return f"{head} {rules.rule(schema.json())} {marks.write(form.close)}"

    inner = form.open if form.section_open else ""
    return Calls(
        opens=(form.section_open or form.open,),
        call=_any_of(offered, rules, call),
        close=marks.write(form.section_close),
        marks=(form.open, form.section_open, form.section_close, form.close.strip().removeprefix("```")),
        lead=marks.write(inner),
        comma=marks.write(form.between + inner) if inner else None,
        between="" if inner else marks.write(form.between),
        inner=inner,
    )


def _tagged(form: TaggedForm, offered: Offered, rules: Rules, marks: Marks) -> Calls:
    writer = Tagged(form, rules, marks)
    return Calls(
        opens=(form.open.rstrip("\n"),),
        call=_any_of(offered, rules, writer.call),
        close=writer.loose(form.close),
        marks=(form.open.strip(), form.call_open.strip()),
        lead=NEWLINE if form.open.endswith("\n") else "",
        comma="" if form.many else None,
        between=NEWLINE,
    )


def _python(form: PythonForm, offered: Offered, rules: Rules, marks: Marks) -> Calls:
    style = PythonStyle(rules)

    def call(tool: Tool, schema: Accepted, before: str = "") -> str:
        head = literal(before + tool.name + "(")
        return f"{head} {Values(rules, style, schema).arguments(literal('='))} {literal(')')}"

    one, bare = _any_of(offered, rules, call), None
    if "[" in form.opens:
        first = _any_of(offered, rules, lambda tool, schema: call(tool, schema, "["))
        bare = Bare(BARE_LIST, first, f"{literal(', ')} {one}", literal("]"))
    return Calls(
        opens=tuple(mark for mark in form.opens if mark != "["),
        call=one,
        close=" ".join([marks.write(form.close), *(f"({marks.write(mark)})?" for mark in form.behind)]),
        marks=tuple(mark.removesuffix("[") for mark in form.opens),
        comma=literal(", "),
        bare=bare,
    )


def _gemma(form: GemmaForm, offered: Offered, rules: Rules, marks: Marks) -> Calls:
    style = GemmaStyle(rules, marks, form.quote)

    def call(tool: Tool, schema: Accepted) -> str:
        return f"{literal(tool.name + '{')} {Values(rules, style, schema).arguments(literal(':'))} {literal('}')}"

    return Calls(
        opens=(form.open,),
        call=_any_of(offered, rules, call),
        close=marks.write(form.close),
        marks=(form.open.removesuffix("call:"), form.close),
    )


def _any_of(offered: Offered, rules: Rules, call: Callable[[Tool, Accepted], str]) -> str:
    return rules.rule(either([rules.rule(call(tool, schema)) for tool, schema in offered]))
