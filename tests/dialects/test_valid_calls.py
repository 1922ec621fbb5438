"""A model that throws dice, a real engine, a real server: calls are valid because nothing else can be written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from claude_code import needs_claude, requests_of
from make_mlx_model import make_mlx_model
from make_model import make_model
from pensieve.dialects.grammar.schemas import accept
from schemas import SCHEMAS
from server import Server, start_server

pytestmark = pytest.mark.journey

LONGEST = 6000
"""Tokens. Noise that fills a list of a hundred things takes its time."""
NAMES = sorted(SCHEMAS)
BEYOND_GRAMMARS = {"conditional", "not", "unique_items", "look_around", "dependent"}
NOT_IN_GBNF = {"pattern", "multipleOf", "minProperties", "additionalProperties", "format"}


@pytest.fixture(scope="module")
def dice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    place = tmp_path_factory.mktemp("dice")
    server = start_server(make_model("dice", place / "dice.gguf"), place / "server", engine__context=131072)
    yield server
    server.stop()


def tool(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "description": f"Does {name}.", "input_schema": schema}


def asked(server: Server, prompt: str, **more: Any) -> dict[str, Any]:
    body = {
        "model": "claude-test",
        "max_tokens": LONGEST,
        "messages": [{"role": "user", "content": prompt}],
        **more,
    }
    answer = server.post(body)
    assert answer.status_code == 200, answer.text
    message: dict[str, Any] = answer.json()
    return message


def all_asked(server: Server, *requests: dict[str, Any]) -> list[dict[str, Any]]:
    """What `asked` takes, each as a dict; at once, but for long prompts, which are read once if they come in turn."""
    with ThreadPoolExecutor(len(requests) if len(json.dumps(requests[0])) < 20_000 else 1) as pool:
        return list(pool.map(lambda request: asked(server, **request), requests))


def calls_of(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [block for block in message["content"] if block["type"] == "tool_use"]


def check(call: dict[str, Any], schema: dict[str, Any]) -> None:
    """Of a schema that no grammar can express in full, the input is at least an object."""
    assert isinstance(call["input"], dict)
    if not accept(schema).relaxed:
        validator = jsonschema.validators.validator_for(schema, jsonschema.Draft202012Validator)
        validator(schema, format_checker=jsonschema.FormatChecker()).validate(call["input"])


def test_nearly_all_schemas_are_enforced_in_full() -> None:
    assert len(NAMES) >= 70
    assert {name for name in NAMES if accept(SCHEMAS[name]).relaxed} <= BEYOND_GRAMMARS


@pytest.mark.parametrize("name", NAMES)
def test_a_forced_call_is_valid(dice: Server, name: str) -> None:
    """Of this one tool, and of any."""
    schema, other = SCHEMAS[name], SCHEMAS[NAMES[(NAMES.index(name) + 1) % len(NAMES)]]
    tools = [tool("the_one", schema), tool("the_other", other)]
    ways = {"type": "tool", "name": "the_one"}, {"type": "any", "disable_parallel_tool_use": True}
    prompts = [f"Call {name}, {number}" for number in range(2)]
    requests = [{"prompt": prompt, "tools": tools, "tool_choice": way} for way in ways for prompt in prompts]
    answers = all_asked(dice, *requests)
    named, any_of_them = answers[:2], answers[2:]
    for message in answers:
        assert message["stop_reason"] == "tool_use", message
        for call in calls_of(message):
            check(call, schema if call["name"] == "the_one" else other)
        assert len(calls_of(message)) == len(message["content"]), message["content"]
    assert {call["name"] for message in named for call in calls_of(message)} == {"the_one"}
    assert [len(message["content"]) for message in any_of_them] == [1, 1]


@pytest.fixture(scope="module")
def mlx_dice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    place = tmp_path_factory.mktemp("mlx-dice")
    server = start_server(make_mlx_model("dice", place / "dice"), place / "server", engine__context=131072)
    yield server
    server.stop()


@pytest.mark.parametrize("name", NAMES)
def test_a_forced_call_is_valid_on_mlx(mlx_dice: Server, name: str) -> None:
    once = {"type": "any", "disable_parallel_tool_use": True}
    message = asked(mlx_dice, f"Call {name}", tools=[tool("the_one", SCHEMAS[name])], tool_choice=once)
    assert message["stop_reason"] == "tool_use", message
    (call,) = calls_of(message)
    check(call, SCHEMAS[name])


@pytest.fixture(scope="module")
def sentencepiece_dice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Held to grammars of llama.cpp's own, as llguidance would not see its spaces."""
    place = tmp_path_factory.mktemp("sentencepiece-dice")
    model = make_model("dice-sentencepiece", place / "dice.gguf")
    server = start_server(model, place / "server", engine__context=131072)
    yield server
    server.stop()


def check_most(value: Any, schema: dict[str, Any], *, object_only: bool) -> None:
    """All that can be said in GBNF."""
    validator = jsonschema.validators.validator_for(schema, jsonschema.Draft202012Validator)
    errors = validator(schema, format_checker=jsonschema.FormatChecker()).iter_errors(value)
    if not accept(schema, object_only=object_only).relaxed:
        assert {error.validator for error in errors} <= NOT_IN_GBNF


