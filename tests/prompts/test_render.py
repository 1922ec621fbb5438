"""The exact text that the model sees, from templates of every temper."""

from __future__ import annotations

from typing import Any

import pytest

from make_model import CHATML_WITH_HERMES_TOOLS
from pensieve.core.chat import Chat, Part, Role, Text, Tool, ToolCall, ToolResult, Turn
from pensieve.prompts.chatml import CHATML
from pensieve.prompts.render import ChatTemplate

PLAIN = "{% for m in messages %}[{{ m.role }}:{{ m.content }}]{% endfor %}{% if add_generation_prompt %}>{% endif %}"
NO_LATE_SYSTEM = (
    "{% for m in messages %}{% if m.role == 'system' and not loop.first %}{{ raise_exception('late') }}{% endif %}"
    "{% endfor %}" + PLAIN
)
DROPS_LATE_SYSTEM = PLAIN.replace("[{{", "{% if m.role != 'system' or loop.first %}[{{").replace("]", "]{% endif %}", 1)
NO_SYSTEM = (
    "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}{% endif %}{% endfor %}"
    + PLAIN
)
DROPS_SYSTEM = PLAIN.replace("in messages", "in messages if m.role != 'system'")
NO_FIRST_SYSTEM = "{% if messages[0].role == 'system' %}{{ raise_exception('not first') }}{% endif %}" + PLAIN
DROPS_FIRST_SYSTEM = DROPS_LATE_SYSTEM.replace("or loop.first", "or not loop.first")
ALTERNATING = (
    "{% set expected = namespace(user=true) %}{% for m in messages %}{% if not (loop.first and m.role == 'system') %}"
    "{% if (m.role == 'user') != expected.user %}{{ raise_exception('roles must alternate') }}{% endif %}"
    "{% set expected.user = not expected.user %}{% endif %}{% endfor %}" + PLAIN
)


def turn(role: Role, *parts: str | Part) -> Turn:
    return Turn(role, tuple(Text(part) if isinstance(part, str) else part for part in parts))


def chat(*turns: Turn, system: str = "", **fields: Any) -> Chat:
    return Chat(system, turns, **fields)


def rendered(source: str | None, asked: Chat) -> str:
    return ChatTemplate(source).render(asked).text


TOOL = Tool("Read", "reads <a> & 'b'", {"type": "object", "properties": {"é": {"type": "string"}}})
CALLS = (
    turn("user", "go"),
    turn("assistant", "I look.", ToolCall("1", "Read", {"é": "<a> & 'b'"}), ToolCall("2", "List", {})),
    turn("user", ToolResult("1", "Read", "one"), ToolResult("2", "List", "two"), "and?"),
)
LATE = chat(turn("user", "hi"), turn("assistant", "yes"), turn("system", "the date"), turn("user", "go"))
MARKED = "<system>\nthe date\n</system>"


@pytest.mark.parametrize("source", [None, "", CHATML_WITH_HERMES_TOOLS])
def test_a_conversation_in_chatml(source: str | None) -> None:
    asked = chat(turn("user", "hi"), turn("assistant", "yes?"), turn("user", "a", "b"), system="be brief")
    assert rendered(source, asked) == (
        "<|im_start|>system\nbe brief<|im_end|>\n<|im_start|>user\nhi<|im_end|>\n"
        "<|im_start|>assistant\nyes?<|im_end|>\n<|im_start|>user\na\nb<|im_end|>\n<|im_start|>assistant\n"
    )


@pytest.mark.parametrize("source", [None, CHATML_WITH_HERMES_TOOLS])
def test_a_conversation_without_a_system_prompt_in_chatml(source: str | None) -> None:
    asked = chat(turn("user", "hi"))
    assert rendered(source, asked) == "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"


@pytest.mark.parametrize("source", [None, CHATML_WITH_HERMES_TOOLS])
def test_tools_stand_in_the_header_as_they_are(source: str | None) -> None:
    text = rendered(source, chat(turn("user", "hi"), system="be brief", tools=(TOOL,)))
    header, _, rest = text.partition("<|im_end|>\n")
    assert header.startswith("<|im_start|>system\nbe brief\n\n# Tools\n\n")
    assert (
        '<tools>\n{"type": "function", "function": {"name": "Read", "description": "reads <a> & \'b\'", "parameters": '
        '{"type": "object", "properties": {"é": {"type": "string"}}}}}\n</tools>'
    ) in header
    assert rest == "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"


