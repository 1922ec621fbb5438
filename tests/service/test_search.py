"""Search among deferred tools: what is found, in which order, and what no query can do."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
import warnings
from typing import Any, Literal

import pytest
from hypothesis import given, settings, strategies as st

from pensieve.core.chat import Tool
from pensieve.service.search import LONGEST_QUERY, search_tools


def tool(name: str, description: str = "", **arguments: str) -> Tool:
    properties = {argument: {"type": "string", "description": words} for argument, words in arguments.items()}
    return Tool(name, description, {"type": "object", "properties": properties})


TOOLS = [
    tool("send_mail", "Writes to somebody", recipient="Who is to get it", body="The text"),
    tool("get_weather", "Tells the weather of a place", city="Name of the city"),
    tool("getForecast", "What the weather will be in the next days", city="Name of the city", days="How many"),
    tool("list_issues", "Lists the open issues of a repository on GitHub", repository="Owner and name"),
    tool("create_issue", "Opens a new issue", repository="Owner and name", title="Title of the issue"),
    Tool("odd", "", {"properties": {"x": {"items": {"properties": {"zebra": {"description": 5}}}}, "y": True}}),
]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("weather", ["get_weather", "getForecast"]),
        ("^get_", ["get_weather"]),
        ("get_.*|list_.*", ["get_weather", "list_issues"]),
        ("GitHub", ["list_issues"]),
        ("github", []),
        ("(?i)github", ["list_issues"]),
        ("issue", ["list_issues", "create_issue"]),
        ("^recipient$", ["send_mail"]),
        ("Who is", ["send_mail"]),
        ("zebra", ["odd"]),
        ("Owner", ["list_issues", "create_issue"]),
        ("Title|Opens|odd", ["odd", "create_issue"]),
        ("nothing like it", []),
    ],
)
def test_a_pattern_finds_names_before_descriptions_before_arguments(pattern: str, names: list[str]) -> None:
    assert search_tools("regex", pattern, TOOLS) == names


def test_searches_in_several_threads_leave_the_filters_of_warnings_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first begins, the second begins, the first ends, the second ends."""
    before, compile, begun, ended = list(warnings.filters), re.compile, threading.Event(), threading.Event()

    def slow(pattern: str) -> re.Pattern[str]:
        if pattern == "first":
            assert begun.wait(30)
        else:
            begun.set()
            assert ended.wait(30)
        return compile(pattern)

    monkeypatch.setattr(re, "compile", slow)

    def run_first() -> None:
        search_tools("regex", "first", TOOLS)
        ended.set()

    first = threading.Thread(target=run_first)
    second = threading.Thread(target=search_tools, args=("regex", "second", TOOLS))
    for thread in (first, second):
        thread.start()
    for thread in (first, second):
        thread.join()
    assert list(warnings.filters) == before


def test_what_python_warns_of_is_not_said() -> None:
    command = "from pensieve.service.search import search_tools; search_tools('regex', '[[a]', [])"
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("weather", ["get_weather", "getForecast"]),
        ("forecast for the next days", ["getForecast"]),
        ("send a mail to somebody", ["send_mail"]),
        ("create an issue", ["create_issue", "list_issues"]),
        ("ISSUES of a REPOSITORY", ["list_issues", "create_issue"]),
        ("how many", ["getForecast"]),
        ("zebra", ["odd"]),
        ("submarine", []),
    ],
)
def test_words_find_what_fits_best_first(query: str, names: list[str]) -> None:
    assert search_tools("bm25", query, TOOLS)[: len(names) or None] == names


@pytest.mark.parametrize("kind", ["regex", "bm25"])
def test_no_more_are_found_than_are_wanted(kind: Literal["regex", "bm25"]) -> None:
    tools = [tool(f"weather_{n}") for n in range(20)]
    assert search_tools(kind, "weather", tools) == [f"weather_{n}" for n in range(5)]
    assert len(search_tools(kind, "weather", tools, limit=7)) == 7
    assert search_tools(kind, "weather", []) == []


@pytest.mark.parametrize("kind", ["regex", "bm25"])
@pytest.mark.parametrize("query", ["", "  \n"])
def test_an_empty_query_is_an_error(kind: Literal["regex", "bm25"], query: str) -> None:
    with pytest.raises(ValueError, match="empty"):
        search_tools(kind, query, TOOLS)


@pytest.mark.parametrize("pattern", ["[", "(", ")", "*a", "a**", "(?R)", "(?P<a", "\\", "a{2,1}", "))((" * 10])
def test_what_is_no_pattern_is_an_error_in_words(pattern: str) -> None:
    with pytest.raises(ValueError, match="Not a regular expression"):
        search_tools("regex", pattern, TOOLS)


def test_a_pattern_may_have_200_characters() -> None:
    assert search_tools("regex", "a" * LONGEST_QUERY, TOOLS) == []
    with pytest.raises(ValueError, match="longer than 200 characters"):
        search_tools("regex", "a" * (LONGEST_QUERY + 1), TOOLS)


@pytest.mark.parametrize("pattern", ["(a{200}){200}", "a{9999}", "((a{,30}){30,}){30}", "(" * 10 + "a" + ")+" * 10])
def test_a_pattern_that_would_take_all_memory_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="repeats or nests too much"):
        search_tools("regex", pattern, TOOLS)


@pytest.mark.parametrize("pattern", ["[0-9]{4}-[0-9]{2}", "a{0}mail", "((mail))", "{}|mail", "[[a]il"])
def test_a_pattern_that_repeats_a_little_is_fine(pattern: str) -> None:
    assert search_tools("regex", pattern, TOOLS) == ([] if "4" in pattern else ["send_mail"])


@pytest.mark.parametrize("pattern", ["(a+)+$b", "(a|aa)+$b"])
def test_one_deadline_holds_for_the_whole_search(pattern: str) -> None:
    tools = [tool(f"t{n}", "a" * 5000) for n in range(300)]
    started = time.process_time()
    with pytest.raises(TimeoutError):
        search_tools("regex", pattern, tools)
    assert time.process_time() - started < 1


json_like: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["properties", "items", "description", "x"]), inner, max_size=3)
    ),
)


@settings(deadline=None, max_examples=100)
@given(
    kind=st.sampled_from(["regex", "bm25"]),
    query=st.text(max_size=30) | st.text("ab()[]{}*+?|\\.^$01,", max_size=15),
    schemas=st.lists(st.dictionaries(st.sampled_from(["properties", "items", "x"]), json_like, max_size=3), max_size=3),
)
def test_any_query_over_any_schema_has_an_answer_or_an_error_in_words(
    kind: Literal["regex", "bm25"], query: str, schemas: list[dict[str, Any]]
) -> None:
    tools = [Tool(f"t{n}", "some words", schema) for n, schema in enumerate(schemas)]
    try:
        found = search_tools(kind, query, tools)
    except (ValueError, TimeoutError) as error:
        assert str(error)
    else:
        assert set(found) <= {tool.name for tool in tools} and len(found) == len(set(found)) <= 5
