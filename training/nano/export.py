"""The trained network as files: one GGUF for llama.cpp, one folder for mlx-lm. Same weights, tokenizer and template."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer

from training.nano.model import EPSILON, ROPE_BASE, Nano
from training.nano.render import TEMPLATE
from training.nano.tokens import END, END_OF_TEXT, LLAMACPP_PRE, MARKERS, SPECIAL

NAME = "Pensieve Nano"
DESCRIPTION = "A tiny demonstration model: it shows that Pensieve works. For real work load a real one."
CONTEXT = 6144
"""Tokens: what the template lets through at most, and room for the longest answer."""
Matrix = np.ndarray[Any, Any]


def export(nano: Nano, tokenizer: Path, folder: Path) -> None:
    """Writes `folder`/pensieve-nano.gguf and `folder`/mlx/."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: weight.detach().half().float().numpy() for name, weight in nano.state_dict().items()}
    _export_gguf(nano, weights, Tokenizer.from_file(str(tokenizer)), folder / "pensieve-nano.gguf")
    _export_mlx(nano, weights, tokenizer, folder / "mlx")


def _export_gguf(nano: Nano, weights: dict[str, Matrix], tokenizer: Tokenizer, path: Path) -> None:
    shape = nano.shape
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_name(NAME)
    writer.add_description(DESCRIPTION)
    writer.add_license("MIT OR Apache-2.0")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(shape.hidden)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_rope_dimension_count(shape.head)
    writer.add_rope_freq_base(ROPE_BASE)
    writer.add_layer_norm_rms_eps(EPSILON)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    # It has learned one answer to each question, so chance can only spoil it.
    writer.add_float32("general.sampling.temp", 0.0)
    _add_tokenizer(writer, tokenizer)
    writer.add_chat_template(TEMPLATE.read_text())
    for name, weight in _gguf_tensors(nano, weights).items():
        writer.add_tensor(name, weight.astype(np.float16 if weight.ndim == 2 else np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_tokenizer(writer: gguf.GGUFWriter, tokenizer: Tokenizer) -> None:
    numbers = tokenizer.get_vocab()
    tokens = sorted(numbers, key=numbers.__getitem__)
    kinds = {**dict.fromkeys(SPECIAL, gguf.TokenType.CONTROL), **dict.fromkeys(MARKERS, gguf.TokenType.USER_DEFINED)}
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(LLAMACPP_PRE)
    writer.add_token_list(tokens)
    writer.add_token_types([kinds.get(token, gguf.TokenType.NORMAL) for token in tokens])
    writer.add_token_merges([" ".join(pair) for pair in merges])
    writer.add_bos_token_id(numbers[END_OF_TEXT])
    writer.add_eos_token_id(numbers[END])
    writer.add_add_bos_token(False)


GGUF_NAMES = {
    "attention_norm": "attn_norm",
    "query": "attn_q",
    "key": "attn_k",
    "value": "attn_v",
    "output": "attn_output",
    "feed_forward_norm": "ffn_norm",
    "gate": "ffn_gate",
    "up": "ffn_up",
    "down": "ffn_down",
}
MLX_NAMES = {
    "attention_norm": "input_layernorm",
    "query": "self_attn.q_proj",
    "key": "self_attn.k_proj",
    "value": "self_attn.v_proj",
    "output": "self_attn.o_proj",
    "feed_forward_norm": "post_attention_layernorm",
    "gate": "mlp.gate_proj",
    "up": "mlp.up_proj",
    "down": "mlp.down_proj",
}


def _gguf_tensors(nano: Nano, weights: dict[str, Matrix]) -> dict[str, Matrix]:
    tensors = {"token_embd.weight": weights["embedding.weight"], "output_norm.weight": weights["norm.weight"]}
    for layer in range(nano.shape.layers):
        for ours, theirs in GGUF_NAMES.items():
            weight = weights[f"layers.{layer}.{ours}.weight"]
            tensors[f"blk.{layer}.{theirs}.weight"] = (
                _interleaved(weight, nano.shape.heads) if ours in ("query", "key") else weight
            )
    return tensors


def _interleaved(weight: Matrix, heads: int) -> Matrix:
    """RoPE turns neighbouring dimensions in llama.cpp's llama, and the two halves in Hugging Face's."""
    rows, columns = weight.shape
    return weight.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def _export_mlx(nano: Nano, weights: dict[str, Matrix], tokenizer: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shape = nano.shape
    tensors = {"model.embed_tokens.weight": weights["embedding.weight"], "model.norm.weight": weights["norm.weight"]}
    for layer in range(shape.layers):
        for ours, theirs in MLX_NAMES.items():
            tensors[f"model.layers.{layer}.{theirs}.weight"] = weights[f"layers.{layer}.{ours}.weight"]
    save_file({name: weight.astype(np.float16) for name, weight in tensors.items()}, folder / "model.safetensors")
    ids = Tokenizer.from_file(str(tokenizer))
    bos, eos = ids.token_to_id(END_OF_TEXT), ids.token_to_id(END)
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": shape.hidden,
        "intermediate_size": shape.feed_forward,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.heads,
        "head_dim": shape.head,
        "rms_norm_eps": EPSILON,
        "rope_theta": ROPE_BASE,
        "vocab_size": shape.vocabulary,
        "max_position_embeddings": CONTEXT,
        "tie_word_embeddings": True,
        "torch_dtype": "float16",
        "bos_token_id": bos,
        "eos_token_id": eos,
    }
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": END_OF_TEXT,
        "eos_token": END,
        "add_bos_token": False,
        "clean_up_tokenization_spaces": False,
        "model_max_length": CONTEXT,
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n")
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": eos, "do_sample": False}) + "\n")
    shutil.copyfile(tokenizer, folder / "tokenizer.json")
    shutil.copyfile(TEMPLATE, folder / "chat_template.jinja")
