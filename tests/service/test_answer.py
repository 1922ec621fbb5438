"""From Chunks to the API's events: stop sequences, calls, counts and reasons."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from llguidance import LLMatcher, LLTokenizer

from pensieve.core.chat import Choice, Tool
from pensieve.core.generation import Chunk, Finish, FinishReason, Prefill
from pensieve.dialects.families import HARMONY, HERMES
from pensieve.dialects.forms import Family
from pensieve.dialects.grammar.cache import Grammars
from pensieve.service.answer import Answer
from pensieve.service.narrate import Narrator
from pensieve.service.voice import Voice
from pensieve.supervisor.jobs import GoOn
from pensieve.wire.answer import Event

CALL = '<tool_call>\n{"name": "Read", "arguments": {"file_path": "a.txt"}}\n</tool_call>'


AUTO = Choice()
TOOL = Tool("Read", "", {"type": "object", "properties": {"file_path": {"type": "string"}}})


def new_answer(
    tools: tuple[Tool, ...] = (TOOL,),
    stops: tuple[str, ...] = (),
    format: dict[str, Any] | None = None,
    choice: Choice = AUTO,
    family: Family = HERMES,
    **more: Any,
) -> Answer:
    voice = Voice(family, tools, choice, format, Grammars(family, {}))
    return Answer(Narrator("claude-x", lambda thought: f"sealed {thought}"), voice, stops, **more)


def answered(
    texts: list[str],
    finish: FinishReason = "end",
    stops: tuple[str, ...] = (),
    tools: bool = True,
    cut: bool = False,
    **more: Any,
) -> tuple[Answer, list[Any]]:
    answer = new_answer((TOOL,) if tools else (), stops, cut=cut, **more)
    chunks = [Chunk(prefill=Prefill(10, 4, 4)), Chunk(prefill=Prefill(10, 4, 10))]
    chunks += [Chunk(text=text, ids=(1,)) for text in texts] + [Chunk(finish=Finish(finish))]
    events: list[Event] = []
    for chunk in chunks:
        events += answer.take([chunk])
    return answer, msgspec.to_builtins(events)


def text_in(events: list[Any]) -> str:
    return "".join(event["delta"].get("text", "") for event in events if event["type"] == "content_block_delta")


def test_the_start_tells_the_real_input() -> None:
    _, events = answered(["hi"])
    usage = events[0]["message"]["usage"]
    assert (usage["input_tokens"], usage["cache_read_input_tokens"], usage["output_tokens"]) == (6, 4, 0)
    assert [event["type"] for event in events].count("message_start") == 1


def test_the_end_counts_every_token_missing_ones_too() -> None:
    answer = new_answer()
    answer.take([Chunk(prefill=Prefill(3, 0, 3)), Chunk(text="é", ids=(5,), missing=2)])
    answer.take([Chunk(ids=(2,), finish=Finish("end"))])
    assert answer.usage.output_tokens == 4


@pytest.mark.parametrize(
    ("finish", "cut", "texts", "reason"),
    [
        ("end", False, ["hi"], "end_turn"),
        ("end", False, [CALL], "tool_use"),
        ("length", False, ["hi"], "max_tokens"),
        ("length", True, ["hi"], "model_context_window_exceeded"),
        ("length", False, [CALL, "<tool_call>"], "max_tokens"),
    ],
)
def test_reasons(finish: FinishReason, cut: bool, texts: list[str], reason: str) -> None:
    answer, events = answered(texts, finish, cut=cut)
    assert answer.stop_reason == events[-2]["delta"]["stop_reason"] == reason


def test_a_stop_sequence_is_echoed_and_never_sent() -> None:
    answer, events = answered(["one S", "T", "OP two", " three"], stops=("STOP",))
    assert text_in(events) == "one "
    assert events[-2]["delta"] == {"stop_reason": "stop_sequence", "stop_sequence": "STOP"}
    assert answer.output_tokens == 3


def test_what_looked_like_a_stop_sequence_comes_out_at_the_end() -> None:
    _, events = answered(["one ST"], stops=("STOP",))
    assert text_in(events) == "one ST"


def test_without_tools_a_call_is_text() -> None:
    answer, events = answered([CALL], tools=False)
    assert text_in(events) == CALL
    assert answer.stop_reason == "end_turn"


def test_nothing_comes_after_the_end() -> None:
    answer, _ = answered(["a", "STOP"], stops=("STOP",))
    assert answer.take([Chunk(text="late", ids=(1,))]) == []


def deltas(events: list[Any], key: str) -> list[str]:
    return [event["delta"][key] for event in events if key in event.get("delta", {})]


def test_a_thought_is_told_sealed_and_counted() -> None:
    answer, events = answered(["<think>", "Hm", "m.", "</think>", "\n\n", "Yes."], tools=False, thought="free")
    assert ("".join(deltas(events, "thinking")), deltas(events, "signature")) == ("Hmm.", ["sealed Hmm."])
    assert text_in(events) == "Yes."
    assert (answer.output_tokens, answer.thinking_tokens) == (6, 4)
    assert events[-2]["usage"]["output_tokens_details"] == {"thinking_tokens": 4}


def test_a_thought_that_nobody_asked_for_is_counted_and_not_shown() -> None:
    answer, events = answered(["Hm", "m.", "</think>\n\n", "Yes."], tools=False, thought="open", shows_thoughts=False)
    assert (deltas(events, "thinking"), text_in(events), answer.thinking_tokens) == ([], "Yes.", 3)


def test_stop_sequences_are_of_the_text_alone() -> None:
    call = CALL.replace("a.txt", "STOP.txt")
    answer, events = answered(["<think>STOP</think>ok ", call, " and STOP more"], stops=("STOP",), thought="free")
    assert answer.stop_reason == "stop_sequence"
    assert deltas(events, "partial_json") == ['{"file_path": "STOP.txt"}']


def test_a_thought_over_its_budget_is_ended_once() -> None:
    answer = new_answer((), thought="open", budget=2)
    answer.take([Chunk(prefill=Prefill(3, 0, 3)), Chunk(text="a", ids=(5,))])
    before = answer.overthinks
    answer.take([Chunk(text="b", ids=(5,))])
    assert (before, answer.overthinks) == (False, True)
    text, events = answer.end_thought()
    assert (text, answer.overthinks) == ("\n</think>\n\n", False)
    assert deltas(msgspec.to_builtins(events + answer.take([Chunk(text="Yes", ids=(1,))])), "text") == ["Yes"]
    assert answer.end_thought() == ("", [])


@pytest.mark.parametrize(
    ("texts", "keep"),
    [
        (["Hello"], 5),
        (["Hello <tool"], 5),
        (["Hello\n<tool_call>\n{"], 5),
        (['Hello<tool_call>\n{"name": "Read", "arg'], 5),
        ([CALL, " and <tool_call>"], len(CALL) + 4),
        (["<think>a b</thi"], len("<think>a b")),
    ],
)
def test_it_goes_back_to_what_has_been_told_and_no_further(texts: list[str], keep: int) -> None:
    answer = new_answer(thought="free")
    answer.take([Chunk(prefill=Prefill(3, 0, 3)), *(Chunk(text=text, ids=(1,)) for text in texts)])
    go_on = answer.go_back()
    assert go_on is not None and go_on.keep == keep and go_on.grammar
    # What comes next is understood as if it stood there.
    events = msgspec.to_builtins(answer.take([Chunk(text="</think>" + CALL, ids=(1,)), Chunk(finish=Finish("end"))]))
    assert deltas(events, "partial_json") == ['{"file_path": "a.txt"}']


def test_after_settling_only_the_rest_is_gone_back_over() -> None:
    answer = new_answer()
    answer.take([Chunk(prefill=Prefill(3, 0, 3)), Chunk(text="Hello", ids=(1,))])
    assert answer.settle()
    answer.take([Chunk(text=" you <tool_c", ids=(1,))])
    assert not answer.settle()
    go_on = answer.go_back()
    assert go_on is not None and go_on.keep == len(" you")


def takes(grammar: str, text: str) -> bool:
    """Whether a model may write the whole text under the grammar, and end there."""
    matcher = LLMatcher(LLTokenizer("byte"), grammar)
    tokens = list(text.encode())
    return matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_accepting()


def gone_back(answer: Answer, text: str) -> GoOn:
    answer.take([Chunk(prefill=Prefill(3, 0, 3)), Chunk(text=text, ids=(1,))])
    go_on = answer.go_back()
    assert go_on is not None
    return go_on


def test_a_thought_that_is_gone_on_with_can_still_end() -> None:
    for answer in (new_answer(thought="free"), new_answer((), format={"type": "object"}, thought="free")):
        go_on = gone_back(answer, "<think>Hm")
        assert takes(go_on.grammar, "m.</think>\n\n{}")


def test_text_that_is_gone_on_with_goes_on_whatever_may_be_called() -> None:
    for parallel in (True, False):
        go_on = gone_back(new_answer(choice=Choice(parallel=parallel)), "Hello")
        assert takes(go_on.grammar, f" you.\n{CALL}")
        assert takes(go_on.grammar, f"{CALL}\n{CALL}") == parallel


def test_behind_the_one_call_that_may_be_made_there_is_only_the_end() -> None:
    go_on = gone_back(new_answer(choice=Choice("any", parallel=False)), CALL)
    assert takes(go_on.grammar, "") and not takes(go_on.grammar, CALL)


def test_tokens_that_are_forgotten_are_not_counted() -> None:
    answer = new_answer()
    answer.take(
        [Chunk(prefill=Prefill(3, 0, 3)), *(Chunk(text=part, ids=(1, 2)) for part in ("Hello", " <tool", "_call>"))]
    )
    go_on = answer.go_back()
    assert go_on is not None and (go_on.keep, answer.output_tokens) == (5, 2)


def test_gpt_oss_ends_a_thought_in_its_own_way() -> None:
    answer = new_answer((), family=HARMONY, thought="free", budget=2)
    answer.take([Chunk(prefill=Prefill(3, 0, 3)), Chunk(text="<|channel|>analysis<|message|>", ids=(1,))])
    answer.take([Chunk(text="Hmm", ids=(2,))])
    assert answer.overthinks and answer.go_back() == GoOn(33, "")
    assert answer.end_thought()[0] == "<|end|><|start|>assistant"
    events = answer.take([Chunk(text="<|channel|>final<|message|>Yes", ids=(3,)), Chunk(finish=Finish("end"))])
    assert text_in(msgspec.to_builtins(events)) == "Yes" and answer.stop_reason == "end_turn"


def test_a_stop_sequence_of_white_space_at_the_very_end_is_one() -> None:
    answer, events = answered(["Hello\n\n"], stops=("\n\n",))
    assert (answer.stop_reason, text_in(events)) == ("stop_sequence", "Hello")


def test_half_a_format_cannot_be_gone_on_with() -> None:
    answer = new_answer((), format={"type": "object"})
    answer.take([Chunk(prefill=Prefill(3, 0, 3))])
    assert isinstance(answer.go_back(), GoOn)
    answer.take([Chunk(text='{"a": ', ids=(1,))])
    assert answer.go_back() is None


@pytest.mark.parametrize(
    ("texts", "kinds", "text"),
    [
        (["Hel", "lo"], ["text"], "Not here. Hello"),
        ([CALL], ["text", "tool_use"], "Not here. "),
        (["<think>\nHm.\n</think>\n\n", "Hello"], ["thinking", "text"], "Not here. Hello"),
        ([], [], ""),
    ],
)
def test_the_notice_stands_behind_the_thoughts_in_front_of_all_else(
    texts: list[str], kinds: list[str], text: str
) -> None:
    answer, events = answered(texts, notice="Not here. ")
    assert [event["content_block"]["type"] for event in events if event["type"] == "content_block_start"] == kinds
    assert text_in(events) == text
    assert answer.usage.output_tokens == len(texts)


def without_end(before: str, said: str, **more: Any) -> tuple[Answer, list[Any]]:
    """An answer that would go on for as long as it may."""
    answer = new_answer(**more)
    answer.take([Chunk(prefill=Prefill(3, 0, 3))])
    events: list[Event] = answer.take([Chunk(text=before, ids=(1,))])
    for _ in range(9_000):
        events += answer.take([Chunk(text=said, ids=(1,))])
    assert answer.stop_reason is not None and answer.output_tokens < 5_000
    return answer, msgspec.to_builtins(events)


def test_an_answer_that_only_repeats_itself_is_ended_and_says_so() -> None:
    answer, events = without_end("Well. ", "And so on. ")
    said, note = text_in(events).split("\n\n")
    assert said.startswith("Well. And so on. And so on. ") and "over and over" in note
    assert (answer.stop_reason, events[-1]["type"]) == ("end_turn", "message_stop")


def test_so_is_a_thought() -> None:
    answer, events = without_end("", "Hm. ", tools=(), thought="open")
    assert deltas(events, "signature") and "over and over" in text_in(events)
    assert answer.stop_reason == "end_turn"


@pytest.mark.parametrize("eager", [False, True])
def test_a_call_that_was_ended_so_is_not_called_whole(eager: bool) -> None:
    tool = msgspec.structs.replace(TOOL, eager=eager)
    answer, events = without_end('<tool_call>\n{"name": "Read", "arguments": {"file_path": "', "a/", tools=(tool,))
    assert answer.stop_reason == "max_tokens"
    assert text_in(events).startswith("[A tool call was cut off: Read")
    assert "".join(deltas(events, "partial_json")).startswith('{"file_path": "a/a/a/' if eager else "")


def test_nor_is_json_and_nothing_is_written_behind_it() -> None:
    answer, events = without_end('{"a": "', "b", tools=(), format={"type": "object"})
    assert answer.stop_reason == "max_tokens"
    assert set(text_in(events)) <= set('{"a": b')


def silent(answer: Answer, *chunks: Chunk) -> list[Any]:
    """What is sent in a long silence behind these."""
    answer.take(chunks)
    events: list[Any] = msgspec.to_builtins(answer.keep_alive(9))
    return [event for event in events if event["type"] != "content_block_delta" or not any(event["delta"].values())]


def opened(events: list[Any]) -> list[str]:
    return [event["content_block"]["type"] for event in events if event["type"] == "content_block_start"]


READ = Chunk(prefill=Prefill(9, 4, 4))


def test_in_a_long_silence_a_block_is_opened_that_the_answer_can_begin_with() -> None:
    assert opened(silent(new_answer(), READ)) == ["text"]
    assert opened(silent(new_answer(format={"type": "object"}, tools=()), READ)) == ["text"]
    assert opened(silent(new_answer(thought="free"), READ)) == ["thinking"]
    assert opened(silent(new_answer(thought="open", format={"type": "object"}), READ)) == ["thinking"]
    assert opened(silent(new_answer(thought="open", shows_thoughts=False), READ)) == ["text"]
    # A client that parses text as JSON would fail over an empty block in front of a call.
    assert opened(silent(new_answer(format={"type": "object"}), READ)) == []


def test_in_the_middle_of_an_answer_nothing_more_is_opened() -> None:
    for said in ("Hello", "Hello <tool_call>"):
        assert opened(silent(new_answer(), READ, Chunk(text=said, ids=(1,)))) == []
    thinking = Chunk(text="<think>Hm</think>\n<tool_call>", ids=(1,))
    assert opened(silent(new_answer(thought="free"), READ, thinking)) == []
    assert opened(silent(new_answer(), READ, Chunk(text=CALL, ids=(1,)))) == ["text"]


def test_a_message_that_begins_before_its_prompt_is_read_tells_all_of_it_and_in_the_end_what_was_cached() -> None:
    answer = new_answer()
    events = msgspec.to_builtins(answer.keep_alive(9))
    end = msgspec.to_builtins(answer.take([READ, Chunk(text="Hi", ids=(1,)), Chunk(finish=Finish("end"))]))
    usages = [events[0]["message"]["usage"], end[-2]["usage"]]
    assert [(usage["input_tokens"], usage["cache_read_input_tokens"]) for usage in usages] == [(9, 0), (5, 4)]
    assert [event["type"] for event in events + end].count("message_start") == 1
    assert answer.keep_alive(9) == []


def test_between_a_search_and_what_it_finds_nothing_is_told() -> None:
    answer = new_answer(searches=("Read",))
    answer.take([READ, Chunk(text=CALL, ids=(1,)), Chunk(finish=Finish("end"))])
    assert answer.paused and answer.keep_alive(9) == []
