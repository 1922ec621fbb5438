"""Thoughts over HTTP, from the real engine: shown, sealed, counted, kept to their budget, and given back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from make_model import make_model
from server import Server, start_server

TEMPLATE = """\
{%- for message in messages %}
    {{- '<|im_start|>' + message.role + '\\n' }}
    {%- if message.reasoning_content %}{{- '<think>\\n' + message.reasoning_content + '\\n</think>\\n\\n' }}{%- endif %}
    {{- message.content + '<|im_end|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n<think>\\n' }}
    {%- if not enable_thinking %}{{- '\\n</think>\\n\\n' }}{%- endif %}
{%- endif %}
"""
BUDGET = 40


@pytest.fixture(scope="module")
def thinker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """It never ends a thought by itself, nor an answer."""
    place = tmp_path_factory.mktemp("thinker")
    server = start_server(make_model("tiny", place / "thinker.gguf", TEMPLATE), place / "server")
    yield server
    server.stop()


def request(**more: Any) -> dict[str, Any]:
    return {"model": "claude-x", "max_tokens": 100, "messages": [{"role": "user", "content": "Think of it"}], **more}


def thinking(**more: Any) -> dict[str, Any]:
    return {"thinking": {"type": "enabled", "budget_tokens": BUDGET, **more}}


def test_a_thought_ends_with_its_budget_and_the_answer_follows(thinker: Server) -> None:
    # White space at the end of a thought is not kept: greedy, so that the last of its tokens is none.
    asked = request(messages=[{"role": "user", "content": "Think about it"}], **thinking())
    with thinker.sdk() as client, client.messages.stream(**asked, extra_body={"temperature": 0}) as stream:
        message: Any = stream.get_final_message()
    thought, text = message.content
    assert (thought.type, text.type) == ("thinking", "text")
    assert thought.thinking and thought.signature and text.text
    details = message.usage.output_tokens_details
    assert details.thinking_tokens == BUDGET
    assert (message.stop_reason, message.usage.output_tokens) == ("max_tokens", 100)


def test_without_a_budget_it_may_think_to_the_end(thinker: Server) -> None:
    answer = thinker.post(request(thinking={"type": "adaptive"})).json()
    assert [block["type"] for block in answer["content"]] == ["thinking"]
    assert answer["usage"]["output_tokens_details"]["thinking_tokens"] == 100


def test_without_thinking_there_are_no_thoughts(thinker: Server) -> None:
    answer = thinker.post(request()).json()
    assert [block["type"] for block in answer["content"]] == ["text"]


def test_an_omitted_thought_comes_back_out_of_its_signature(thinker: Server) -> None:
    shown, omitted = (
        thinker.post(request(**thinking(display=how), temperature=0)).json() for how in ("full", "omitted")
    )
    assert shown["content"][0]["thinking"] and not omitted["content"][0]["thinking"]
    assert shown["content"][1] == omitted["content"][1]

    def tokens(thought: dict[str, Any]) -> int:
        turns = [
            {"role": "user", "content": "Think of it"},
            {"role": "assistant", "content": [thought, {"type": "text", "text": "Done."}]},
            {"role": "user", "content": "And?"},
        ]
        counted: int = thinker.post(request(messages=turns), "/v1/messages/count_tokens").json()["input_tokens"]
        return counted

    foreign = {"type": "thinking", "thinking": "", "signature": "bm90IG91cnM="}
    assert tokens(omitted["content"][0]) == tokens(shown["content"][0]) > tokens(foreign) + BUDGET // 2


def test_a_worker_that_dies_in_a_thought_costs_a_pause(thinker: Server) -> None:
    before = thinker.post(request(**thinking(), temperature=0)).json()
    with (
        thinker.sdk() as client,
        client.messages.stream(**request(**thinking(), extra_body={"temperature": 0})) as stream,
    ):
        for count, _ in enumerate(stream):
            if count == 10:
                thinker.worker().kill()
        message: Any = stream.get_final_message()
    assert message.content[0].type == "thinking" and message.content[0].thinking == before["content"][0]["thinking"]
    assert message.stop_reason == "max_tokens"


def test_a_thought_that_is_not_shown_is_counted_while_it_lasts(thinker: Server) -> None:
    """Where the client asks for that by a beta's name."""
    asked = request(**thinking(display="omitted"))
    counts = []
    for betas in (["thinking-token-count-2026-05-13"], []):
        with thinker.sdk() as client:
            events: Any = list(client.beta.messages.create(**asked, betas=betas, stream=True))
        deltas = [event.delta for event in events if event.type == "content_block_delta"]
        told = [delta.estimated_tokens for delta in deltas if delta.type == "thinking_delta"]
        counts.append((len(told) > 1, sum(told)))
        assert next(delta.type for delta in reversed(deltas) if delta.type != "text_delta") == "signature_delta"
    assert counts == [(True, BUDGET), (False, 0)]
