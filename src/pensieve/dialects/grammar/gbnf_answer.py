"""The grammar of one answer in GBNF, for families whose calls are JSON objects between two marks."""

from __future__ import annotations

import json

from pensieve.core.chat import Choice
from pensieve.dialects.forms import Family, ObjectForm
from pensieve.dialects.grammar.calls import Offered
from pensieve.dialects.grammar.gbnf import Gbnf, Values, either, literal
from pensieve.dialects.grammar.schemas import Accepted


def gbnf_of(
    family: Family, offered: Offered, choice: Choice, wanted: Accepted | None, opened: bool, later: bool
) -> str:
    """Empty if nothing is to be constrained or the family's calls cannot be said in it. `opened`: inside a thought."""
    form = family.form
    if not isinstance(form, ObjectForm) or not (form.close or form.listed):
        offered = []
    if not offered and wanted is None:
        return ""
    rules = Gbnf()
    json_rule = rules.rule(Values(rules, wanted.schema).whole()) if wanted else ""
    if not offered:
        answer = f"{json_rule}?" if later else json_rule
    else:
        assert isinstance(form, ObjectForm)
        answer = _with_calls(form, offered, choice, json_rule, rules, later)
    if opened and family.think and not later:
        # Thoughts go on up to their end, and calls in them are part of them.
        answer = _text(rules, {family.think.close: f"[ \\n]{{0,4}} ({answer})"}, ends=False)
    return rules.text(answer)


def _with_calls(form: ObjectForm, offered: Offered, choice: Choice, json_rule: str, rules: Gbnf, later: bool) -> str:
    marks = [mark for mark in form.opens if mark]
    group = rules.rule(_group(form, offered, choice, rules))
    groups = rules.rule(either(f"{literal(mark)} {group}" for mark in marks))
    between = literal("" if form.listed else form.between)
    several = f"{groups} ({between} {groups})*" if choice.parallel and not form.listed else groups
    if choice.kind != "auto":
        return (f"({between} {groups})*" if choice.parallel else literal("")) if later else several
    if json_rule:
        return f"({between} {groups})*" if later else either([rules.rule(several), json_rule])
    no_more = _text(rules, dict.fromkeys(marks, ""), ends=True, forbidden=True)
    if not choice.parallel:
        return no_more if later else _text(rules, {mark: f"{group} {no_more}" for mark in marks}, ends=True)
    again = rules.promise()
    rules.keep(again, _text(rules, {mark: f"{group} {again}" for mark in marks}, ends=True))
    return again


def _group(form: ObjectForm, offered: Offered, choice: Choice, rules: Gbnf) -> str:
    """What stands behind the mark of a call, up to and with the mark that closes it."""
    calls = []
    for tool, schema in offered:
        head = f"{{{json.dumps(form.name_key)}: {json.dumps(tool.name)}, {json.dumps(form.input_key)}: "
        calls.append(rules.rule(f"{literal(head)} {Values(rules, schema.schema).whole()} {literal('}')}"))
    call = rules.rule(either(calls))
    if not form.listed:
        return f"{literal(form.before)} {call} {literal(form.after + form.close)}"
    more = f"({literal(', ')} {call})*" if choice.parallel else ""
    return f"{literal(form.before + '[')} {call} {more} {literal(']' + form.after + form.close)}"


def _text(rules: Gbnf, behind: dict[str, str], *, ends: bool, forbidden: bool = False) -> str:
    """Text up to the first of some marks, and what stands behind that; `ends`: the text may also end without one.

    `forbidden`: no mark may be completed. An automaton of Aho and Corasick, whose states are rules: each knows how much
    of a mark has been written.
    """
    written = sorted({mark[:length] for mark in behind for length in range(len(mark))})
    names = {state: rules.promise() for state in written}
    letters = sorted({letter for mark in behind for letter in mark})
    for state, name in names.items():
        options, known = ['""'] if ends else [], []
        for letter in letters:
            reached = state + letter
            while reached not in names and reached not in behind:
                reached = reached[1:]
            if reached:
                known.append(letter)
            if reached in behind and not forbidden:
                options.append(f"{literal(letter)} {behind[reached]}")
            elif reached in names and reached:
                options.append(f"{literal(letter)} {names[reached]}")
        others = "".join(f"\\U{ord(letter):08X}" for letter in known)
        options.append(f"[^{others}] {names['']}")
        rules.keep(name, either(options))
    return names[""]
