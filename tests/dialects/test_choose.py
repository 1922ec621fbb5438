"""The dialect is told by the template; and what text is where there is no dialect."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from make_model import CHATML_WITH_HERMES_TOOLS
from pensieve.core.pieces import TextPiece
from pensieve.dialects.base import Plain, marker_prefix
from pensieve.dialects.choose import choose_dialect
from pensieve.dialects.hermes import OPEN, Hermes


@pytest.mark.parametrize("template", [CHATML_WITH_HERMES_TOOLS, "{{ '<tool_call>' }}"])
def test_a_template_with_the_hermes_marker_means_hermes(template: str) -> None:
    assert isinstance(choose_dialect(template), Hermes)


@pytest.mark.parametrize("template", ["", "{% for m in messages %}{{ m.content }}{% endfor %}", "<tool_response>"])
def test_a_template_without_a_marker_means_plain_text(template: str) -> None:
    dialect = choose_dialect(template)
    assert isinstance(dialect, Plain)
    assert dialect.markers == ()


def test_plain_text_is_text_even_with_markers_in_it() -> None:
    reader = Plain().reader()
    parts = ["a ", "<tool_call>", '{"name": "f"}', "</tool_call>", ""]
    assert [reader.feed(part) for part in parts] == [[TextPiece(part)] if part else [] for part in parts]
    assert reader.close() == []


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