@pytest.mark.parametrize("source", [None, CHATML_WITH_HERMES_TOOLS])
def test_calls_and_results_stand_where_they_happened(source: str | None) -> None:
    text = rendered(source, chat(*CALLS))
    calls = (
        "<|im_start|>assistant\nI look.\n"
        '<tool_call>\n{"name": "Read", "arguments": {"é": "<a> & \'b\'"}}\n</tool_call>\n'
        '<tool_call>\n{"name": "List", "arguments": {}}\n</tool_call><|im_end|>\n'
    )
    results = ["<tool_response>\none\n</tool_response>", "<tool_response>\ntwo\n</tool_response>"]
    end = "<|im_start|>user\nand?<|im_end|>\n<|im_start|>assistant\n"
    places = [text.index(part) for part in (calls, *results, end)]
    assert places == sorted(places)
    assert text.endswith(end)


def test_templates_get_calls_and_results_in_the_shape_they_expect() -> None:
    text = rendered("{{ (messages + (tools or [])) | tojson }}", chat(*CALLS, tools=(TOOL,)))
    call = '{"id": "%s", "type": "function", "function": {"name": "%s", "arguments": %s}}'
    calls = [call % ("1", "Read", '{"é": "<a> & \'b\'"}'), call % ("2", "List", "{}")]
    assert f'{{"role": "assistant", "content": "I look.", "tool_calls": [{", ".join(calls)}]}}' in text
    assert '{"role": "tool", "name": "Read", "tool_call_id": "1", "content": "one"}' in text
    assert text.index('"content": "one"') < text.index('"content": "two"') < text.index('"content": "and?"')
    assert '"function": {"name": "Read", "description": "reads <a> & \'b\'", "parameters": {' in text


def test_results_alone_leave_no_empty_user_message() -> None:
    asked = chat(*CALLS[:2], turn("user", ToolResult("1", "Read", "one")))
    assert rendered(CHATML, asked).endswith(
        "\n<tool_response>\none\n</tool_response><|im_end|>\n<|im_start|>assistant\n"
    )


def test_an_empty_turn_is_still_a_turn() -> None:
    text = rendered(PLAIN, chat(turn("user", "a"), turn("assistant"), turn("user", "b")))
    assert text == "[user:a][assistant:][user:b]>"


def test_neighbours_of_one_role_are_one_turn() -> None:
    assert rendered(PLAIN, chat(turn("user", "a"), turn("user", "b"))) == "[user:a\nb]>"


@pytest.mark.parametrize("source", [None, CHATML_WITH_HERMES_TOOLS])
@pytest.mark.parametrize("start", ["Well", "", "a\n\nb ", '{"a": "<|im_end|>'])
def test_an_answer_that_was_begun_is_gone_on_with(source: str | None, start: str) -> None:
    asked = chat(turn("user", "hi"), turn("assistant", start), prefill=True)
    assert rendered(source, asked) == f"<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n{start}"


REFUSES_BEGUN = "{% if messages[-1].role == 'assistant' %}{{ raise_exception('end with user') }}{% endif %}" + PLAIN
DROPS_BEGUN = PLAIN.replace("in messages", "in messages if m.role == 'user'")


@pytest.mark.parametrize("source", [REFUSES_BEGUN, DROPS_BEGUN])
def test_a_begun_answer_that_a_template_does_not_take_stands_where_the_answer_begins(source: str) -> None:
    asked = chat(turn("user", "hi"), turn("assistant", "Well"), prefill=True)
    assert rendered(source, asked) == "[user:hi]>Well"


def test_such_an_answer_is_not_a_part_of_the_thought_that_a_template_opens() -> None:
    template = ChatTemplate(REFUSES_BEGUN.replace("}>{", "}><think>\n{"), think=("<think>", "</think>"))
    begun = template.render(chat(turn("user", "hi"), turn("assistant", "Well"), prefill=True))
    assert (begun.text, begun.thought) == ("[user:hi]><think>\n</think>\n\nWell", "none")
    assert template.render(chat(turn("user", "hi"))).thought == "open"


@pytest.mark.parametrize("source", [PLAIN, CHATML, CHATML_WITH_HERMES_TOOLS])
def test_a_late_system_turn_stays_a_system_turn_where_the_template_takes_it(source: str) -> None:
    text = rendered(source, LATE)
    assert "system" in text[text.index("yes") : text.index("the date")]
    assert text.index("yes") < text.index("the date") < text.index("go")
    assert MARKED not in text


@pytest.mark.parametrize("source", [NO_LATE_SYSTEM, DROPS_LATE_SYSTEM, NO_SYSTEM, DROPS_SYSTEM, ALTERNATING])
def test_a_late_system_turn_is_a_marked_user_part_where_the_template_does_not_take_it(source: str) -> None:
    assert rendered(source, LATE) == f"[user:hi][assistant:yes][user:{MARKED}\ngo]>"


