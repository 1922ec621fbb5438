"""Tools over HTTP: searches that the server runs, calls remembered as they were written, and odd tools."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from make_model import make_model
from pensieve.service.answer import RESULT
from server import Server, start_server

WEATHER = {
    "name": "get_weather",
    "description": "The weather of a place.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
    "defer_loading": True,
}
SEARCH = {"type": "tool_search_tool_regex_20251119", "name": "tool_search_tool_regex"}


def call(name: str, written: str) -> str:
    return f'<tool_call>\n{{"name": "{name}", "arguments": {written}}}\n</tool_call>'


@pytest.fixture
def played(serve: Callable[..., Server], tmp_path: Path) -> Callable[[list[dict[str, Any]]], Server]:
    def play(replies: list[dict[str, Any]]) -> Server:
        script = tmp_path / "script.json"
        script.write_text(json.dumps({"replies": replies}))
        return serve(script)

    return play


def request(*messages: Any, **more: Any) -> dict[str, Any]:
    return {"model": "claude-x", "max_tokens": 2000, "messages": list(messages), **more}


HELLO = {"role": "user", "content": "Hello"}


def test_a_search_is_run_by_the_server_and_the_answer_goes_on(played: Callable[..., Server]) -> None:
    found = [{"when": "The weather of a place.", "steps": ["Now I can. ", call("get_weather", '{"city": "Paris"}')]}]
    search = call("tool_search_tool_regex", '{"query": "weather"}')
    server = played([*found, {"steps": ["Let me look. ", search]}])
    tools = [SEARCH, WEATHER]
    with server.sdk() as client, client.messages.stream(**request(HELLO, tools=tools)) as stream:
        message: Any = stream.get_final_message()
    kinds = [block.type for block in message.content]
    assert kinds == ["text", "server_tool_use", "tool_search_tool_result", "text", "tool_use"]
    assert message.stop_reason == "tool_use"
    result = message.content[2].to_dict()["content"]
    assert [reference["tool_name"] for reference in result["tool_references"]] == ["get_weather"]
    # The client sends all of it back, and the model sees the same once more.
    history = [HELLO, {"role": "assistant", "content": [block.to_dict() for block in message.content]}]
    results = [{"type": "tool_result", "tool_use_id": message.content[4].id, "content": "sunny"}]
    answer = server.post(request(*history, {"role": "user", "content": results}, tools=tools))
    assert answer.status_code == 200 and answer.json()["content"][0]["text"] == "Now I can."


def test_a_call_that_was_just_answered_is_not_made_again_at_once(played: Callable[..., Server]) -> None:
    tool = {"name": "Ls", "input_schema": {"type": "object"}}
    # As long as what is put in its place, for a script goes on behind what is there.
    again = '{"name":"Ls","input":{}}'.ljust(len(RESULT))
    server = played([{"when": "Result of Ls:", "steps": [again, " there are two."]}, {"steps": [again]}])
    first = server.post(request(HELLO, tools=[tool])).json()
    assert first["stop_reason"] == "tool_use"
    result = {"type": "tool_result", "tool_use_id": first["content"][0]["id"], "content": "a b"}
    history = [HELLO, {"role": "assistant", "content": first["content"]}, {"role": "user", "content": [result]}]
    answer = server.post(request(*history, tools=[tool])).json()
    assert answer["content"] == [{"type": "text", "text": f"{RESULT} there are two.", "citations": None}]
    assert answer["stop_reason"] == "end_turn"
    # Who asks for it gets it.
    history[-1]["content"] = [result, {"type": "text", "text": "Once more."}]
    assert server.post(request(*history, tools=[tool])).json()["stop_reason"] == "tool_use"


def test_behind_a_search_a_stop_sequence_stops_too(played: Callable[..., Server]) -> None:
    search = call("tool_search_tool_regex", '{"query": "weather"}')
    server = played([{"steps": ["Let me look. ", search, "Well. STOP ", call("other", "{}"), {"sleep": 600}]}])
    answer = server.post(request(HELLO, tools=[SEARCH, WEATHER], stop_sequences=["STOP"])).json()
    assert (answer["stop_reason"], answer["stop_sequence"]) == ("stop_sequence", "STOP")
    kinds = [block["type"] for block in answer["content"]]
    assert "server_tool_use" in kinds and "tool_use" not in kinds


def test_what_the_server_says_of_itself_the_model_never_said(played: Callable[..., Server]) -> None:
    search = call("tool_search_tool_regex", '{"query": "weather"}')
    replies = [
        {"when": "[Not run", "steps": ["I seem to have said so."]},
        {"when": "The weather of a place.", "steps": ["Now I can."]},
        {"steps": ["Let me look. ", search]},
    ]
    tools = [SEARCH, WEATHER, {"type": "web_search_20250305", "name": "web_search"}]
    content = played(replies).post(request(HELLO, tools=tools)).json()["content"]
    assert content[0]["text"].startswith("[Not run") and content[-1]["text"] == "Now I can."


def test_a_search_that_cannot_be_meant_is_an_error_that_the_model_sees(played: Callable[..., Server]) -> None:
    search = call("tool_search_tool_regex", '{"query": "(("}')
    server = played([{"when": "The tool failed", "steps": ["I see."]}, {"steps": [search]}])
    answer = server.post(request(HELLO, tools=[SEARCH, WEATHER])).json()
    assert [block["type"] for block in answer["content"]] == ["server_tool_use", "tool_search_tool_result", "text"]
    assert answer["content"][1]["content"]["error_code"] == "invalid_tool_input"
    assert answer["stop_reason"] == "end_turn"


def test_a_model_that_searches_for_ever_comes_to_an_end(played: Callable[..., Server]) -> None:
    server = played([{"steps": [call("tool_search_tool_regex", '{"query": "weather"}')]}])
    answer = server.post(request(HELLO, tools=[SEARCH, WEATHER])).json()
    assert answer["stop_reason"] == "end_turn" and 2 < len(answer["content"]) < 40


def test_a_search_beside_a_call_of_the_client_is_told_too(played: Callable[..., Server]) -> None:
    search = call("tool_search_tool_regex", '{"query": "weather"}')
    server = played([{"steps": [search, "\n", call("get_time", "{}")]}])
    tools = [SEARCH, WEATHER, {"name": "get_time", "input_schema": {"type": "object"}}]
    answer = server.post(request(HELLO, tools=tools)).json()
    kinds = [block["type"] for block in answer["content"]]
    assert sorted(kinds) == ["server_tool_use", "tool_search_tool_result", "tool_use"]
    assert answer["stop_reason"] == "tool_use"


def test_an_input_nested_too_deeply_is_an_error_with_words(dice: Server) -> None:
    deep: dict[str, Any] = {}
    for _ in range(400):
        deep = {"a": deep}
    use = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": deep}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "ok"}
    answer = dice.post(request(HELLO, {"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}))
    assert answer.status_code in (200, 400), answer.text


def test_a_call_is_shown_to_the_model_as_it_was_written(played: Callable[..., Server]) -> None:
    """Clients send inputs back with other members in another order."""
    written = '{"b": 1, "a": [2,  3]}'
    server = played([{"when": written, "steps": ["As I wrote it."]}, {"steps": [call("f", written)]}])
    tools = [{"name": "f", "input_schema": {"type": "object"}}]
    (use,) = server.post(request(HELLO, tools=tools)).json()["content"]
    assert use["input"] == {"a": [2, 3], "b": 1}
    use["input"] = {"a": [2, 3], "b": 1, "added": True}
    result = {"type": "tool_result", "tool_use_id": use["id"], "content": "ok"}
    back = [HELLO, {"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}]
    assert server.post(request(*back, tools=tools)).json()["content"][0]["text"] == "As I wrote it."


def test_an_eager_tool_streams_its_input_as_it_is_written(played: Callable[..., Server]) -> None:
    server = played([{"steps": list(call("f", '{"a": "one two three"}'))}])
    counts = []
    for eager in (True, False):
        tools = [{"name": "f", "input_schema": {"type": "object"}, "eager_input_streaming": eager}]
        with server.sdk() as client, client.messages.stream(**request(HELLO, tools=tools)) as stream:
            parts = [event.partial_json for event in stream if event.type == "input_json"]
        assert json.loads("".join(parts)) == {"a": "one two three"}
        counts.append(len(parts))
    assert counts[0] > counts[1] == 1


@pytest.fixture(scope="module")
def dice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    place = tmp_path_factory.mktemp("dice")
    server = start_server(make_model("dice", place / "dice.gguf"), place / "server")
    yield server
    server.stop()


TREE = {"type": "object", "properties": {"next": {"$ref": "#"}, "name": {"type": "string"}}, "required": ["name"]}
ODD: dict[str, list[dict[str, Any]]] = {
    "empty schema": [{"name": "f", "input_schema": {}}],
    "recursion": [{"name": "f", "input_schema": TREE}],
    "300 tools": [{"name": f"f{number}", "input_schema": TREE} for number in range(300)],
    "a megabyte": [{"name": "f", "input_schema": {"properties": {"a": {"enum": [f"{n:9}" for n in range(80_000)]}}}}],
    "nonsense": [{"name": "f", "input_schema": {"type": "nosuch", "properties": 5, "required": "a", "$ref": "#/x"}}],
    "a pattern that is none": [{"name": "f", "input_schema": {"properties": {"a": {"pattern": "(("}}}}],
    "what can never be": [{"name": "f", "input_schema": {"properties": {"a": False}, "required": ["a"]}}],
}


@pytest.mark.parametrize("tools", ODD.values(), ids=ODD)
def test_odd_tools_are_called_all_the_same(dice: Server, tools: list[dict[str, Any]]) -> None:
    choice = {"type": "any", "disable_parallel_tool_use": True}
    answer = dice.post(request(HELLO, tools=tools, tool_choice=choice))
    assert answer.status_code in (200, 400), answer.text
    if answer.status_code == 200:
        (block,) = answer.json()["content"]
        assert block["name"] in {tool["name"] for tool in tools} and isinstance(block["input"], dict)
    else:
        assert "prompt is too long" in answer.text


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"tools": [{"name": "f", "input_schema": {}}] * 2}, "tools.1.name"),
        ({"tools": [{"name": "two words", "input_schema": {}}]}, "tools.0.name"),
        ({"tools": [{"name": "f", "input_schema": {}}], "tool_choice": {"type": "tool", "name": "g"}}, "tool_choice"),
        ({"tool_choice": {"type": "any"}}, "tool_choice"),
        ({"output_config": {"format": {"type": "json_schema", "schema": 5}}}, "output_config.format.schema"),
    ],
)
def test_what_cannot_be_meant_is_named(dice: Server, fields: dict[str, Any], named: str) -> None:
    answer = dice.post(request(HELLO, **fields))
    assert answer.status_code == 400 and named in answer.json()["error"]["message"]


def test_a_tool_that_another_server_would_run_is_said_to_be_missing(played: Callable[..., Server]) -> None:
    server = played([{"steps": ["I cannot search."]}])
    tools = [{"type": "web_search_20250305", "name": "web_search", "max_uses": 8}]
    message = server.post(request(HELLO, tools=tools)).json()
    assert message["stop_reason"] == "end_turn"
    assert [block["text"] for block in message["content"]] == [
        "[Not run by this server: web_search.]\n\nI cannot search."
    ]
