"""Nano, as it lies in the package, does what its model card claims, the same in both formats."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import reduce
from math import comb
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from tokenizers import Tokenizer

from pensieve.engines.base import Engine, EngineOptions
from pensieve.engines.load import load_engine
from pensieve.library.bundled import NANO
from pensieve.library.cards import read_card
from training.nano.evaluate import STEPS, Score, examine, questions, unseen_conversations
from training.nano.render import TEMPLATE

MEGABYTE = 1 << 20
SAMPLE = 80
ONCE_IN_740 = 0.00135
"""Three deviations of a normal distribution; with ten questions about a skill the distribution is not normal."""
MLX_NAMES = {
    "token_embd": "model.embed_tokens", "output_norm": "model.norm", "blk.": "model.layers.",
    "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm", "attn_output": "self_attn.o_proj",
    "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
    "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
}  # fmt: skip


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    directory = tmp_path_factory.mktemp("engine")
    loaded = load_engine(
        "llamacpp", EngineOptions(str(NANO), read_card("").trained_context, 4, 0, 512, 0, str(directory))
    )
    yield loaded
    loaded.close()


def as_few_by_chance(score: Score, mark: float) -> float:
    """How likely it is that with this mark so few answers or fewer are right. A mark of 1.000 may be just below."""
    share, asked = min(mark, 0.99), score.asked
    return sum(comb(asked, right) * share**right * (1 - share) ** (asked - right) for right in range(score.right + 1))


def test_a_sample_of_the_examination_gives_the_marks_of_the_card(engine: Engine) -> None:
    scores = examine(engine, list(questions(unseen_conversations("sample", SAMPLE))))
    wrong = "\n".join(f"{question.prompt}\n-- {question.expected}\n-- {said}" for question, said in scores.wrong)
    card = (NANO.parent / "README.md").read_text()
    for shown, score in {**{STEPS[step]: score for step, score in scores.by_step.items()}, **scores.by_kind}.items():
        found = re.search(rf"^\| {shown.replace('_', ' ')} \| ([\d.]+) \| \d+ \|$", card, re.MULTILINE)
        assert found, shown
        assert as_few_by_chance(score, float(found[1])) > ONCE_IN_740, f"{shown}: {score}\n{wrong}"
    assert scores.calls_without_tools == 0, wrong
    endless = re.search(r"^\| answers that did not end \| (\d+) \|", card, re.MULTILINE)
    assert endless and scores.endless <= int(endless[1]), wrong


def test_both_engines_get_the_same_model() -> None:
    card, mlx = read_card(""), NANO.parent / "mlx"
    assert card.id == "pensieve-nano"
    assert card.template == TEMPLATE.read_text() == (mlx / "chat_template.jinja").read_text()
    config = json.loads((mlx / "config.json").read_text())
    assert (config["max_position_embeddings"], config["model_type"]) == (card.trained_context, "llama")
    theirs = tensors_in(mlx / "model.safetensors")
    ours = {tensor.name: np.asarray(tensor.data) for tensor in gguf.GGUFReader(NANO).tensors}
    assert len(ours) == len(theirs)
    for name, weight in ours.items():
        other = theirs[mlx_name(name)]
        if name.endswith(("attn_q.weight", "attn_k.weight")):
            # llama.cpp turns neighbours, mlx-lm the two halves of a head.
            halves = other.reshape(config["num_attention_heads"], 2, -1, other.shape[1])
            other = halves.swapaxes(1, 2).reshape(other.shape)
        assert (weight == other).all(), name


def mlx_name(gguf_name: str) -> str:
    return reduce(lambda name, pair: name.replace(*pair), MLX_NAMES.items(), gguf_name)


def tensors_in(safetensors: Path) -> dict[str, np.ndarray[Any, Any]]:
    """Format: 8 bytes of length, a JSON header, the numbers (huggingface.co/docs/safetensors)."""
    data = safetensors.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    return {
        name: np.frombuffer(data[start:], np.float16)[slice(*(at // 2 for at in about["data_offsets"]))].reshape(
            about["shape"]
        )
        for name, about in header.items()
        if name != "__metadata__"
    }


@pytest.mark.parametrize(
    "text", ["Read notes.txt", "it's 'sample.txt' \"x\"", "a  b\n\tc", "Grüße 🙂 日本", "<|im_end|>", "x1y22"]
)
def test_llamacpp_and_the_tokenizer_file_agree(engine: Engine, text: str) -> None:
    tokenizer = Tokenizer.from_file(str(NANO.parent / "mlx" / "tokenizer.json"))
    assert engine.tokenize(text) == tuple(tokenizer.encode(text).ids)


def test_it_fits_in_the_package() -> None:
    folder = sum(file.stat().st_size for file in (NANO.parent / "mlx").iterdir())
    assert max(NANO.stat().st_size, folder) <= 8 * MEGABYTE
