"""The official SDK against the real engine: sync and async, streamed and not, eight at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from anthropic.types import Message

from server import Server, start_server

pytestmark = pytest.mark.journey

GREEDY = {"temperature": 0}
HELLO: list[Any] = [{"role": "user", "content": "Hello there"}]


@pytest.fixture(scope="module")
def server(real_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = start_server(real_model, tmp_path_factory.mktemp("server"))
    yield started
    started.stop()


def ask(**more: Any) -> dict[str, Any]:
    return {"model": "claude-x", "max_tokens": 80, "messages": HELLO, "extra_body": GREEDY, **more}


def text_of(message: Message) -> str:
    Message.model_validate(message.model_dump(), strict=True)
    return "".join(block.text for block in message.content if block.type == "text")


def test_all_four_ways_give_the_same_answer(server: Server) -> None:
    # Long enough not to be all there by the time a busy machine wakes the client.
    request = ask(max_tokens=800)
    with server.sdk() as client:
        whole = text_of(client.messages.create(**request))
        with client.messages.stream(**request) as stream:
            pieces = list(stream.text_stream)
            streamed = text_of(stream.get_final_message())

    async def both() -> tuple[str, str]:
        async with server.async_sdk() as client:
            first = text_of(await client.messages.create(**request))
            async with client.messages.stream(**request) as stream:
                return first, text_of(await stream.get_final_message())

    assert {whole, streamed, "".join(pieces), *asyncio.run(both())} == {whole}
    assert len(whole) > 80 and len(pieces) > 1


def test_the_next_turn_reads_only_what_is_new(server: Server) -> None:
    with server.sdk() as client:
        long = "Tell me a story. " * 200
        first = client.messages.create(**ask(messages=[{"role": "user", "content": long}]))
        messages: list[Any] = [
            {"role": "user", "content": long},
            {"role": "assistant", "content": text_of(first)},
            {"role": "user", "content": "And then?"},
        ]
        second = client.messages.create(**ask(messages=messages))
    assert second.usage.cache_read_input_tokens is not None
    assert second.usage.cache_read_input_tokens >= first.usage.input_tokens - 1
    assert second.usage.input_tokens < 200


def test_a_beginning_is_continued_and_not_repeated(server: Server) -> None:
    with server.sdk() as client:
        whole = text_of(client.messages.create(**ask()))
        beginning = whole[: whole.index(" ", 20)]
        messages: list[Any] = [*HELLO, {"role": "assistant", "content": beginning}]
        rest = text_of(client.messages.create(**ask(messages=messages)))
    assert rest and not rest.startswith(beginning)


def test_a_stop_sequence_across_tokens(server: Server) -> None:
    with server.sdk() as client:
        whole = text_of(client.messages.create(**ask()))
        stop = whole[30:37]
        answer = client.messages.create(**ask(stop_sequences=[stop]))
    assert (answer.stop_reason, answer.stop_sequence) == ("stop_sequence", stop)
    assert text_of(answer) == whole[: whole.index(stop)]


def test_eight_clients_at_once_get_whole_answers(server: Server) -> None:
    async def run() -> list[Message]:
        async with server.async_sdk() as client:

            async def one(number: int) -> Message:
                messages = [{"role": "user", "content": f"Number {number}"}]
                async with client.messages.stream(**ask(messages=messages, max_tokens=200)) as stream:
                    return await stream.get_final_message()

            return await asyncio.gather(*map(one, range(8)))

    for message in asyncio.run(run()):
        assert (message.stop_reason, message.usage.output_tokens) == ("max_tokens", 200)
        assert text_of(message)


def test_sampling_is_honoured(server: Server) -> None:
    with server.sdk() as client:
        greedy = {text_of(client.messages.create(**ask())) for _ in range(2)}
        free = {text_of(client.messages.create(**ask(extra_body={"temperature": 1}))) for _ in range(3)}
        one_way = {text_of(client.messages.create(**ask(extra_body={"temperature": 1, "top_k": 1}))) for _ in range(2)}
    assert len(greedy) == 1 and len(free) == 3
    assert one_way == greedy


def test_an_answer_as_long_as_the_window_says_so(real_model: Path, serve: Callable[..., Server]) -> None:
    server = serve(real_model, engine__context=2048)
    with server.sdk() as client:
        words = "word " * 1_900
        count = client.messages.count_tokens(model="claude-x", messages=[{"role": "user", "content": words}])
        room = server.health()["context"] - count.input_tokens
        answer = client.messages.create(**ask(messages=[{"role": "user", "content": words}], max_tokens=32_000))
    assert answer.stop_reason == "model_context_window_exceeded"
    assert answer.usage.output_tokens == room