@pytest.mark.parametrize("name", NAMES)
def test_calls_and_answers_are_valid_in_grammars_of_llama_cpp(sentencepiece_dice: Server, name: str) -> None:
    schema = SCHEMAS[name]
    tools = [tool("the_one", schema)]
    forced, free, said = all_asked(
        sentencepiece_dice,
        {"prompt": f"Call {name}", "tools": tools, "tool_choice": {"type": "any"}},
        {"prompt": f"Maybe call {name}", "tools": tools},
        {"prompt": "Say it", "output_config": {"format": {"type": "json_schema", "schema": schema}}},
    )
    assert forced["stop_reason"] == "tool_use"
    assert len(calls_of(forced)) == len(forced["content"])
    for call in calls_of(forced):
        check_most(call["input"], schema, object_only=True)
    for call in calls_of(free):
        check_most(call["input"], schema, object_only=True)
    assert not [block for block in free["content"] if "<tool_call>" in block.get("text", "")]
    check_most(json.loads(said["content"][0]["text"]), schema, object_only=False)


def test_what_is_no_letter_is_not_counted_as_one(sentencepiece_dice: Server) -> None:
    """These dice also throw single bytes. Each of those that are part of no letter is shown as a mark of its own."""
    short = {"type": "array", "items": {"type": "string", "minLength": 2, "maxLength": 4}, "minItems": 12}
    schema = {"type": "object", "properties": {"a": short}, "required": ["a"], "additionalProperties": False}
    written = 0
    once = {"type": "any", "disable_parallel_tool_use": True}
    tools = [tool("the_one", schema)]
    requests = [{"prompt": f"{number}", "tools": tools, "tool_choice": once} for number in range(40)]
    for message in all_asked(sentencepiece_dice, *requests):
        (call,) = calls_of(message)
        check(call, schema)
        written += any(not text.isascii() for text in call["input"]["a"])
    assert written, "letters put together of single bytes are still written"


@pytest.mark.parametrize("name", NAMES)
def test_a_call_that_the_model_begins_itself_is_valid(dice: Server, name: str) -> None:
    """The dice show the mark of a call every twenty tokens, or an end: some answers have calls, and all are valid."""
    called = 0
    for number in range(0, 20, 4):
        requests = [{"prompt": f"Say {number + one}", "tools": [tool("the_one", SCHEMAS[name])]} for one in range(4)]
        for message in all_asked(dice, *requests):
            for call in calls_of(message):
                check(call, SCHEMAS[name])
            texts = [block["text"] for block in message["content"] if block["type"] == "text"]
            assert not [text for text in texts if "<tool_call>" in text or "[A tool call" in text], texts
            called += message["stop_reason"] == "tool_use"
        if called >= 2:
            return
    raise AssertionError("no answer had a call")


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_has_the_demanded_format(dice: Server, name: str) -> None:
    schema = SCHEMAS[name]
    message = asked(dice, "Say it", output_config={"format": {"type": "json_schema", "schema": schema}})
    assert (message["stop_reason"], [block["type"] for block in message["content"]]) == ("end_turn", ["text"])
    value = json.loads(message["content"][0]["text"])
    if not accept(schema, object_only=False).relaxed:
        jsonschema.validate(value, schema)


def test_several_calls_and_no_more_than_one(dice: Server) -> None:
    tools = [tool("the_one", {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]})]
    counts = [len(calls_of(asked(dice, f"{n}", tools=tools, tool_choice={"type": "any"}))) for n in range(20)]
    assert min(counts) == 1 and max(counts) > 1
    one = {"type": "auto", "disable_parallel_tool_use": True}
    assert max(len(calls_of(asked(dice, f"{n}", tools=tools, tool_choice=one))) for n in range(20)) == 1


def test_none_means_none(dice: Server) -> None:
    message = asked(dice, "Go", tools=[tool("the_one", {})], tool_choice={"type": "none"}, max_tokens=300)
    assert calls_of(message) == []


def test_calls_hold_where_the_engine_hides_spaces_from_the_grammar(tmp_path: Path) -> None:
    """Numbers and bounded texts are where it shows (`dialects.fitting`)."""
    schema = {
        "type": "object",
        "properties": {
            "sizes": {"type": "array", "items": {"type": "number"}, "minItems": 5, "maxItems": 9},
            "versions": {"type": "array", "items": {"enum": ["v1.5", "v2.0"]}, "minItems": 5, "maxItems": 9},
        },
        "required": ["sizes", "versions"],
        "additionalProperties": False,
    }
    server = start_server(make_model("dice-gpt-2", tmp_path / "dice.gguf"), tmp_path / "server")
    for number in range(20):
        message = asked(server, f"{number}", tools=[tool("the_one", schema)], tool_choice={"type": "any"})
        assert message["stop_reason"] == "tool_use", message
        for call in calls_of(message):
            check(call, schema)
    server.stop()


@needs_claude
def test_claude_codes_own_tools_are_called_validly(dice: Server, own_home: Path, tmp_path: Path) -> None:
    bodies = requests_of(own_home, tmp_path, "Say hello", ENABLE_TOOL_SEARCH="false")
    offered_tools = {tool["name"]: tool for body in bodies for tool in body.get("tools", []) if "input_schema" in tool}
    tools = [{**offered, "defer_loading": False} for offered in offered_tools.values()]
    assert len(tools) > 10
    for offered in tools:
        choice = {"type": "tool", "name": offered["name"], "disable_parallel_tool_use": True}
        for number in range(2):
            message = asked(dice, f"Go, {number}", tools=tools, tool_choice=choice)
            (call,) = calls_of(message)
            assert call["name"] == offered["name"]
            check(call, offered["input_schema"])
