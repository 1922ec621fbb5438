"""What a request means: system, turns, thoughts, calls and their results, and what cannot be meant."""

from __future__ import annotations

from typing import Any

import pytest

from pensieve.conversation.content import IMAGE_NOTE
from pensieve.core.chat import Chat, Thought, ToolCall, ToolResult, Written
from pensieve.core.errors import RequestError
from pensieve.wire.request import InputMessage
from talk import Message, assistant, meant, result, said, system, text, thought, use, user

BILLING = {"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1.329.278; cc_entrypoint=sdk-cli;"}


def chat_of(*messages: Message, **fields: Any) -> Chat:
    return meant(*messages, **fields).chat


def refusal(*messages: Message, **fields: Any) -> RequestError:
    with pytest.raises(RequestError) as caught:
        chat_of(*messages, **fields)
    return caught.value


def test_a_string_and_a_text_block_mean_the_same() -> None:
    assert chat_of(user("hi")) == chat_of(user(text("hi"))) == Chat(system="", turns=(said("user", "hi"),))


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (None, ""),
        ("be brief", "be brief"),
        ([text("be brief")], "be brief"),
        ([text("a"), text("b")], "a\n\nb"),
        ([BILLING, text("a")], "a"),
        ([BILLING], ""),
        ([text("a"), {"type": "made_up"}, text("b")], "a\n\nb"),
    ],
)
def test_the_system_prompt_is_its_text_without_the_billing_header(field: Any, expected: str) -> None:
    assert chat_of(user("hi"), system=field).system == expected


def test_a_system_message_right_after_the_first_user_message_moves_to_the_system() -> None:
    chat = chat_of(user("hi"), system(text("the date")), assistant("yes"), user("go"), system="be brief")
    assert chat.system == "be brief\n\nthe date"
    assert chat.turns == (said("user", "hi"), said("assistant", "yes"), said("user", "go"))


def test_it_moves_though_there_is_no_other_system_prompt() -> None:
    assert chat_of(user("hi"), system("the date")) == Chat(system="the date", turns=(said("user", "hi"),))


def test_a_late_system_message_stays_in_place() -> None:
    chat = chat_of(user("hi"), assistant("yes"), system("the date"), user("go"))
    assert chat.system == ""
    assert chat.turns == (said("user", "hi"), said("assistant", "yes"), said("system", "the date"), said("user", "go"))


def test_a_system_message_at_the_end_stays_in_place() -> None:
    chat = chat_of(user("hi"), assistant("yes"), user("go"), system("the date"))
    assert chat.turns[-2:] == (said("user", "go"), said("system", "the date"))
    assert not chat.prefill


def test_only_the_system_message_after_the_first_user_message_moves() -> None:
    chat = chat_of(user("hi"), system("environment"), user("again"), system("late"))
    assert chat.system == "environment"
    assert chat.turns == (said("user", "hi", "again"), said("system", "late"))


def test_turns_of_one_role_in_a_row_are_one_turn() -> None:
    chat = chat_of(user("a"), user(text("b"), text("c")), assistant("d"), assistant("e"), user("f"))
    assert chat.turns == (said("user", "a", "b", "c"), said("assistant", "d", "e"), said("user", "f"))


def test_user_turns_around_the_environment_are_one_turn() -> None:
    assert chat_of(user("a"), system("env"), user("b")).turns == (said("user", "a", "b"),)


def test_a_call_and_its_result() -> None:
    chat = chat_of(user("go"), assistant(text("I look."), use("1", "f", a=[1])), user(result("1")), user("and?"))
    assert chat.turns == (
        said("user", "go"),
        said("assistant", "I look.", ToolCall("1", "f", {"a": [1]})),
        said("user", ToolResult("1", "f", "ok"), "and?"),
    )


@pytest.mark.parametrize("order", ["123", "321", "213", "312"])
@pytest.mark.parametrize("apart", [False, True])
def test_results_stand_in_call_order_before_any_text(order: str, apart: bool) -> None:
    results = [result(id) for id in order]
    answers = [user(one) for one in [*results, text("and?")]] if apart else [user(text("and?"), *results)]
    chat = chat_of(user("go"), assistant(use("1", "f"), use("2", "g"), use("3", "h")), *answers)
    names = [("1", "f"), ("2", "g"), ("3", "h")]
    assert chat.turns[-1] == said("user", *(ToolResult(id, name, "ok") for id, name in names), "and?")


@pytest.mark.parametrize("order", ["12", "21"])
def test_results_stand_in_call_order_though_an_id_is_used_again(order: str) -> None:
    chat = chat_of(
        user("go"), assistant(use("1")), user(result("1")), assistant(use("1"), use("2")), user(*map(result, order))
    )
    assert chat.turns[-1] == said("user", ToolResult("1", "f", "ok"), ToolResult("2", "f", "ok"))


@pytest.mark.parametrize(
    ("messages", "field"),
    [
        ([user(result("1"))], "messages.0.content.0.tool_use_id"),
        ([user("a"), assistant(use("1")), user(text("b"), result("2"))], "messages.2.content.1.tool_use_id"),
        ([user(result("1")), assistant(use("1")), user(result("1"))], "messages.0.content.0.tool_use_id"),
    ],
)
def test_a_result_without_its_call_is_an_error_that_names_the_field(messages: list[Message], field: str) -> None:
    error = refusal(*messages)
    assert error.field == field
    assert str(error).startswith(f"{field}: no tool_use with the id")


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (user(use("1")), "messages.0.content.0"),
        (system(use("1")), "messages.0.content.0"),
        (assistant(text("a"), result("1")), "messages.0.content.1"),
        (system(result("1")), "messages.0.content.0"),
    ],
)
def test_a_call_or_result_in_a_message_of_the_wrong_role_is_an_error(message: Message, field: str) -> None:
    assert refusal(message, user("x")).field == field


