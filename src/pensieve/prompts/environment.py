"""The sandbox in which a model file's chat template runs, with the helpers that Hugging Face templates expect.

Reference: `transformers.utils.chat_template_utils` (`_compile_jinja_template`).

What a template may use up is bounded: its output, what all its loops go over, and what `*` and `**` make. Not bounded
are texts that are joined to themselves again and again by `~` and `+`, macros that call themselves many times over, and
filters that pad text (`center`, `format`): a template from an untrusted source can take all memory of the server.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sized
from datetime import datetime
from typing import Any, NoReturn

import jinja2
from jinja2 import meta, nodes
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

LONGEST_TEXT = 64 * 1024 * 1024
"""Characters. No window of any model holds as many."""

LARGEST_PRODUCT = 1_000_000
"""What `*` may make, in items or characters, and `**`, in bits."""

MOST_STEPS = 20_000_000
"""Of all loops of one rendering: seconds, not hours."""

_STEPS = "pensieve_steps"


class Object(dict[str, Any]):
    """A JSON object, shown as JSON by templates that just print it; `written` is how the model wrote it, if known."""

    def __init__(self, value: dict[str, Any], written: str | None = None) -> None:
        super().__init__({key: shown_as_json(one) for key, one in value.items()})
        self.written = written

    def __str__(self) -> str:
        return _tojson(self)


class Array(list[Any]):
    def __str__(self) -> str:
        return _tojson(self)


def shown_as_json(value: Any) -> Any:
    """Python's own spelling of objects and arrays is not what a model has learned."""
    if isinstance(value, dict):
        return Object(value)
    return Array(map(shown_as_json, value)) if isinstance(value, list) else value


class Compiled:
    """A template that can be run within bounds. `variables` are the names that it takes from outside.

    Raises jinja2.TemplateError when the source cannot be read.
    """

    def __init__(self, source: str) -> None:
        environment = make_environment()
        tree = environment.parse(source)
        self.variables = frozenset(meta.find_undeclared_variables(tree))
        for loop in list(tree.find_all(nodes.For)):
            loop.iter = nodes.Filter(loop.iter, _STEPS, [], [], None, None)
        self._template = environment.from_string(tree)

    def run(self, variables: dict[str, Any]) -> str:
        pieces: list[str] = []
        room = LONGEST_TEXT
        for piece in self._template.generate({**variables, _STEPS: _Steps()}):
            pieces.append(piece)
            room -= len(piece)
            if room < 0:
                raise SecurityError("its text does not end")
        return "".join(pieces)


def make_environment() -> ImmutableSandboxedEnvironment:
    environment = _Environment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols, _Generation])
    environment.filters["tojson"] = _tojson
    environment.filters[_STEPS] = _counted
    environment.globals["raise_exception"] = _raise_exception
    environment.globals["strftime_now"] = _strftime_now
    return environment


class _Environment(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        whole = isinstance(left, int) and isinstance(right, int)
        if operator == "**" and whole and left.bit_length() * right > LARGEST_PRODUCT:
            raise SecurityError("a power is far too large")
        times, repeated = (left, right) if isinstance(left, int) else (right, left)
        if operator == "*" and isinstance(repeated, Sized) and times * len(repeated) > LARGEST_PRODUCT:
            raise SecurityError("a product is far too large")
        return super().call_binop(context, operator, left, right)


class _Steps:
    def __init__(self) -> None:
        self._left = MOST_STEPS

    def take(self, number: int) -> None:
        self._left -= number
        if self._left < 0:
            raise SecurityError("its loops do not end")


@jinja2.pass_context
def _counted(context: Context, items: Any) -> Any:
    """What a loop is about to go over, taken off the steps that this rendering has left."""
    if isinstance(items, Iterable) and not isinstance(items, Sized):
        items = list(items)
    steps = context.get(_STEPS)
    if isinstance(steps, _Steps) and isinstance(items, Sized):
        steps.take(len(items))
    return items


class _Generation(Extension):
    """`{% generation %}` marks what a model was trained to write; for rendering it is nothing."""

    tags = {"generation"}  # noqa: RUF012 - so jinja2 declares it

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _tojson(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """Unlike jinja2's own filter this does not escape for HTML."""
    if isinstance(value, Object) and value.written is not None:
        return value.written
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def _raise_exception(message: str) -> NoReturn:
    raise jinja2.TemplateError(message)


def _strftime_now(format: str) -> str:
    return datetime.now().strftime(format)
