"""A Chat as the messages that one template takes. Templates differ in what they refuse, drop and expect; the Shape says
how, and whatever a template cannot take is made to fit, so that nothing of a conversation is lost.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Literal

from msgspec import Struct

from pensieve.core.chat import Chat, Part, Role, Text, Thought, ToolCall, ToolResult, Turn
from pensieve.prompts.environment import Object
from pensieve.prompts.words import in_words

Message = dict[str, Any]

_BEGINNING = "[The conversation begins.]"
"""Said by the user where nothing is said, or where a template insists that the user speaks first."""


class Shape(Struct, frozen=True):
    """What a template takes. `probe` finds it out.

    `listed`: contents are lists of parts, not text. `tools`: it knows tools, calls and results; if not, all of them are
    put in words. `several`: a message may have several calls. `no_words`: the content of a message that only calls.
    `apart`: words and calls are messages of their own. `opening`: if not empty, the template drops the words before a
    call, and writes this between the beginning of a turn and the name of its call.
    """

    listed: bool = False
    system: bool = True
    late_system: bool = True
    assistant_first: bool = True
    tools: bool = True
    several: bool = True
    arguments: Literal["object", "text"] = "object"
    ids: Literal["own", "short", "named"] = "own"
    results: str = "tool"
    no_words: str | None = ""
    apart: bool = False
    opening: str = ""
    words_after_results: bool = True
    thoughts: Literal["keys", "content", "none"] = "keys"


def shaped(chat: Chat, shape: Shape, think: tuple[str, str] | None) -> list[Message]:
    """The messages; their contents are text (or None) still, whatever `shape.listed` says."""
    if not shape.tools:
        chat = in_words(chat)
    system, turns = _opened(chat)
    if system and not shape.system:
        turns = [_as_user(Turn("system", (Text(system),))), *turns]
        system = ""
    if not shape.late_system:
        turns = [_as_user(turn) if turn.role == "system" else turn for turn in turns]
    turns = list(_results_first(_merged(turns)))
    if not turns or (turns[0].role == "assistant" and not shape.assistant_first):
        turns.insert(0, Turn("user", (Text(_BEGINNING),)))
    if not shape.several:
        turns = list(_one_by_one(turns))
    if not shape.words_after_results:
        turns = [_words_in_result(turn) for turn in turns]
    ids = _ids(turns, shape)
    messages = [_message("system", system)] if system else []
    for turn in turns:
        if turn.role == "assistant":
            messages.extend(_assistant(part, shape, ids, think) for part in (_apart(turn) if shape.apart else [turn]))
        else:
            messages.extend(_said(turn, shape, ids))
    return messages


def listed(messages: Iterable[Message]) -> list[Message]:
    """The same messages with their contents as lists of parts."""
    return [{**message, "content": [{"type": "text", "text": message["content"] or ""}]} for message in messages]


def _opened(chat: Chat) -> tuple[str, list[Turn]]:
    """System turns in front of all others are part of the system prompt."""
    turns = list(chat.turns)
    system = [chat.system]
    while turns and turns[0].role == "system":
        system.append(turns.pop(0).text)
    return "\n\n".join(text for text in system if text), turns


def _as_user(turn: Turn) -> Turn:
    return Turn("user", (Text(f"<system>\n{turn.text}\n</system>"),))


def _merged(turns: Iterable[Turn]) -> list[Turn]:
    """Neighbours of one role become one turn: many templates insist on alternation."""
    merged: list[Turn] = []
    for turn in turns:
        if merged and merged[-1].role == turn.role:
            merged[-1] = Turn(turn.role, merged[-1].parts + turn.parts)
        else:
            merged.append(turn)
    return merged


def _results_first(turns: list[Turn]) -> list[Turn]:
    """Results stand right after their calls, whatever system turn came in between."""
    ordered: list[Turn] = []
    for turn in turns:
        results, rest = _parted(turn)
        if results and ordered and ordered[-1].role == "system":
            ordered.insert(-1, Turn(turn.role, results))
            if not rest:
                continue
            turn = Turn(turn.role, rest)
        ordered.append(turn)
    return ordered


def _parted(turn: Turn) -> tuple[tuple[ToolResult, ...], tuple[Part, ...]]:
    """The turn's results, and all else of it."""
    results = tuple(part for part in turn.parts if isinstance(part, ToolResult))
    return results, tuple(part for part in turn.parts if not isinstance(part, ToolResult))


