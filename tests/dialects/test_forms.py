"""What opens a call."""

from __future__ import annotations

import pytest

from pensieve.dialects.families import (
    DEEPSEEK_V3,
    GEMMA,
    GLM,
    HERMES,
    LLAMA_JSON,
    LLAMA_PYTHON,
    MISTRAL,
    PLAIN,
    QWEN_CODER,
)
from pensieve.dialects.forms import Family, opening_marks


@pytest.mark.parametrize(
    ("family", "marks"),
    [
        (HERMES, ("<tool_call>",)),
        (QWEN_CODER, ("<tool_call>",)),
        (GLM, ("<tool_call>",)),
        (MISTRAL, ("[TOOL_CALLS]",)),
        (GEMMA, ("<|tool_call>",)),
        (LLAMA_JSON, ("<|python_tag|>",)),
        (LLAMA_PYTHON, ("<|python_start|>",)),
        (PLAIN, ()),
    ],
)
def test_what_opens_a_call(family: Family, marks: tuple[str, ...]) -> None:
    assert opening_marks(family) == marks


def test_a_section_and_a_call_in_it() -> None:
    assert len(opening_marks(DEEPSEEK_V3)) == 2
