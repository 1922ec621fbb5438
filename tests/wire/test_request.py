"""Bodies of /v1/messages and count_tokens: what is taken, what is ignored, and which field an error names."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from pensieve.core.errors import RequestError
from pensieve.wire.blocks import TextBlock, ToolResultBlock, ToolUseBlock
from pensieve.wire.options import LARGEST_INT, JsonSchemaFormat, OutputConfig, ThinkingEnabled
from pensieve.wire.request import InputMessage, MessagesRequest, parse_count_request, parse_messages_request
from pensieve.wire.tools import ToolChoice, ToolDefinition

MISSING = object()
DEEP = b"[" * 100_000 + b"]" * 100_000


def body(**fields: Any) -> bytes:
    """A small valid request with some fields replaced; MISSING leaves one out."""
    whole = {"model": "claude-x", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}], **fields}
    return json.dumps({name: value for name, value in whole.items() if value is not MISSING}).encode()


def parsed(**fields: Any) -> MessagesRequest:
    return parse_messages_request(body(**fields))


def refusal(data: bytes) -> RequestError:
    with pytest.raises(RequestError) as caught:
        parse_messages_request(data)
    return caught.value


def test_a_small_request_has_the_defaults() -> None:
    assert parsed() == MessagesRequest(
        model="claude-x", messages=(InputMessage("user", (TextBlock("hi"),)),), max_tokens=5
    )


def test_every_known_field_is_taken() -> None:
    request = parsed(
        system="be brief",
        tools=[{"name": "f", "description": "d", "input_schema": {"type": "object"}, "defer_loading": True}],
        tool_choice={"type": "tool", "name": "f", "disable_parallel_tool_use": True},
        thinking={"type": "enabled", "budget_tokens": 2048, "display": "omitted"},
        output_config={"effort": "high", "format": {"type": "json_schema", "schema": {"type": "object"}}},
        stream=True,
        temperature=0,
        top_p=0.5,
        top_k=3,
        stop_sequences=["a", "b"],
    )
    assert request.system == (TextBlock("be brief"),)
    assert request.tools == (ToolDefinition("f", None, "d", {"type": "object"}, True),)
    assert request.tool_choice == ToolChoice("tool", "f", True)
    assert request.thinking == ThinkingEnabled(budget_tokens=2048, display="omitted")
    assert request.output_config == OutputConfig("high", JsonSchemaFormat({"type": "object"}))
    assert request.stream is True
    assert (request.temperature, request.top_p, request.top_k) == (0.0, 0.5, 3)
    assert request.stop_sequences == ("a", "b")


@pytest.mark.parametrize(
    "field",
    [
        *("system", "tools", "tool_choice", "thinking", "output_config", "output_format"),
        *("stream", "temperature", "top_p", "top_k", "stop_sequences"),
    ],
)
def test_null_is_as_good_as_absent(field: str) -> None:
    assert parsed(**{field: None}) == parsed()


@pytest.mark.parametrize(
    "fields",
    [
        {"metadata": {"user_id": "u"}, "service_tier": "auto", "container": None, "speed": "fast"},
        {"cache_control": {"type": "ephemeral"}, "context_management": {"edits": []}},
        {"output_config": {"task_budget": {"type": "tokens", "total": 5}}},
        {"made_up": [1, {"a": None}]},
        {"messages": [{"role": "user", "content": "hi", "id": 7}]},
    ],
)
def test_fields_that_nobody_knows_are_ignored(fields: dict[str, Any]) -> None:
    assert parsed(**fields) == parsed()


def test_system_may_be_a_list_of_blocks() -> None:
    assert parsed(system=[{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]).system == (
        TextBlock("a"),
        TextBlock("b"),
    )


def test_every_role_is_taken() -> None:
    messages = [{"role": role, "content": "x"} for role in ("user", "system", "assistant")]
    assert [message.role for message in parsed(messages=messages).messages] == ["user", "system", "assistant"]


def test_max_tokens_0_is_a_request() -> None:
    assert parsed(max_tokens=0).max_tokens == 0


@pytest.mark.parametrize("name", ["temperature", "top_p"])
@pytest.mark.parametrize("value", [0, 0.0, 0.3, 1, 1.0])
def test_sampling_within_its_limits_is_taken(name: str, value: float) -> None:
    assert getattr(parsed(**{name: value}), name) == value


def test_a_count_request_needs_no_max_tokens() -> None:
    assert parse_count_request(body(max_tokens=MISSING)).max_tokens is None
    assert parse_count_request(body(max_tokens="many")).max_tokens is None


def test_a_count_request_is_checked_like_any_other() -> None:
    with pytest.raises(RequestError, match=r"^messages\.0\.content: field required$"):
        parse_count_request(body(messages=[{"role": "user"}]))


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"model": MISSING}, "model", "field required"),
        ({"model": ""}, "model", "expected str of length >= 1"),
        ({"model": 5}, "model", "expected str, got int"),
        ({"max_tokens": MISSING}, "max_tokens", "field required"),
        ({"max_tokens": None}, "max_tokens", "expected int, got null"),
        ({"max_tokens": "5"}, "max_tokens", "expected int, got str"),
        ({"max_tokens": 5.5}, "max_tokens", "expected int, got float"),
        ({"max_tokens": True}, "max_tokens", "expected int, got bool"),
        ({"max_tokens": -1}, "max_tokens", "expected int >= 0"),
        ({"messages": MISSING}, "messages", "field required"),
        ({"messages": []}, "messages", "expected array of length >= 1"),
        ({"messages": "hi"}, "messages", "expected array, got str"),
        ({"messages": [5]}, "messages.0", "expected object, got int"),
        ({"messages": [{"content": "x"}]}, "messages.0.role", "field required"),
        ({"messages": [{"role": "bot", "content": "x"}]}, "messages.0.role", "invalid enum value 'bot'"),
        ({"messages": [{"role": 1, "content": "x"}]}, "messages.0.role", "expected str, got int"),
        ({"messages": [{"role": "user"}]}, "messages.0.content", "field required"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages.0.content", "expected str | array, got int"),
        ({"messages": [{"role": "user", "content": ["x"]}]}, "messages.0.content.0", "expected object, got str"),
        ({"system": 5}, "system", "expected str | array | null, got int"),
        ({"system": [{"type": "text"}]}, "system.0.text", "field required"),
        ({"system": [{"type": "text", "text": 5}]}, "system.0.text", "expected str, got int"),
        ({"stream": "yes"}, "stream", "expected bool | null, got str"),
        ({"temperature": 1.01}, "temperature", "expected float <= 1.0"),
        ({"temperature": -0.01}, "temperature", "expected float >= 0.0"),
        ({"temperature": "1"}, "temperature", "expected float | null, got str"),
        ({"top_p": 1.01}, "top_p", "expected float <= 1.0"),
        ({"top_p": -0.01}, "top_p", "expected float >= 0.0"),
        ({"top_k": -1}, "top_k", "expected int >= 0"),
        ({"top_k": 1.5}, "top_k", "expected int | null, got float"),
        ({"stop_sequences": "a"}, "stop_sequences", "expected array | null, got str"),
        ({"stop_sequences": ["a", ""]}, "stop_sequences.1", "expected str of length >= 1"),
        ({"stop_sequences": ["a", 3]}, "stop_sequences.1", "expected str, got int"),
        ({"stop_sequences": ["a"] * 65}, "stop_sequences", "expected array of length <= 64"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], field: str, message: str) -> None:
    error = refusal(body(**fields))
    assert (error.field, str(error)) == (field, f"{field}: {message}")
    assert (error.status, error.kind) == (400, "invalid_request_error")


@pytest.mark.parametrize("number", [str(2**31), str(2**63), str(2**64), "9" * 400, "9" * 5000])
def test_an_integer_that_no_engine_could_take_is_clamped(number: str) -> None:
    data = body(max_tokens=7, top_k=8, thinking={"type": "enabled", "budget_tokens": 9})
    for small in (b": 7", b": 8", b": 9"):
        data = data.replace(small, b": " + number.encode())
    request = parse_messages_request(data)
    assert (request.max_tokens, request.top_k) == (LARGEST_INT, LARGEST_INT)
    assert request.thinking == ThinkingEnabled(budget_tokens=LARGEST_INT)


@pytest.mark.parametrize("name", ["max_tokens", "top_k"])
@pytest.mark.parametrize(
    ("number", "message"),
    [
        ("-" + "9" * 400, "expected int >= 0"),
        ("-" + "9" * 5000, "expected int >= 0"),
        ("1e400", "expected int, got float"),
        ("1e10", "expected int, got float"),
    ],
)
def test_a_number_that_is_no_count_is_refused_by_name(name: str, number: str, message: str) -> None:
    error = refusal(body(**{name: 7}).replace(b": 7", b": " + number.encode()))
    assert str(error).replace(" | null", "") == f"{name}: {message}"


HUGE = {
    "1e400": sys.float_info.max,
    "-1e400": -sys.float_info.max,
    "9" * 5000: int(sys.float_info.max),
    "-" + "9" * 5000: -int(sys.float_info.max),
    "1e-400": 0.0,
    "9" * 400: int("9" * 400),
}


@pytest.mark.parametrize("number", HUGE, ids=lambda number: number[:8])
def test_a_number_out_of_range_in_a_history_is_the_nearest_that_is_in_range(number: str) -> None:
    call = {
        "type": "tool_use",
        "id": "1",
        "name": "f",
        "input": {"a": [1, {"b": 7777}], "c": '1e400 \ud83d\ude00 "7777'},
    }
    result = {"type": "tool_result", "tool_use_id": "1", "content": [{"type": "text", "text": "x", "score": 7777}]}
    data = body(
        messages=[{"role": "assistant", "content": [call]}, {"role": "user", "content": [result], "made_up": 7777}],
        tools=[{"name": "f", "input_schema": {"maximum": 7777}}],
        metadata={"score": 7777},
        system=[{"type": "made_up", "score": 7777}],
    )
    request = parse_messages_request(data.replace(b": 7777", b": " + number.encode()))
    expected = ToolUseBlock("1", "f", {"a": [1, {"b": HUGE[number]}], "c": '1e400 \U0001f600 "7777'})
    assert request.messages[0].blocks == (expected,)
    assert request.messages[1].blocks == (ToolResultBlock("1", [{"type": "text", "text": "x", "score": HUGE[number]}]),)
    assert request.tools[0].input_schema == {"maximum": HUGE[number]}


@pytest.mark.parametrize("wrong", [b"NaN", b"Infinity", b'"\\ud800"', b'"\xff"', b"2]"])
def test_a_number_out_of_range_hides_no_other_fault(wrong: bytes) -> None:
    message = {"role": "user", "content": [{"type": "text", "text": "x", "a": [1, 2]}]}
    data = body(messages=[message]).replace(b"1, 2", b"1e400, " + wrong)
    assert refusal(data).field == "body"


def test_a_number_out_of_range_in_deep_json_is_the_clients_fault() -> None:
    deep = body(messages=[{"role": "user", "content": [{"type": "text", "text": "x", "a": [1e300, "%"]}]}])
    assert refusal(deep.replace(b"1e+300", b"1e400").replace(b'"%"', DEEP)).field == "body"


@pytest.mark.parametrize("data", [b"", b"{", b'{"model": NaN}', b"hello", body() + b"x", b"\xef\xbb\xbf" + body()])
def test_what_is_not_json_is_said_to_be_none(data: bytes) -> None:
    assert str(refusal(data)).startswith("body: not valid JSON: ")


@pytest.mark.parametrize(("data", "kind"), [(b"[]", "array"), (b'"x"', "str"), (b"null", "null"), (b"5", "int")])
def test_a_body_that_is_no_object_is_refused(data: bytes, kind: str) -> None:
    assert str(refusal(data)) == f"body: expected object, got {kind}"


@pytest.mark.parametrize("place", ['"content": "%"', '"content": "x", "id": "%"', '"content": "x", "%": 1'])
@pytest.mark.parametrize("wrong", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\xaf"])
def test_what_is_not_utf8_is_refused_wherever_it_stands(place: str, wrong: bytes) -> None:
    message = ('{"role": "user", ' + place + "}").encode().replace(b"%", wrong)
    error = refusal(b'{"model": "m", "max_tokens": 5, "messages": [' + message + b"]}")
    assert error.field == "body"
    assert "UTF-8" in str(error)


@pytest.mark.parametrize("wrong", ["\\ud800", "\\udc00", "\\ud800x", "\\ud800\\ud800", "\\udc00\\ud800"])
def test_half_a_surrogate_pair_is_refused(wrong: str) -> None:
    assert refusal(body(messages=[{"role": "user", "content": "%"}]).replace(b"%", wrong.encode())).field == "body"


def test_a_whole_surrogate_pair_is_one_character() -> None:
    data = body(messages=[{"role": "user", "content": "%"}]).replace(b"%", b"\\ud83d\\ude00")
    assert parse_messages_request(data).messages[0].blocks == (TextBlock("\U0001f600"),)


@pytest.mark.parametrize(
    "data",
    [
        DEEP,
        body(made_up="%").replace(b'"%"', DEEP),
        body(tools=[{"name": "f", "input_schema": {"enum": "%"}}]).replace(b'"%"', DEEP),
        body(messages=[{"role": "user", "content": [{"type": "text", "text": "x", "z": "%"}]}]).replace(b'"%"', DEEP),
    ],
    ids=["body", "unknown field", "schema", "block"],
)
def test_json_that_is_nested_too_deeply_is_the_clients_fault(data: bytes) -> None:
    assert refusal(data).status == 400