def _one_by_one(turns: list[Turn]) -> list[Turn]:
    """Of every turn with several calls as many turns with one each, every call followed by its own result."""
    single: list[Turn] = []
    for turn in turns:
        before = single[-1] if single else turn
        calls = [part for part in before.parts if isinstance(part, ToolCall)]
        results, rest = _parted(turn)
        if len(calls) < 2:
            single.append(turn)
            continue
        single.pop()
        said: tuple[Part, ...] = tuple(part for part in before.parts if not isinstance(part, ToolCall))
        for call in calls:
            answers = tuple(result for result in results if result.call_id == call.id)
            single += [Turn(before.role, (*said, call)), Turn(turn.role, answers)]
            said = ()
        late = tuple(result for result in results if result.call_id not in {call.id for call in calls})
        single[-1] = Turn(turn.role, (*single[-1].parts, *late, *rest))
    return single


def _words_in_result(turn: Turn) -> Turn:
    """What the user says beside results becomes a part of the last one."""
    results, rest = _parted(turn)
    words = Turn(turn.role, rest).text
    if not results or not words:
        return turn
    last = results[-1]
    return Turn(turn.role, (*results[:-1], ToolResult(last.call_id, last.name, f"{last.text}\n\n{words}")))


def _apart(turn: Turn) -> list[Turn]:
    """What is said; then what leads to the calls, and the calls."""
    if not turn.text or not any(isinstance(part, ToolCall) for part in turn.parts):
        return [turn]
    said = tuple(part for part in turn.parts if isinstance(part, Text))
    return [Turn(turn.role, said), Turn(turn.role, tuple(part for part in turn.parts if not isinstance(part, Text)))]


def _ids(turns: list[Turn], shape: Shape) -> dict[str, str]:
    """What the template is told as the id of each call; counted, so that a prefix stays the same."""
    calls = [part for turn in turns for part in turn.parts if isinstance(part, ToolCall)]
    if shape.ids == "short":
        return {call.id: f"call{number:05}" for number, call in enumerate(calls)}
    if shape.ids == "named":
        return {call.id: f"functions.{call.name}:{number}" for number, call in enumerate(calls)}
    return {call.id: call.id for call in calls}


def _said(turn: Turn, shape: Shape, ids: dict[str, str]) -> list[Message]:
    """One message for each result, then one for the words."""
    results, rest = _parted(turn)
    messages: list[Message] = [
        {
            "role": shape.results,
            "name": result.name,
            "tool_call_id": ids.get(result.call_id, result.call_id),
            "content": result.text,
        }
        for result in results
    ]
    words = Turn(turn.role, rest).text
    if words or not messages:
        messages.append(_message(turn.role, words))
    return messages


def _assistant(turn: Turn, shape: Shape, ids: dict[str, str], think: tuple[str, str] | None) -> Message:
    calls = [part for part in turn.parts if isinstance(part, ToolCall)]
    thought = "\n".join(part.text for part in turn.parts if isinstance(part, Thought))
    words = turn.text
    message = _message("assistant", words)
    if thought and shape.thoughts == "keys":
        message |= {"reasoning_content": thought, "thinking": thought}
    elif thought and shape.thoughts == "content" and think:
        message["content"] = f"{think[0]}\n{thought.strip()}\n{think[1]}\n\n{words}"
    if calls:
        message["content"] = message["content"] or shape.no_words
        message["tool_calls"] = [
            {
                "id": ids[call.id],
                "type": "function",
                "function": {"name": call.name, "arguments": _arguments(call, shape)},
            }
            for call in calls
        ]
    return message


def _arguments(call: ToolCall, shape: Shape) -> dict[str, Any] | str:
    """As the model wrote them, if that is known."""
    if shape.arguments == "text":
        return call.written.input if call.written else json.dumps(call.input, ensure_ascii=False)
    written = call.written.input if call.written else ""
    try:
        value = json.loads(written, strict=False)
    except (ValueError, RecursionError):
        return Object(call.input)
    return Object(value, written) if isinstance(value, dict) else Object(call.input)


def _message(role: Role, content: str) -> Message:
    return {"role": role, "content": content}
