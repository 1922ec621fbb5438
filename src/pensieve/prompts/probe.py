"""Finds out what a template takes, by trying: short conversations are rendered, and what must be seen is looked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product

from msgspec.structs import replace

from pensieve.core.chat import Chat, Part, Role, Text, Thinking, Thought, Tool, ToolCall, ToolResult, Turn
from pensieve.prompts.shape import Shape

Try = Callable[[Chat, Shape], str]
"""The text of a conversation, or "" when the template refuses it."""

_TOOL = Tool("probetool", "probedescription", {"type": "object", "properties": {"probekey": {"type": "string"}}})
_FIRST = ToolCall("toolu_probe_1", "probecallone", {"probekey": "probevalueone"})
_SECOND = ToolCall("toolu_probe_2", "probecalltwo", {"probekey": "probevaluetwo"})
_RESULTS = (
    ToolResult(_FIRST.id, _FIRST.name, "proberesultone"),
    ToolResult(_SECOND.id, _SECOND.name, "proberesulttwo"),
)
_RESULT_ROLES = ("tool", "observation", "function")


def _chat(*turns: Turn, tools: bool = False) -> Chat:
    return Chat("", turns, (_TOOL,) if tools else (), thinking=Thinking(on=True))


def _turn(role: Role, *parts: str | Part) -> Turn:
    return Turn(role, tuple(Text(part) if isinstance(part, str) else part for part in parts))


_PLAIN = (_turn("user", "probeone"), _turn("assistant", "probetwo"), _turn("user", "probethree"))


def find_shape(attempt: Try, known: Shape, think: tuple[str, str] | None) -> Shape:
    """`known` is what has been found out already; `think`, the marks around thoughts if the template has them."""
    shape = _system(attempt, known)
    if not _in_order(attempt(_chat(*_PLAIN), shape), ("probeone", "probetwo", "probethree")):
        # A template that leaves out words of a plain conversation means to choose for itself what the model sees.
        return shape
    shape = _tools(attempt, shape)
    if not _takes_assistant_first(attempt, shape):
        shape = replace(shape, assistant_first=False)
    return _thoughts(attempt, shape, think)


def finds_text(attempt: Try, shape: Shape) -> bool:
    return "probeuser" in attempt(_chat(_turn("user", "probeuser")), shape)


def _system(attempt: Try, shape: Shape) -> Shape:
    system = replace(_chat(*_PLAIN), system="probesystem")
    late = _chat(
        _turn("user", "probeone"),
        _turn("system", "probelateone"),
        _turn("assistant", "probetwo"),
        _turn("system", "probelatetwo"),
        _turn("user", "probethree"),
    )
    # The place matters too: a system prompt that wanders to the end takes all that is cached with it.
    shape = _first(
        attempt,
        [replace(shape, system=take) for take in (True, False)],
        system,
        "probesystem",
        "probeone",
        "probethree",
    )
    late_words = ("probeone", "probelateone", "probetwo", "probelatetwo", "probethree")
    return _first(attempt, [replace(shape, late_system=take) for take in (True, False)], late, *late_words)


def _takes_assistant_first(attempt: Try, shape: Shape) -> bool:
    spoken = attempt(_chat(_turn("assistant", "probezero"), *_PLAIN), shape)
    called = attempt(_chat(_turn("assistant", _FIRST), _turn("user", _RESULTS[0]), tools=True), shape)
    return (
        _in_order(spoken, ("probezero", "probeone", "probetwo"))
        and _in_order(called, (_FIRST.name, "probevalueone", "proberesultone"))
        and _TOOL.name in called
    )


def _tools(attempt: Try, shape: Shape) -> Shape:
    offered = attempt(_chat(_turn("user", "probeone"), tools=True), shape)
    if not shape.tools or _TOOL.name not in offered or _TOOL.description not in offered:
        return replace(shape, tools=False)
    options = [
        replace(shape, several=several, results=results, arguments=arguments, no_words=no_words, ids=ids)
        for several, results, no_words, arguments, ids in product(
            (True, False), _RESULT_ROLES, ("", None), ("object", "text"), ("own", "short", "named")
        )
    ]
    found = next((option for option in options if _shows_calls(attempt, option)), None)
    if found is None:
        return replace(shape, tools=False)
    found = _words_before_calls(attempt, found)
    after = _chat(
        _turn("user", "probeone"), _turn("assistant", _FIRST), _turn("user", _RESULTS[0], "probeafter"), tools=True
    )
    options = [replace(found, words_after_results=take) for take in (True, False)]
    found = _first(attempt, options, after, "probeone", _FIRST.name, "proberesultone", "probeafter")
    late = _chat(_turn("user", "probeone"), _turn("system", "probelate"), tools=True)
    # Some describe all tools once more in every system turn.
    again = attempt(replace(late, system="probesystem"), found).count(_TOOL.description) > 1
    return replace(found, late_system=False) if again else found


def _shows_calls(attempt: Try, shape: Shape) -> bool:
    chat = _chat(_turn("user", "probeone"), _turn("assistant", _FIRST, _SECOND), _turn("user", *_RESULTS), tools=True)
    text = attempt(chat, shape)
    first = ("probeone", _FIRST.name, "probevalueone")
    second = (_SECOND.name, "probevaluetwo")
    if shape.several:
        words = (*first, *second, "proberesultone", "proberesulttwo")
    else:
        words = (*first, "proberesultone", *second, "proberesulttwo")
    # Arguments in Python's spelling, or as JSON within a string, are not what the model has learned.
    return _in_order(text, words) and _TOOL.name in text and "'probekey'" not in text and '\\"probekey' not in text


def _words_before_calls(attempt: Try, shape: Shape) -> Shape:
    asked, result = _turn("user", "probeone"), _turn("user", _RESULTS[0])
    end = (_turn("assistant", "probedone"), _turn("user", "probenext"))
    spoken = _chat(asked, _turn("assistant", "probewords", _FIRST), result, *end, tools=True)
    words = ("probeone", "probewords", _FIRST.name, "proberesultone", "probedone")
    if _in_order(attempt(spoken, shape), words):
        return shape
    options = [replace(shape, apart=True), replace(shape, tools=False)]
    before = attempt(_chat(asked, tools=True), shape)
    answered = attempt(_chat(asked, _turn("assistant", "probewords"), tools=True), shape)
    if answered.removeprefix(before).lstrip().startswith("probewords"):
        # A turn begins with its words, so they can be put there.
        silent = attempt(_chat(asked, _turn("assistant", _FIRST), result, tools=True), shape)
        opening = silent.removeprefix(before).partition(_FIRST.name)[0]
        # Without a mark of its own a call behind words could not be told from them.
        options.insert(1 if opening.lstrip().startswith("{") else 0, replace(shape, opening=opening))
    return _first(attempt, options, spoken, *words)


def _thoughts(attempt: Try, shape: Shape, think: tuple[str, str] | None) -> Shape:
    def after(*said: str | Part) -> Chat:
        return _chat(_turn("user", "probeone"), _turn("assistant", *said), _turn("user", _RESULTS[0]), tools=True)

    thought = Thought("probethought")
    seen = ("probeone", "probethought", _FIRST.name, "proberesultone")
    inside = replace(shape, thoughts="content")
    if not _in_order(attempt(after(thought, _FIRST), shape), seen):
        text = attempt(after(thought, _FIRST), inside)
        # Where the template has already closed a thought of its own, there is no place for another.
        fits = (
            think
            and _in_order(text, seen)
            and think[1] not in text.partition("probethought")[0].partition("probeone")[2]
        )
        return inside if fits else replace(shape, thoughts="none")
    # Where words and thoughts cannot stand together before a call, the words are taken for thoughts.
    together = _in_order(attempt(after(thought, "probewords", _FIRST), shape), ("probewords", _FIRST.name))
    return shape if together else replace(shape, apart=True)


def _first(attempt: Try, options: list[Shape], chat: Chat, *words: str) -> Shape:
    """The first Shape in which the words are seen in this order; if there is none, the last."""
    return next((option for option in options if _in_order(attempt(chat, option), words)), options[-1])


def _in_order(text: str, words: Iterable[str]) -> bool:
    at = 0
    for word in words:
        at = text.find(word, at) + 1
        if not at:
            return False
    return True
