"""Which tools are shown, which may be called, and how the model learns of those that come and go."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pensieve.conversation.normalise import Normalised
from pensieve.core.chat import Choice, Text, Thought, Tool, ToolCall, ToolResult, Written
from pensieve.core.errors import RequestError
from talk import (
    SCHEMA,
    Message,
    addition,
    announced,
    assistant,
    found,
    late,
    meant,
    named,
    not_found,
    reference,
    removal,
    result,
    said,
    search,
    system,
    text,
    tool,
    use,
    user,
)

BM25 = {"type": "tool_search_tool_bm25_20251119", "name": "tool_search_tool_bm25"}
REGEX = {"type": "tool_search_tool_regex", "name": "tool_search_tool_regex"}
WEB = {"type": "web_search_20250305", "name": "web_search"}
ASKED = [user("go"), assistant(use("1", "Search"))]


def shown(meaning: Normalised) -> list[str]:
    return [tool.name for tool in meaning.chat.tools]


def callable(meaning: Normalised) -> list[str]:
    return [tool.name for tool in meaning.callable]


def test_tools_are_shown_in_their_order_and_may_be_called() -> None:
    sent = [tool("b"), tool("a", type="custom", eager_input_streaming=True), {"name": "c", "input_schema": {}}]
    meaning = meant(user("go"), tools=sent)
    expected = (Tool("b", "does b", SCHEMA), Tool("a", "does a", SCHEMA, eager=True), Tool("c", "", {}))
    assert meaning.chat.tools == meaning.callable == expected


def test_deferred_tools_are_not_shown_and_cannot_be_called() -> None:
    meaning = meant(user("go"), tools=[tool("a"), late("b"), BM25])
    assert shown(meaning) == callable(meaning) == ["a", "tool_search_tool_bm25"]
    assert meaning.deferred == (Tool("b", "does b", SCHEMA),)
    assert meaning.searches == {"tool_search_tool_bm25": "bm25"}


def test_a_deferred_tool_may_be_called_once_it_was_referred_to() -> None:
    messages = [*ASKED, user(result("1", [text("found:"), reference("late")]))]
    meaning = meant(*messages, tools=[tool("Search"), late("other"), late("late")])
    assert shown(meaning) == ["Search"]
    assert meaning.callable == (*meaning.chat.tools, Tool("late", "does late", SCHEMA))
    assert meaning.chat.turns[-1] == said("user", ToolResult("1", "Search", f"found:\n{announced('late')}"))


def test_what_is_said_of_a_tool_keeps_its_letters() -> None:
    messages = [*ASKED, user(result("1", [reference("late")]))]
    (part,) = meant(*messages, tools=[late("late", description="späte")]).chat.turns[-1].parts
    assert isinstance(part, ToolResult) and "späte" in part.text


def test_the_same_tools_in_another_order_do_not_change_what_was_said() -> None:
    messages = [*ASKED, user(result("1", [reference("b")]))]
    sent = [tool("Search"), late("b")]
    assert meant(*messages, tools=sent).chat == meant(*messages, tools=[late("a"), *reversed(sent), late("c")]).chat


def test_a_reference_to_a_tool_that_is_shown_already_does_not_show_it_again() -> None:
    meaning = meant(*ASKED, user(result("1", [reference("a")])), tools=[tool("a")])
    assert meaning.chat.turns[-1] == said("user", ToolResult("1", "Search", "The tool a is now available."))
    assert callable(meaning) == ["a"]


def test_a_reference_to_a_tool_that_is_not_there_says_so() -> None:
    meaning = meant(*ASKED, user(result("1", [reference("gone")])))
    assert meaning.chat.turns[-1] == said("user", ToolResult("1", "Search", "[The tool gone is not available.]"))
    assert meaning.callable == ()


@pytest.mark.parametrize("role", [user, system])
def test_an_added_tool_is_told_by_the_system_where_it_joins(role: Any) -> None:
    messages = [user("go"), assistant("yes"), role(text("now"), addition(named("b")))]
    meaning = meant(*messages, tools=[tool("a"), late("b")])
    now = [said("system", "now", announced("b"))] if role is system else [said("user", "now")]
    told = [] if role is system else [said("system", announced("b"))]
    assert list(meaning.chat.turns[2:]) == now + told
    assert (shown(meaning), callable(meaning)) == (["a"], ["a", "b"])


def test_a_tool_may_be_defined_where_it_joins() -> None:
    definition = {"type": "tool_definition", "definition": tool("n")}
    meaning = meant(user("go"), assistant("yes"), system(addition(definition)))
    assert meaning.chat.turns[-1] == said("system", announced("n"))
    assert meaning.callable == (Tool("n", "does n", SCHEMA),)
    again = meant(user("go"), assistant("yes"), system(addition(definition), removal("n"), addition(named("n"))))
    assert callable(again) == ["n"]


def test_tools_that_join_do_not_come_between_a_call_and_its_result() -> None:
    messages = [user("go"), assistant(use("1")), user(addition(named("b")), result("1"), text("and?"))]
    meaning = meant(*messages, tools=[late("b")])
    assert meaning.chat.turns[2:] == (
        said("user", ToolResult("1", "f", "ok"), "and?"),
        said("system", announced("b")),
    )


def test_a_removed_tool_stays_shown_but_cannot_be_called() -> None:
    meaning = meant(user("go"), assistant("yes"), system(removal("a")), user("on"), tools=[tool("a"), tool("b")])
    assert meaning.chat.turns[2] == said("system", "The tool a is no longer available.")
    assert (shown(meaning), callable(meaning)) == (["a", "b"], ["b"])


def test_a_removed_tool_may_come_back() -> None:
    messages = [user("go"), assistant("yes"), system(removal("a"), addition(named("a")))]
    meaning = meant(*messages, tools=[tool("a")])
    assert meaning.chat.turns[-1] == said(
        "system", "The tool a is no longer available.", "The tool a is now available."
    )
    assert callable(meaning) == ["a"]


def test_a_change_in_the_second_message_goes_to_the_system_prompt_with_it() -> None:
    meaning = meant(user("go"), system(text("the date"), addition(named("b"))), tools=[late("b")])
    assert meaning.chat.system == f"the date\n{announced('b')}"
    assert callable(meaning) == ["b"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (addition(named("gone")), ["[The tool gone is not available.]"]),
        (addition({"type": "tool_definition", "definition": WEB}), ["[The tool web_search is not available.]"]),
        (
            addition({"type": "mcp_toolset_reference", "server_name": "git"}),
            ["[The tools of the MCP server git are not available.]"],
        ),
        (
            addition({"type": "mcp_tool_reference", "server_name": "git", "name": "log"}),
            ["[The tools of the MCP server git are not available.]"],
        ),
        ({"type": "tool_removal", "tool": {"type": "mcp_toolset_reference", "server_name": "git"}}, []),
    ],
)
def test_a_change_that_cannot_be_made_is_told(change: Message, words: list[str]) -> None:
    meaning = meant(user("go"), assistant("yes"), system(text("now"), change))
    assert meaning.chat.turns[-1] == said("system", "now", *words)
    assert meaning.callable == ()


@pytest.mark.parametrize(("declared", "kind"), [(BM25, "bm25"), (REGEX, "regex")])
def test_a_search_is_a_tool_like_any_other_to_the_model(declared: Message, kind: str) -> None:
    meaning = meant(user("go"), tools=[declared, late("b")])
    (offered,) = meaning.chat.tools
    assert (offered.name, meaning.searches) == (declared["name"], {declared["name"]: kind})
    assert offered.schema["required"] == ["query"]
    assert offered.schema["properties"]["query"]["type"] == "string"
    assert ("regular expression" in offered.description) is (kind == "regex")


def test_tools_of_other_servers_are_told_to_be_unavailable() -> None:
    fetch = {"type": "web_fetch_20250910", "name": "web_fetch"}
    meaning = meant(user("go"), system("the date"), tools=[tool("a"), WEB, fetch], system="be brief")
    note = "Not available here: web_search, web_fetch. Do without, and if that is not possible, say so."
    assert meaning.chat.system == f"be brief\n\nthe date\n\n{note}"
    assert shown(meaning) == callable(meaning) == ["a"]


def test_the_client_is_told_once_what_is_not_run_here_and_the_model_does_not_see_it() -> None:
    notice = "[Not run by this server: web_search.]\n\n"
    assert meant(user("go"), tools=[WEB]).notice == notice
    assert meant(user("go")).notice == meant(user("go"), tools=[tool("a")]).notice == ""
    forced = meant(user("go"), tools=[WEB, tool("a")], tool_choice={"type": "any"})
    formatted = meant(user("go"), tools=[WEB], output_config={"format": {"type": "json_schema", "schema": {}}})
    assert forced.notice == formatted.notice == ""
    later = meant(user("go"), assistant(text(notice + "I cannot.")), user("try"), tools=[WEB])
    assert (later.notice, later.chat.turns[1]) == ("", said("assistant", "I cannot."))
    assert meant(user(notice + "x"), tools=[WEB]).chat.turns == (said("user", notice + "x"),)


def test_what_the_server_searched_is_a_call_and_its_result() -> None:
    answer = assistant(text("I look."), search("s", "q"), found("s", "b"), text("There."), use("1", "b"))
    meaning = meant(user("go"), answer, user(result("1")), tools=[BM25, late("b")])
    name = "tool_search_tool_bm25"
    assert meaning.chat.turns == (
        said("user", "go"),
        said("assistant", "I look.", ToolCall("s", name, {"query": "q"})),
        said("user", ToolResult("s", name, announced("b"))),
        said("assistant", "There.", ToolCall("1", "b", {})),
        said("user", ToolResult("1", "b", "ok")),
    )
    assert callable(meaning) == [name, "b"]


@pytest.mark.parametrize(
    ("block", "words"),
    [
        (found("s"), "No tool matches."),
        (found("s", "b", "c"), f"{announced('b')}\n{announced('c')}"),
        (not_found("s", error_code="unavailable"), "The tool failed: unavailable"),
        (not_found("s", error_code="unavailable", error_message="no"), "The tool failed: no"),
    ],
)
def test_a_search_that_ended_the_message_is_gone_on_from(block: Message, words: str) -> None:
    chat = meant(user("go"), assistant(search("s"), block), tools=[BM25, late("b"), late("c")]).chat
    assert chat.turns[-1] == said("user", ToolResult("s", "tool_search_tool_bm25", words))
    assert not chat.prefill


@pytest.mark.parametrize("blocks", [[search("s")], [found("s", "b")], [search("s"), found("other", "b")]])
def test_half_a_search_is_left_out(blocks: list[Message]) -> None:
    turns = meant(user("go"), assistant(text("a"), *blocks), user("on"), tools=[late("b")]).chat.turns
    assert turns == (said("user", "go"), said("assistant", "a"), said("user", "on"))


@pytest.mark.parametrize("begun", [[], [assistant("Well, ")]])
def test_an_answer_that_goes_on_after_a_search_means_what_the_next_request_will_mean(begun: list[Message]) -> None:
    sent: dict[str, Any] = {"tools": [BM25, late("b"), late("c")], "system": "s"}
    first = meant(user("go"), *begun, **sent)
    call = ToolCall("s", "tool_search_tool_bm25", {"query": "q"}, Written('{"query":"q"}'))
    went_on = first.after_search((Thought("hm"), Text("I look.")), call, ["b"])
    blocks = [{"type": "thinking", "thinking": "", "signature": "sealed:hm"}, text("I look."), search("s")]
    told = assistant(*(text("Well, ") for _ in begun), *blocks, found("s", "b"))
    replayed = meant(user("go"), told, written={"s": Written('{"query":"q"}')}.get, **sent)
    assert went_on == replayed
    assert callable(went_on) == ["tool_search_tool_bm25", "b"]
    assert callable(went_on.after_search((), call, ["b", "c"])) == ["tool_search_tool_bm25", "b", "c"]


def test_an_answer_that_goes_on_after_a_failed_search_means_what_the_next_request_will_mean() -> None:
    call = ToolCall("s", "tool_search_tool_bm25", {"query": "q"})
    went_on = meant(user("go"), tools=[BM25, late("b")]).after_failed_search((), call, "too slow")
    error = not_found("s", error_code="execution_time_exceeded", error_message="too slow")
    assert went_on == meant(user("go"), assistant(search("s"), error), tools=[BM25, late("b")])


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (None, Choice()),
        ({"type": "auto"}, Choice()),
        ({"type": "auto", "disable_parallel_tool_use": True}, Choice("auto", "", False)),
        ({"type": "any"}, Choice("any")),
        ({"type": "any", "disable_parallel_tool_use": True}, Choice("any", "", False)),
        ({"type": "tool", "name": "a"}, Choice("tool", "a")),
        ({"type": "tool", "name": "web_search"}, Choice()),
        ({"type": "none"}, Choice("none")),
    ],
)
def test_every_choice_is_passed_on(choice: Any, expected: Choice) -> None:
    assert meant(user("go"), tools=[tool("a"), WEB], tool_choice=choice).chat.choice == expected


def test_the_choice_none_shows_no_tool() -> None:
    messages = [*ASKED, user(result("1", [reference("b")]))]
    meaning = meant(*messages, tools=[tool("a"), late("b"), BM25], tool_choice={"type": "none"})
    assert meaning.chat.tools == meaning.callable == meaning.deferred == ()
    assert json.dumps("parameters") not in meaning.chat.turns[-1].parts[0].text  # type: ignore[union-attr]  # it is a result


@pytest.mark.parametrize("choice", [{"type": "any"}, {"type": "tool", "name": "web_search"}])
def test_a_choice_of_what_another_server_would_run_is_no_error(choice: Any) -> None:
    assert meant(user("go"), tools=[WEB], tool_choice=choice).chat.choice == Choice()


def test_a_tool_that_joined_may_be_chosen() -> None:
    messages = [*ASKED, user(result("1", [reference("b")]))]
    assert meant(*messages, tools=[late("b")], tool_choice={"type": "tool", "name": "b"}).chat.choice.name == "b"


@pytest.mark.parametrize(
    ("tools", "choice", "message"),
    [
        ([], {"type": "any"}, "tool_choice: 'any' needs tools, and none are given. "),
        ([], {"type": "tool", "name": "a"}, "tool_choice: 'tool' needs tools, and none are given. "),
        ([tool("a")], {"type": "tool", "name": "b"}, "tool_choice.name: there is no tool of the name 'b'. "),
        (
            [tool("a"), late("b")],
            {"type": "tool", "name": "b"},
            "tool_choice.name: the tool 'b' is not available at the end of this conversation. ",
        ),
    ],
)
def test_a_choice_that_cannot_be_made_is_an_error_that_names_it(tools: Any, choice: Any, message: str) -> None:
    with pytest.raises(RequestError) as caught:
        meant(user("go"), tools=tools, tool_choice=choice)
    assert str(caught.value).startswith(message)
    assert caught.value.remedy
