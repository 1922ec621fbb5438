"""Grammars that were made before, and the last check of all: an engine ignores in silence what it cannot compile."""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from pensieve.core.chat import Choice, Tool
from pensieve.core.model import GrammarLanguage
from pensieve.dialects.base import Head
from pensieve.dialects.forms import Family, HarmonyForm
from pensieve.dialects.grammar.build import ThoughtState, grammar_of, held_grammar, offered_tools
from pensieve.dialects.grammar.calls import Offered
from pensieve.dialects.grammar.gbnf_answer import gbnf_of
from pensieve.dialects.grammar.schemas import RELAXED, Accepted, accept, refused

T = TypeVar("T")
log = logging.getLogger(__name__)

MOST_GRAMMARS, MOST_SCHEMAS = 64, 1000
LARGEST_CACHE = 16_000_000
LARGEST_GRAMMAR = 500_000
"""Compiling as much takes a good tenth of a second, in which nothing else goes on; beyond it, the largest schemas are
not enforced."""


class Grammars:
    """The grammars of one family with one vocabulary. May be used from any thread."""

    def __init__(self, family: Family, control: Mapping[str, int], language: GrammarLanguage = "lark") -> None:
        self._family = family
        self._language = language
        self._control = dict(control)
        self._lock = threading.Lock()
        self._schemas: _Recent[Accepted] = _Recent(MOST_SCHEMAS, LARGEST_CACHE)
        self._grammars: _Recent[str] = _Recent(MOST_GRAMMARS, LARGEST_CACHE)

    def get(
        self,
        tools: tuple[Tool, ...],
        choice: Choice,
        format: dict[str, Any] | None,
        thought: ThoughtState,
        later: bool = False,
    ) -> str:
        """The grammar, "" if nothing is to be constrained. Never raises for what a client sends.

        Lark has been compiled once here. GBNF has not: only llama.cpp can, and fails a request with one that is wrong.
        """
        tools = offered_tools(tools, choice)
        key = _key((_named(tools), choice.kind, choice.parallel, format, thought, later))
        return self._kept(key, lambda: self._make(tools, choice, format, thought, later))

    @property
    def can_hold(self) -> bool:
        """Whether a call in a foreign form can be held to a schema."""
        return self._language == "lark" and not isinstance(self._family.form, HarmonyForm | None)

    def held(self, tools: tuple[Tool, ...], choice: Choice, head: Head, thought: ThoughtState) -> str:
        """The grammar of the rest of an answer in which a call in a foreign form has begun, if it `can_hold`."""
        key = _key((_named(tools), choice.parallel, head.name, head.key, thought))

        def make() -> str:
            offered = [(tool, self._accepted(tool.name, tool.schema)) for tool in tools]
            grammars = (
                held_grammar(self._family, some, choice, head, thought, self._control) for some in _looser(offered)
            )
            return _first_that_compiles(grammars)

        return self._kept(key, make)

    def _kept(self, key: bytes, make: Callable[[], str]) -> str:
        with self._lock:
            found = self._grammars.get(key)
        if found is None:
            # Two may make the same one at once; that costs less than waiting for those of others.
            found = make()
            with self._lock:
                found = self._grammars.put(key, found, len(found))
        return found

    def _make(
        self, tools: tuple[Tool, ...], choice: Choice, format: dict[str, Any] | None, thought: ThoughtState, later: bool
    ) -> str:
        offered = [(tool, self._accepted(tool.name, tool.schema)) for tool in tools]
        wanted = None if format is None else self._accepted("", format)
        if self._language == "lark":
            return _first_that_compiles(
                grammar_of(self._family, some, choice, wanted, thought, self._control, later)
                for some in _looser(offered)
            )
        grammars = (gbnf_of(self._family, some, choice, wanted, thought == "open", later) for some in _looser(offered))
        return _first_that_compiles(grammars, refused=lambda grammar: "")

    def _accepted(self, name: str, schema: dict[str, Any]) -> Accepted:
        """`name` of the tool, "" for a format."""
        key = _key((bool(name), schema))
        with self._lock:
            found = self._schemas.get(key)
        if found is None:
            found = accept(schema, object_only=bool(name))
            if found.relaxed:
                log.warning("the schema of %s cannot be enforced in full", name or "the format")
            with self._lock:
                self._schemas.put(key, found, len(found.json()))
        return found


def _first_that_compiles(grammars: Iterable[str], refused: Callable[[str], str] = refused) -> str:
    for grammar in grammars:
        if not grammar or (len(grammar) <= LARGEST_GRAMMAR and not refused(grammar)):
            return grammar
    log.error("no grammar for this request compiles: its answer is not constrained")
    return ""


def _named(tools: tuple[Tool, ...]) -> list[tuple[str, dict[str, Any]]]:
    return [(tool.name, tool.schema) for tool in tools]


def _looser(offered: Offered) -> Iterator[Offered]:
    """The tools as they are; then with the largest schemas relaxed, as many as are too much together; then half of
    those left; then all."""
    yield offered
    sizes = [len(one.json()) for _, one in offered]
    by_size = sorted(range(len(offered)), key=sizes.__getitem__, reverse=True)
    too_much = 0
    while too_much < len(offered) and sum(sizes[index] for index in by_size[too_much:]) > LARGEST_GRAMMAR // 2:
        too_much += 1
    for count in dict.fromkeys((too_much or 1, (too_much + len(offered) + 1) // 2, len(offered))):
        relaxed = set(by_size[:count])
        log.warning(
            "%d of %d tools' schemas are not enforced: together they do not compile", len(relaxed), len(offered)
        )
        yield [(tool, RELAXED if index in relaxed else one) for index, (tool, one) in enumerate(offered)]


class _Recent(Generic[T]):
    """What was used last, bounded in number and bytes."""

    def __init__(self, most: int, largest: int) -> None:
        self._most, self._largest = most, largest
        self._values: OrderedDict[bytes, tuple[T, int]] = OrderedDict()
        self._bytes = 0

    def get(self, key: bytes) -> T | None:
        if key not in self._values:
            return None
        self._values.move_to_end(key)
        return self._values[key][0]

    def put(self, key: bytes, value: T, size: int) -> T:
        """What is kept: this value, or one that came before it."""
        earlier = self.get(key)
        if earlier is not None:
            return earlier
        self._values[key] = value, size
        self._bytes += size
        while len(self._values) > self._most or (self._bytes > self._largest and len(self._values) > 1):
            self._bytes -= self._values.popitem(last=False)[1][1]
        return value


def _key(content: Any) -> bytes:
    """The order of members counts: it is the order in which the model writes them."""
    try:
        written = json.dumps(content)
    except (TypeError, ValueError, RecursionError):
        return secrets.token_bytes()  # no JSON: never found again
    return hashlib.sha256(written.encode(errors="surrogatepass")).digest()
