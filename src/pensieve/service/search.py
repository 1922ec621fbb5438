"""Search among the tools that the model has not been shown, as the API's tool_search_tool_* do it. Pure."""

from __future__ import annotations

import math
import re
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any, Literal

import regex

from pensieve.core.chat import Tool

LONGEST_QUERY = 200
SEARCH_SECONDS = 0.2
"""For a whole search, of processor time within a pattern: one can be made to take forever."""
MOST_UNROLLED = 500
DEEPEST_ARGUMENT = 4

# That a set may mean something else one day is the model's business and not the log's. Said once and for all: to say it
# for one call would change the filters under other threads.
warnings.filterwarnings("ignore", category=FutureWarning, module=re.escape(__name__))

_BRACES = re.compile(r"\{[^}]*\}")
_NUMBER = re.compile(r"[0-9]{1,9}")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_a-zA-Z]+")
_NAME_WEIGHT, _DESCRIPTION_WEIGHT, _ARGUMENT_WEIGHT = 4, 2, 1
_SATURATION, _LENGTH_SHARE = 1.5, 0.75
"""BM25's k1 and b."""


def search_tools(kind: Literal["regex", "bm25"], query: str, tools: Sequence[Tool], limit: int = 5) -> list[str]:
    """The names of the tools that fit best, best first.

    Raises ValueError with words for a query that cannot be meant, and TimeoutError for one that takes too long.
    """
    if not query.strip():
        raise ValueError("The query is empty.")
    deadline = time.monotonic() + SEARCH_SECONDS
    if kind == "regex":
        return _matching(query, tools, deadline)[:limit]
    return _ranked(query, tools, deadline)[:limit]


def _matching(pattern: str, tools: Sequence[Tool], deadline: float) -> list[str]:
    """Those whose name matches, then those whose description does, then those with such an argument."""
    compiled = _compiled(pattern)
    found: list[tuple[int, str]] = []
    for tool in tools:
        for place, texts in enumerate(_texts(tool)):
            if any(compiled.search(text, timeout=_left(deadline)) for text in texts):
                found.append((place, tool.name))
                break
    return [name for _, name in sorted(found, key=lambda match: match[0])]


def _compiled(pattern: str) -> Any:
    if len(pattern) > LONGEST_QUERY:
        raise ValueError(f"The pattern is longer than {LONGEST_QUERY} characters.")
    if _unrolled(pattern) > MOST_UNROLLED:
        raise ValueError("The pattern repeats or nests too much.")
    try:
        # Python's own parser first: the other one would take more than the model was told.
        re.compile(pattern)
        return regex.compile(pattern)
    except (re.error, regex.error, RecursionError, OverflowError) as error:
        raise ValueError(f"Not a regular expression: {error}.") from None


def _unrolled(pattern: str) -> int:
    """At most so many times a part of the pattern is written out when it is compiled: the counts of its repeats, and
    two for every group around it, multiplied. Unbounded, a short pattern could take all memory."""
    counts = (map(int, _NUMBER.findall(braces)) for braces in _BRACES.findall(pattern))
    depths = accumulate(1 if sign == "(" else -1 for sign in pattern if sign in "()")
    return math.prod(max(1, *count, 1) for count in counts) << max(0, *depths, 0)


def _ranked(query: str, tools: Sequence[Tool], deadline: float) -> list[str]:
    documents = []
    for tool in tools:
        _left(deadline)
        documents.append(_word_counts(tool))
    lengths = [document.total() for document in documents]
    average = sum(lengths) / len(lengths) if any(lengths) else 1.0
    rarity = {word: _rarity(word, documents) for word in dict.fromkeys(_words(query[: LONGEST_QUERY * 5]))}
    scored: list[tuple[float, str]] = []
    for tool, document, length in zip(tools, documents, lengths, strict=True):
        damping = _SATURATION * (1 - _LENGTH_SHARE + _LENGTH_SHARE * length / average)
        score = sum(
            weight * document[word] * (_SATURATION + 1) / (document[word] + damping) for word, weight in rarity.items()
        )
        if score > 0:
            scored.append((score, tool.name))
    return [name for _, name in sorted(scored, key=lambda match: -match[0])]


def _rarity(word: str, documents: Sequence[Counter[str]]) -> float:
    having = sum(word in document for document in documents)
    return math.log(1 + (len(documents) - having + 0.5) / (having + 0.5))


def _word_counts(tool: Tool) -> Counter[str]:
    counts: Counter[str] = Counter()
    for weight, texts in zip((_NAME_WEIGHT, _DESCRIPTION_WEIGHT, _ARGUMENT_WEIGHT), _texts(tool), strict=True):
        for text in texts:
            for word in _words(text):
                counts[word] += weight
    return counts


def _words(text: str) -> Iterator[str]:
    """`readFiles`, `read_file` and `Read a file` have the same words, more or less."""
    for match in _WORD.finditer(text):
        word = match[0].lower()
        yield word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _texts(tool: Tool) -> tuple[list[str], list[str], list[str]]:
    return [tool.name], [tool.description], list(_arguments(tool.schema, DEEPEST_ARGUMENT))


def _arguments(schema: Any, depth: int) -> Iterator[str]:
    """The names and descriptions of all arguments, those inside others too."""
    if not isinstance(schema, dict) or depth == 0:
        return
    properties = schema.get("properties")
    for name, argument in properties.items() if isinstance(properties, dict) else ():
        yield str(name)
        if isinstance(argument, dict):
            if isinstance(argument.get("description"), str):
                yield argument["description"]
            yield from _arguments(argument, depth - 1)
            yield from _arguments(argument.get("items"), depth - 1)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("The search took too long.")
    return left
