"""The examination: conversations with phrasings, words, paths and contents that training has never shown.

Run by the product's own llama.cpp engine on the finished file. An answer is right if it is right to the letter.
"""

from __future__ import annotations

import queue
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from pensieve.core.generation import Chunk, Job, Sampling
from pensieve.engines.base import Engine
from training.nano.conversations import HELLO_LIMIT, Maker
from training.nano.messages import Conversation
from training.nano.render import rendered
from training.nano.tokens import END

LONGEST_ANSWER = 600
AT_ONCE = 4
SECONDS = 60
TOO_MANY_WORDS = "hello in too many words"
"""Asked for more than it knows: apart from `hello`, which counts its words."""
STEPS = {"call": "tool calls", "answer": "answers from tool results", "words": "other answers"}


@dataclass(frozen=True)
class Question:
    """One turn of Nano's. `step` is what it has to do: call a tool, answer from a result, or just say something."""

    kind: str
    step: str
    prompt: str
    expected: str
    tools: bool


@dataclass
class Score:
    right: int = 0
    asked: int = 0

    @property
    def share(self) -> float:
        return self.right / self.asked if self.asked else 1.0


@dataclass
class Scores:
    by_step: dict[str, Score] = field(default_factory=dict)
    by_kind: dict[str, Score] = field(default_factory=dict)
    calls_without_tools: int = 0
    endless: int = 0
    wrong: list[tuple[Question, str]] = field(default_factory=list)


def questions(conversations: Iterable[Conversation]) -> Iterator[Question]:
    for made in conversations:
        for number, message in enumerate(made.messages):
            if message["role"] != "assistant":
                continue
            prompt = rendered(made, number, ask=True)
            step = "call" if message.get("tool_calls") else "answer" if number > 1 else "words"
            expected = rendered(made, number + 1).removeprefix(prompt).removesuffix(END)
            kind = TOO_MANY_WORDS if expected == HELLO_LIMIT else made.kind
            yield Question(kind, step, prompt, expected, bool(made.tools))


def unseen_conversations(seed: str, count: int) -> list[Conversation]:
    maker = Maker(f"examination {seed}", unseen=True)
    return [maker.any() for _ in range(count)]


def examine(engine: Engine, asked: list[Question]) -> Scores:
    scores = Scores()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda pair: _answer(engine, *pair), enumerate(asked, 1)))
    for question, (text, reason) in zip(asked, answers, strict=True):
        right = text == question.expected and reason == "end"
        for score in (
            scores.by_step.setdefault(question.step, Score()),
            scores.by_kind.setdefault(question.kind, Score()),
        ):
            score.asked += 1
            score.right += right
        scores.calls_without_tools += "<tool_call>" in text and not question.tools
        scores.endless += reason != "end"
        if not right:
            scores.wrong.append((question, text))
    return scores


def _answer(engine: Engine, number: int, question: Question) -> tuple[str, str]:
    arrived: queue.SimpleQueue[Chunk] = queue.SimpleQueue()
    engine.submit(
        Job(
            number,
            engine.tokenize(question.prompt),
            Sampling(temperature=0.0),
            LONGEST_ANSWER,
            ("<tool_call>", "</tool_call>"),
        ),
        arrived.put,
    )
    text = ""
    while True:
        chunk = arrived.get(timeout=SECONDS)
        text += chunk.text
        if chunk.finish is not None:
            if chunk.finish.reason not in ("end", "length"):
                raise RuntimeError(f"the engine {chunk.finish.reason}: {chunk.finish.message}")
            return text, chunk.finish.reason
