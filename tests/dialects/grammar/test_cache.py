"""The grammars that leave: always ones that compile, made once, and bounded in number and size."""

from __future__ import annotations

import logging
import threading

import pytest

from pensieve.core.chat import Choice, Tool
from pensieve.dialects.families import HERMES, QWEN_CODER
from pensieve.dialects.forms import Family
from pensieve.dialects.grammar.cache import LARGEST_GRAMMAR, MOST_GRAMMARS, Grammars
from pensieve.dialects.grammar.schemas import refused
from schemas import BROKEN, REAL, SCHEMAS, TEXT, one_of, thing

AUTO = Choice()
TOOLS = tuple(Tool(name, "", schema) for name, schema in REAL.items())


def test_the_same_request_gets_the_same_grammar_made_once() -> None:
    grammars = Grammars(HERMES, {})
    first = grammars.get(TOOLS, AUTO, None, "none")
    again = grammars.get(tuple(Tool(tool.name, "other words", tool.schema) for tool in TOOLS), AUTO, None, "none")
    assert again is first
    assert not refused(first)


def test_what_differs_gets_another() -> None:
    grammars = Grammars(HERMES, {})
    other_order = (Tool("t", "", thing("", b=TEXT, a=TEXT)),)
    found = {
        grammars.get(TOOLS, AUTO, None, "none"),
        grammars.get(TOOLS, AUTO, None, "free"),
        grammars.get(TOOLS, Choice("any"), None, "none", later=True),
        grammars.get(TOOLS, Choice("any"), None, "none"),
        grammars.get(TOOLS, Choice("tool", "Read"), None, "none"),
        grammars.get(TOOLS, Choice("tool", "Edit"), None, "none"),
        grammars.get(TOOLS, Choice(parallel=False), None, "none"),
        grammars.get(TOOLS, AUTO, {"type": "object"}, "none"),
        grammars.get((), AUTO, {"type": "object"}, "none"),
        grammars.get((Tool("t", "", thing("", a=TEXT, b=TEXT)),), AUTO, None, "none"),
        grammars.get(other_order, AUTO, None, "none"),
        grammars.get(TOOLS, Choice("none"), None, "none"),
    }
    assert len(found) == 12 and "" in found


def test_a_schema_that_does_not_bind_in_full_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    grammars = Grammars(HERMES, {})
    tools = (Tool("odd", "", BROKEN["lookaround"]),)
    with caplog.at_level(logging.WARNING):
        for choice in (AUTO, Choice("any"), AUTO):
            assert grammars.get(tools, choice, None, "none")
    assert [record.getMessage() for record in caplog.records] == ["the schema of odd cannot be enforced in full"]


@pytest.mark.parametrize("family", [HERMES, QWEN_CODER])
def test_whatever_clients_send_there_is_a_grammar_that_compiles(family: Family) -> None:
    tools = tuple(Tool(name, "", schema) for name, schema in (SCHEMAS | BROKEN).items())
    text = Grammars(family, {}).get(tools, AUTO, BROKEN["not_a_number"], "free")
    assert text and not refused(text)


def test_three_hundred_tools() -> None:
    tools = tuple(Tool(f"{name}_{number}", "", schema) for number in range(8) for name, schema in REAL.items())[:300]
    text = Grammars(HERMES, {}).get(tools, AUTO, None, "free")
    assert tools[-1].name in text and not refused(text)


def test_too_much_at_once_leaves_the_largest_schemas_out(caplog: pytest.LogCaptureFixture) -> None:
    large = [thing("a", a=one_of(*(f"word {number} of tool {tool}" for number in range(10_000)))) for tool in range(8)]
    tools = (*(Tool(f"large_{number}", "", schema) for number, schema in enumerate(large)), Tool("s", "", REAL["Read"]))
    text = Grammars(HERMES, {}).get(tools, AUTO, None, "none")
    assert len(text) <= LARGEST_GRAMMAR and not refused(text)
    assert "file_path" in text
    assert "are not enforced" in caplog.text


def test_the_number_of_grammars_is_bounded() -> None:
    grammars = Grammars(HERMES, {})
    first = grammars.get(TOOLS[:1], AUTO, None, "none")
    for number in range(MOST_GRAMMARS):
        grammars.get((Tool(f"t{number}", "", {}),), AUTO, None, "none")
    again = grammars.get(TOOLS[:1], AUTO, None, "none")
    assert again == first and again is not first


def test_many_threads() -> None:
    grammars = Grammars(HERMES, {})
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(grammars.get(TOOLS, AUTO, None, "free"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and len(set(map(id, found))) == 1
