"""The made models as folders for MLX: the same weights and tokenizer as the GGUF files of `make_model`.

Run as `python tests/make_mlx_model.py tiny folder`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import AddedToken
from tokenizers.processors import TemplateProcessing

from make_model import (
    CHATML_WITH_HERMES_TOOLS,
    EPSILON,
    MARKER_TOKENS,
    SHAPES,
    SPECIAL_TOKENS,
    Matrix,
    Shape,
    tensors_of,
    train_tokenizer,
)

NAMES = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
}
TOP = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}


def make_mlx_model(
    kind: str, folder: Path, chat_template: str = CHATML_WITH_HERMES_TOOLS, *, bos: bool = False
) -> Path:
    shape = SHAPES[kind]
    folder.mkdir(parents=True, exist_ok=True)
    weights = dict(_renamed(shape, name, matrix) for name, matrix in tensors_of(kind))
    _write_safetensors(folder / "model.safetensors", weights)
    config = _config(shape) | {"tie_word_embeddings": "lm_head.weight" not in weights}
    (folder / "config.json").write_text(json.dumps(config))
    tokenizer = train_tokenizer(shape.ordinary)
    tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in SPECIAL_TOKENS])
    tokenizer.add_tokens([AddedToken(text, normalized=False) for text in MARKER_TOKENS])
    if bos:
        first = SPECIAL_TOKENS[0]
        tokenizer.post_processor = TemplateProcessing(
            single=f"{first} $A", special_tokens=[(first, tokenizer.token_to_id(first))]
        )
    tokenizer.save(str(folder / "tokenizer.json"))
    words = {"bos_token": SPECIAL_TOKENS[0], "eos_token": SPECIAL_TOKENS[2]}
    (folder / "tokenizer_config.json").write_text(json.dumps(words))
    # Noise of every kind, whatever is thought good for other models.
    (folder / "generation_config.json").write_text(json.dumps({"temperature": 1.0}))
    (folder / "chat_template.jinja").write_text(chat_template)
    return folder


WINDOWED: dict[str, Any] = {
    "model_type": "gemma3_text",
    "hidden_size": 64,
    "num_hidden_layers": 3,
    "intermediate_size": 128,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 32,
    "query_pre_attn_scalar": 32,
    "sliding_window": 64,
    "sliding_window_pattern": 3,
}
HYBRID: dict[str, Any] = {
    "model_type": "qwen3_next",
    "hidden_size": 64,
    "num_hidden_layers": 4,
    "intermediate_size": 128,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 32,
    "linear_num_value_heads": 2,
    "linear_num_key_heads": 2,
    "linear_key_head_dim": 32,
    "linear_value_head_dim": 32,
    "linear_conv_kernel_dim": 4,
    "num_experts": 4,
    "num_experts_per_tok": 2,
    "decoder_sparse_step": 1,
    "shared_expert_intermediate_size": 64,
    "mlp_only_layers": [],
    "moe_intermediate_size": 64,
    "rms_norm_eps": 1e-6,
    "rope_theta": 10000.0,
    "partial_rotary_factor": 0.5,
    "tie_word_embeddings": False,
}


def make_random_model(config: dict[str, Any], folder: Path) -> Path:
    """Of an architecture that the made weights do not fit: random ones, and the tokenizer of `tiny`."""
    import mlx.core as mx
    from mlx.utils import tree_flatten
    from mlx_lm.utils import _get_classes

    make_mlx_model("tiny", folder)
    shape = SHAPES["tiny"]
    config = config | {"vocab_size": shape.vocabulary, "max_position_embeddings": shape.context}
    config["eos_token_id"] = shape.ordinary + 2
    (folder / "config.json").write_text(json.dumps(config))
    mx.random.seed(7)
    model_class, arguments_class = _get_classes(config=config)
    model = model_class(arguments_class.from_dict(config))
    mx.save_safetensors(str(folder / "model.safetensors"), dict(tree_flatten(model.parameters())))
    return folder


def _renamed(shape: Shape, name: str, matrix: Matrix) -> tuple[str, Matrix]:
    stem = name.removesuffix(".weight")
    if stem in TOP:
        return TOP[stem] + ".weight", matrix
    _, layer, part = stem.split(".")
    if part in ("attn_q", "attn_k"):
        # GGUF turns pairs of neighbours, MLX the halves of a head.
        heads = matrix.reshape(-1, shape.head // 2, 2, shape.hidden)
        matrix = heads.transpose(0, 2, 1, 3).reshape(matrix.shape)
    return f"model.layers.{layer}.{NAMES[part]}.weight", matrix


def _config(shape: Shape) -> dict[str, Any]:
    return {
        "model_type": "llama",
        "hidden_size": shape.hidden,
        "intermediate_size": shape.feed_forward,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "head_dim": shape.head,
        "rms_norm_eps": EPSILON,
        "rope_theta": 10000.0,
        "vocab_size": shape.vocabulary,
        "max_position_embeddings": shape.context,
        "eos_token_id": shape.ordinary + 2,
    }


def _write_safetensors(file: Path, weights: dict[str, Matrix]) -> None:
    header: dict[str, Any] = {}
    at = 0
    blocks = {name: np.ascontiguousarray(matrix, np.float32).tobytes() for name, matrix in weights.items()}
    for name, block in blocks.items():
        shape = list(weights[name].shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + len(block)]}
        at += len(block)
    written = json.dumps(header).encode()
    file.write_bytes(len(written).to_bytes(8, "little") + written + b"".join(blocks.values()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=sorted(SHAPES))
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    print(make_mlx_model(arguments.kind, arguments.folder))