@pytest.mark.parametrize("source", [NO_LATE_SYSTEM, DROPS_LATE_SYSTEM, ALTERNATING])
def test_such_a_template_still_gets_the_system_prompt_as_one(source: str) -> None:
    assert rendered(source, Chat("be brief", LATE.turns)).startswith("[system:be brief][user:hi]")


@pytest.mark.parametrize("source", [NO_SYSTEM, DROPS_SYSTEM, NO_FIRST_SYSTEM, DROPS_FIRST_SYSTEM])
def test_a_system_prompt_is_a_marked_user_part_where_the_template_does_not_take_it(source: str) -> None:
    text = rendered(source, chat(turn("user", "hi"), turn("assistant", "yes"), turn("user", "go"), system="be brief"))
    assert text == "[user:<system>\nbe brief\n</system>\nhi][assistant:yes][user:go]>"


@pytest.mark.parametrize(
    "turns",
    [
        (turn("user", "hi"), turn("system", "the date")),
        (
            turn("user", "hi"),
            turn("system", "one"),
            turn("system", "two"),
            turn("assistant", "yes"),
            turn("user", "go"),
        ),
        (turn("user", "hi"), turn("assistant", "a"), turn("system", "the date"), turn("assistant", "b")),
        (turn("system", "the date"), turn("user", "hi"), turn("system", "late"), turn("user", "go")),
    ],
)
def test_turns_alternate_where_late_system_turns_became_user_parts(turns: tuple[Turn, ...]) -> None:
    text = rendered(ALTERNATING, chat(*turns, system="be brief"))
    assert all(part.text in text for one in turns for part in one.parts if isinstance(part, Text))


def test_a_late_system_turn_beside_results_becomes_words_behind_them() -> None:
    source = NO_SYSTEM.replace("m.content }}]", "m.content }}{{ m.tool_calls | tojson if m.tool_calls else '' }}]")
    text = rendered("{{ tools | tojson }}" + source, chat(*CALLS[:2], turn("system", "the date"), CALLS[2]))
    assert text.endswith(f"[tool:one][tool:two][user:{MARKED}\nand?]>")


def test_nothing_of_a_chat_is_a_template() -> None:
    asked = chat(turn("user", "{{ 1 + 1 }}{% raw %}<b>&amp;"), system="{{ messages }}")
    assert rendered(PLAIN, asked) == "[system:{{ messages }}][user:{{ 1 + 1 }}{% raw %}<b>&amp;]>"


def test_tools_in_words_are_described_called_and_answered_as_text() -> None:
    text = rendered(PLAIN, chat(*CALLS, system="be brief", tools=(TOOL,)))
    system, _, rest = text.partition("][user:go]")
    assert system.startswith("[system:be brief\n\n# Tools\n")
    assert '{"name": "Read", "description": "reads <a> & \'b\'", "parameters": {"type": "object", ' in system
    assert rest == (
        '[assistant:I look.\n<tool_call>\n{"name": "Read", "arguments": {"é": "<a> & \'b\'"}}\n</tool_call>\n'
        '<tool_call>\n{"name": "List", "arguments": {}}\n</tool_call>]'
        "[user:<tool_response>\none\n</tool_response>\n<tool_response>\ntwo\n</tool_response>\nand?]>"
    )
    assert ChatTemplate(PLAIN).tools_in_words
    assert not ChatTemplate(CHATML).tools_in_words


@pytest.mark.parametrize("source", [None, CHATML_WITH_HERMES_TOOLS, PLAIN, NO_SYSTEM, DROPS_SYSTEM, ALTERNATING])
def test_conversations_with_one_system_prompt_and_the_same_tools_begin_alike(source: str | None) -> None:
    template = ChatTemplate(source)
    first = chat(turn("system", "late"), *CALLS, system="be brief", tools=(TOOL,))
    second = chat(turn("system", "late"), turn("user", "what?"), system="be brief", tools=(TOOL,))
    texts = [template.render(asked).text for asked in (first, second)]
    openings = {template.opening(asked, text) for asked, text in zip((first, second), texts, strict=True)}
    assert len(openings) == 1
    (opening,) = openings
    assert "be brief" in opening and "late" in opening and all(text.startswith(opening) for text in texts)
    assert "go" not in opening and "what?" not in opening
    assert "Read" in opening or source != CHATML_WITH_HERMES_TOOLS
    other = chat(turn("user", "go"), system="be long", tools=(TOOL,))
    assert "be long" in template.opening(other, template.render(other).text)
