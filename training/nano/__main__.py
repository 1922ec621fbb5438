"""Makes Pensieve Nano: `python -m training.nano`. Interrupted, it goes on where it was.

tokenizer -> training -> GGUF and mlx-lm files -> examination -> model card -> all of it into the package
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import sys
import tempfile
import time
from pathlib import Path

from pensieve.engines.base import EngineOptions
from pensieve.engines.load import load_engine
from training.nano.card import write_card
from training.nano.conversations import Maker
from training.nano.evaluate import Scores, examine, questions, unseen_conversations
from training.nano.export import CONTEXT, export
from training.nano.model import Shape
from training.nano.render import rendered
from training.nano.tokens import train_tokenizer
from training.nano.train import train

PACKAGE = Path(__file__).parents[2] / "src" / "pensieve" / "library" / "nano"
TOKENIZER_TEXTS = 20_000
EXAMINED = 3000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path(".nano"), help="where the checkpoint is kept")
    parser.add_argument("--out", type=Path, default=PACKAGE, help="where the finished files go")
    arguments = parser.parse_args()
    work, out = arguments.work, arguments.out
    work.mkdir(parents=True, exist_ok=True)
    if not same_sources(work):
        sys.exit(f"{work} was begun with another state of training/nano. Remove it to begin anew.")
    tokenizer = work / "tokenizer.json"
    if not tokenizer.exists():
        print("tokenizer", flush=True)
        maker = Maker("tokenizer", unseen=False)
        trained = train_tokenizer(rendered(maker.any()) for _ in range(TOKENIZER_TEXTS))
        trained.save(str(tokenizer.with_suffix(".new")))
        tokenizer.with_suffix(".new").replace(tokenizer)
    nano, log = train(work, Shape())
    finished = work / "finished"
    export(nano, tokenizer, finished)
    started = time.monotonic()
    scores = examined(finished / "pensieve-nano.gguf")
    print(f"examined in {time.monotonic() - started:.0f} s", flush=True)
    write_card(finished / "README.md", nano, scores, log)
    shutil.copytree(finished, out, dirs_exist_ok=True)
    for question, said in scores.wrong:
        print(f"--- {question.kind}\n{question.prompt}\nexpected: {question.expected}\nsaid:     {said}")
    for name, score in {**scores.by_step, **scores.by_kind}.items():
        print(f"{name:14} {score.share:.4f} of {score.asked}")
    print(f"calls without tools {scores.calls_without_tools}, endless {scores.endless}")


def same_sources(work: Path) -> bool:
    """Whether what lies in `work` was begun with the sources as they are; what comes after training may change."""
    later = {"__main__.py", "card.py", "evaluate.py", "export.py"}
    sources = sorted(file for file in Path(__file__).parent.iterdir() if file.is_file() and file.name not in later)
    now = hashlib.sha256(b"".join(file.read_bytes() for file in sources)).hexdigest()
    mark = work / "sources.sha256"
    if not mark.exists():
        mark.write_text(now)
    return mark.read_text() == now


def examined(model: Path) -> Scores:
    with tempfile.TemporaryDirectory() as directory:
        engine = load_engine("llamacpp", EngineOptions(str(model), CONTEXT, 4, 0, 512, 0, directory))
        try:
            return examine(engine, list(questions(unseen_conversations("final", EXAMINED))))
        finally:
            engine.close()


if __name__ == "__main__":
    main()
