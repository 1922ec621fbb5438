"""The bundled model gives the same answers on both engines: same weights, same tokenizer, same template."""

from __future__ import annotations

from pathlib import Path

from pensieve.engines.base import EngineOptions
from pensieve.engines.load import load_engine
from pensieve.library.cards import read_card
from training.nano.evaluate import examine, questions, unseen_conversations


def test_greedy_answers_are_the_same_on_both_engines(tmp_path: Path) -> None:
    asked = list(questions(unseen_conversations("both engines", 30)))
    wrong = []
    for name in ("llamacpp", "mlx"):
        card = read_card("", name)
        options = EngineOptions(card.path, card.trained_context, 4, 0, 512, 0, str(tmp_path))
        engine = load_engine(card.engine, options)
        scores = examine(engine, asked)
        engine.close()
        assert len(asked) > 40
        wrong.append([(question.prompt, said) for question, said in scores.wrong])
    # What is right is what was expected, on both; what is wrong is so in the same words.
    assert wrong[0] == wrong[1]
