"""The family is told by the template."""

# ruff: noqa: RUF001 (DeepSeek writes its marks with unusual bars)
from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from make_model import CHATML_WITH_HERMES_TOOLS
from pensieve.dialects.base import marker_prefix
from pensieve.dialects.choose import choose_family
from pensieve.dialects.families import FAMILIES, HARMONY
from pensieve.dialects.read import reader_markers

TEMPLATES = {
    "{{ '<tool_call>\\n{\"name\": ' }}": ("hermes", None),
    CHATML_WITH_HERMES_TOOLS: ("hermes", None),
    "<tools></tools> <tool_call>\n{\"name\": <function-name>} '<think>\\n' ~ '</think>'": ("hermes", "<think>"),
    "<tool_call>\n<function=example>\n<parameter=a>\n</parameter>": ("qwen_coder", None),
    "<tool_call>\n<function=example>\n<parameter=a>\n</parameter> '<think>\\n'": ("qwen_coder", "<think>"),
    "'<seed:tool_call>' <function=a><parameter=b> '<seed:think>'": ("seed", "<seed:think>"),
    "[gMASK]<sop> <tool_call>{function-name}\n<arg_key>{arg-key-1}</arg_key> '<think></think>'": ("glm", "<think>"),
    "<minimax:tool_call> <invoke name='<think>'": ("minimax", "<think>"),
    "']<]minimax[>[' ~ '<tool_call>' '<mm:think>'": ("prompted", "<mm:think>"),
    "'<|tool_call>call:' + name '<|\"|>' '<|channel>thought\\n<channel|>'": ("gemma", "<|channel>thought\n"),
    "'[TOOL_CALLS] [' ~ '[TOOL_RESULTS]'": ("mistral_list", None),
    "'[TOOL_CALLS]' + name + '[ARGS]'": ("mistral", None),
    "'[TOOL_CALLS]' + name + '[CALL_ID]' + id + '[ARGS]' [THINK]": ("mistral", "[THINK]"),
    '\'<|python_tag|>\' {"name": function name, "parameters": dictionary of argument name}': ("llama_json", None),
    '{"name": function name, "parameters": dictionary of argument name and its value}': ("llama_json", None),
    "<|python_start|> [func_name1(params_name1=params_value1)]": ("llama_python", None),
    "[func_name1(params_name1=params_value1, ...)]": ("llama_python", None),
    "'<|tool_call_start|>[' ~ '<|tool_call_end|>'": ("lfm2", None),
    "'<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>' + '\\n' + '```json' '</think>'": ("deepseek_v3", "<think>"),
    "'<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>' + name + '<｜tool▁sep｜>' '<think>'": ("deepseek_v31", "<think>"),
    "<|tool_calls_section_begin|><|tool_call_begin|>": ("kimi", None),
    "<|start|>assistant<|channel|>analysis<|message|> <think>": ("harmony", None),
    '<|tool|> <|tool_call|>{"name": "foo"}<|/tool_call|>': ("phi4", None),
    "<|tool_call|>": ("granite", None),
    "<TOOLCALL>[]</TOOLCALL> <think>": ("nemotron", "<think>"),
    "<|START_ACTION|> <|START_THINKING|>": ("command", "<|START_THINKING|>"),
    "": ("prompted", None),
    "{% for m in messages %}{{ m.content }}{% endfor %}": ("prompted", None),
    "<tool_response> {{ '<think>' }}": ("prompted", "<think>"),
    "[THINK]": ("prompted", "[THINK]"),
}


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_template_tells_the_family_and_whether_it_thinks(template: str) -> None:
    family = choose_family(template)
    assert (family.name, family.think.open if family.think else None) == TEMPLATES[template]


def test_every_family_that_has_marks_of_its_own_can_be_chosen() -> None:
    assert {name for name, _ in TEMPLATES.values()} == {family.name for family in FAMILIES} - {"plain"}


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_no_mark_stands_inside_another(family: object) -> None:
    """Or what is read would depend on where the text is cut."""
    marks = [mark for one in FAMILIES if one is family for mark in reader_markers(one)]
    assert not [(one, other) for one in marks for other in marks if one != other and one in other]


def test_the_markers_are_the_tokens_that_a_reader_must_see() -> None:
    markers = {family.name: set(reader_markers(family)) for family in FAMILIES}
    assert markers["hermes"] == {"<tool_call>", "</tool_call>", "<think>", "</think>"}
    assert markers["gemma"] == {"<|tool_call>", "<tool_call|>", '<|"|>', "<|channel>", "<channel|>"}
    assert markers["mistral"] == {"[TOOL_CALLS]", "[ARGS]", "[CALL_ID]", "[THINK]", "[/THINK]"}
    assert markers["llama_python"] == {"<|python_start|>", "<|python_end|>"}
    assert "<｜tool▁sep｜>" in markers["deepseek_v3"] & markers["deepseek_v31"]
    assert markers["harmony"] == {
        "<|start|>", "<|channel|>", "<|constrain|>", "<|message|>", "<|end|>", "<|call|>", "<|return|>"
    }  # fmt: skip
    assert HARMONY.think is None


OPEN = "<tool_call>"


@pytest.mark.parametrize(
    ("text", "length"),
    [("", 0), ("a", 0), ("<", 1), ("a<tool", 5), ("<<", 1), ("<tool_call", 10), ("<tool_call>", 0), ("<tool_ ", 0)],
)
def test_the_possible_beginning_of_a_marker_is_found_at_the_end(text: str, length: int) -> None:
    assert marker_prefix(text, OPEN) == length


def test_of_several_possible_beginnings_the_longest_counts() -> None:
    assert marker_prefix("xaba", "abab") == 3


@given(text=st.text("ab", max_size=8), marker=st.text("ab", min_size=1, max_size=5))
def test_what_is_not_held_back_cannot_begin_a_marker(text: str, marker: str) -> None:
    held = marker_prefix(text, marker)
    assert held < len(marker)
    assert marker.startswith(text[len(text) - held :])
    assert not any(
        marker.startswith(text[start:]) for start in range(len(text) - held) if len(text) - start < len(marker)
    )