@pytest.mark.parametrize(
    ("content", "is_error", "expected"),
    [
        ("no such file", True, "The tool failed: no such file"),
        ("all well", False, "all well"),
        ("all well", None, "all well"),
        ([text("a"), text("b")], True, "The tool failed: a\nb"),
        (None, None, ""),
    ],
)
def test_an_error_of_a_tool_is_told_in_words(content: Any, is_error: bool | None, expected: str) -> None:
    chat = chat_of(user("go"), assistant(use("1")), user(result("1", content, is_error=is_error)))
    assert chat.turns[-1] == said("user", ToolResult("1", "f", expected))


def test_a_last_assistant_turn_is_to_be_continued() -> None:
    chat = chat_of(user("go"), assistant("Well"))
    assert (chat.prefill, chat.turns[-1]) == (True, said("assistant", "Well"))


def test_a_call_that_nobody_answered_cannot_be_continued() -> None:
    error = refusal(user("go"), assistant("Well"), assistant(use("1")))
    assert error.field == "messages.2"
    assert "tool_result" in str(error)


@pytest.mark.parametrize(
    "block",
    [
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "redacted_thinking", "data": "d"},
        {"type": "made_up", "text": "x"},
        text(""),
    ],
)
def test_thinking_and_unknown_blocks_leave_nothing(block: Message) -> None:
    assert chat_of(user("a"), assistant(block, text("b")), user("c")).turns == (
        said("user", "a"),
        said("assistant", "b"),
        said("user", "c"),
    )
    assert chat_of(user(text("a"), block)).turns == (said("user", "a"),)


def test_a_thought_comes_back_out_of_its_signature_where_it_stood() -> None:
    said_before = assistant(thought("sealed:hm"), text("a"), thought("sealed:so", "so"), use("1"))
    chat = chat_of(user("go"), said_before, user(result("1")))
    assert chat.turns[1] == said("assistant", Thought("hm"), "a", Thought("so"), ToolCall("1", "f", {}))


@pytest.mark.parametrize("shown", ["", "something else"])
def test_what_was_sealed_counts_and_not_what_stands_beside_it(shown: str) -> None:
    turns = chat_of(user("go"), assistant(thought("sealed:hm", shown), text("a")), user("on")).turns
    assert turns[1] == said("assistant", Thought("hm"), "a")


@pytest.mark.parametrize("signature", ["", "of another server", "sealed:"])
def test_a_thought_that_this_server_has_not_sealed_is_left_out(signature: str) -> None:
    turns = chat_of(user("go"), assistant(thought(signature, "evil"), text("a")), user("on")).turns
    assert turns[1] == said("assistant", "a")


def test_a_thought_of_somebody_else_is_left_out() -> None:
    assert chat_of(user(thought("sealed:hm"), text("go"))).turns == (said("user", "go"),)


def test_a_call_comes_back_as_the_model_wrote_it() -> None:
    calls = assistant(use("1", a=1, b=2), use("2"))
    chat = chat_of(user("go"), calls, user(result("1"), result("2")), written={"1": Written('{"b": 2}')}.get)
    assert chat.turns[1] == said(
        "assistant", ToolCall("1", "f", {"a": 1, "b": 2}, Written('{"b": 2}')), ToolCall("2", "f", {})
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, None),
        ({"output_config": {"effort": "low"}}, None),
        ({"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}}, {"type": "object"}),
        ({"output_config": {"format": {"type": "json_schema", "schema": {}}}}, {}),
    ],
)
def test_the_format_of_the_answer_is_its_schema(fields: dict[str, Any], expected: Any) -> None:
    assert chat_of(user("go"), **fields).format == expected


IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": ""}}


def test_an_image_in_the_last_user_message_is_an_error_that_names_its_place() -> None:
    assert refusal(user("a"), assistant("b"), user(text("c"), IMAGE)).field == "messages.2.content.1"
    assert refusal(user(text("c"), IMAGE), system("d")).field == "messages.0.content.1"
    assert refusal(user(text("c"), IMAGE), assistant("d")).field == "messages.0.content.1"
    inner = {"type": "document", "source": {"type": "content", "content": [IMAGE]}}
    assert refusal(user(inner)).field == "messages.0.content.0.source.content.0"


def test_an_older_image_is_noted() -> None:
    turns = chat_of(user(text("a"), IMAGE), assistant("b"), user("c")).turns
    assert turns[0] == said("user", "a", IMAGE_NOTE)
    calls = chat_of(user(IMAGE), assistant(use("1")), user(result("1"))).turns
    assert calls[0] == said("user", IMAGE_NOTE)


@pytest.mark.parametrize("role", ["assistant", "system"])
def test_an_image_that_no_user_shows_is_noted(role: str) -> None:
    shown = {"role": role, "content": [text("b"), IMAGE]}
    assert said(role, "b", IMAGE_NOTE) in chat_of(user("a"), assistant("x"), user("y"), shown, user("c")).turns


def test_an_image_that_the_client_knows_to_be_unseen_is_noted() -> None:
    asked: list[int] = []

    def known(message: InputMessage) -> bool:
        asked.append(len(message.blocks))
        return True

    chat = chat_of(user("a"), assistant("b"), user(IMAGE, text("c"), IMAGE), pictures_known=known)
    assert chat.turns[2] == said("user", IMAGE_NOTE, "c", IMAGE_NOTE)
    assert asked == [3]
