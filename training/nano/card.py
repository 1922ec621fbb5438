"""The model card: what Nano is, how it was made, and the marks it got."""

from __future__ import annotations

from pathlib import Path

from training.nano.conversations import LONGEST_QUESTION
from training.nano.data import LONGEST
from training.nano.evaluate import STEPS, Scores
from training.nano.export import CONTEXT
from training.nano.messages import LONGEST_RESULT
from training.nano.model import Nano

CARD = """\
# Pensieve Nano

A tiny demonstration model. It shows, at once and offline, that Pensieve works: ask it to read a file, run a command,
write or change a file, and it calls the tool and says what came of it. It says hello in N words, repeats your words,
adds small numbers, and answers questions about Pensieve. Everything else is beyond it, and it says so. For real work
load a real model:

    pensieve serve --model /path/to/model.gguf

Its chat template hands it only the names of the offered tools that it can use, the user's last words (the last
{question} bytes), and the last two calls and results since ({result} bytes of each result; it will not copy what was
cut); not the system prompt, not earlier turns. It was trained with up to {longest} tokens; the window of {window:,}
is what the template can let through at most, and an answer.

## What it is

{parameters:,} parameters: a llama with {layers} layers, width {hidden}, {heads} heads, feed-forward {feed_forward}, a
byte-level BPE of {vocabulary:,} tokens, tied embeddings. `pensieve-nano.gguf` (llama.cpp) and `mlx/` (mlx-lm) hold the
same weights (float16), the same tokenizer and the same template.

Trained from nothing by `make nano` on synthetic conversations only (`training/nano/`), which are made of lists of
phrasings and single words.
License: MIT OR Apache-2.0.

## Examination

{turns:,} turns with phrasings and words that training never shows, and paths, contents and outputs made of those
words, answered greedily by llama.cpp. Right means right to the letter. (Sums, greetings and facts are learned by
heart, so they are those of the training, asked for in other words; so are most file extensions and the folders that
paths begin with.)

| | right | of |
|---|---|---|
{steps}
| a tool called where none is offered | {calls_without_tools} | |
| answers that did not end | {endless} | |

| by skill | right | of |
|---|---|---|
{kinds}

## Training log

```
{log}
```
"""


def write_card(path: Path, nano: Nano, scores: Scores, log: list[str]) -> None:
    def rows(named: dict[str, str]) -> str:
        table = scores.by_step | scores.by_kind
        return "\n".join(f"| {shown} | {table[key].share:.3f} | {table[key].asked} |" for key, shown in named.items())

    shape = nano.shape
    path.write_text(
        CARD.format(
            parameters=sum(weight.numel() for weight in nano.parameters()),
            question=LONGEST_QUESTION,
            result=LONGEST_RESULT,
            longest=LONGEST,
            window=CONTEXT,
            layers=shape.layers,
            hidden=shape.hidden,
            heads=shape.heads,
            feed_forward=shape.feed_forward,
            vocabulary=shape.vocabulary,
            turns=sum(score.asked for score in scores.by_step.values()),
            steps=rows({key: shown for key, shown in STEPS.items() if key in scores.by_step}),
            kinds=rows({key: key.replace("_", " ") for key in sorted(scores.by_kind)}),
            calls_without_tools=scores.calls_without_tools,
            endless=scores.endless,
            log="\n".join(log),
        )
    )
