"""Makes random-weight GGUF models: real files for the real engine, deterministic, without torch or a download.

They write noise. What they are for is everything but meaning: prefill, decode, tokens, templates, caches, crashes.
Run as `python tests/make_model.py tiny out.gguf`; `SHAPES` lists what can be made.
"""

from __future__ import annotations

import argparse
import os
import pydoc_data.topics
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

SPECIAL_TOKENS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
MARKER_TOKENS = ["<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>"]

CHATML_WITH_HERMES_TOOLS = """\
{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {%- if messages[0].role == 'system' %}{{- messages[0].content + '\\n\\n' }}{%- endif %}
    {{- "# Tools\\n\\nYou may call one or more functions to assist with the user query.\\n\\n" }}
    {{- "You are provided with function signatures within <tools></tools> XML tags:\\n<tools>" }}
    {%- for tool in tools %}{{- "\\n" }}{{- tool | tojson }}{%- endfor %}
    {{- "\\n</tools>\\n\\nFor each function call, return a json object with function name and arguments " }}
    {{- "within <tool_call></tool_call> XML tags:\\n<tool_call>\\n" }}
    {{- '{"name": <function-name>, "arguments": <args-json-object>}' }}
    {{- "\\n</tool_call><|im_end|>\\n" }}
{%- elif messages[0].role == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
    {%- if message.role == 'user' or (message.role == 'system' and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
    {%- elif message.role == 'assistant' %}
        {{- '<|im_start|>assistant\\n' + (message.content or '') }}
        {%- for call in message.tool_calls or [] %}
            {{- '\\n<tool_call>\\n{"name": "' + call.function.name + '", "arguments": ' }}
            {{- call.function.arguments | tojson }}
            {{- '}\\n</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\\n' }}
    {%- elif message.role == 'tool' %}
        {%- if loop.previtem.role != 'tool' %}{{- '<|im_start|>user' }}{%- endif %}
        {{- '\\n<tool_response>\\n' + message.content + '\\n</tool_response>' }}
        {%- if loop.last or loop.nextitem.role != 'tool' %}{{- '<|im_end|>\\n' }}{%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}
"""

ATTENTION_SCALE, FEED_FORWARD_SCALE = 0.1, 3.0
"""Flash attention on a CPU rounds differently for one token and for many. With these scales that noise stays far below
the gaps between the best tokens, so a greedy answer is the same however it is cut (60 of 60 runs; at 1.0 and 1.0, 17 of
20), and the output does not repeat itself (250 distinct tokens of 300 instead of 70)."""


@dataclass(frozen=True)
class Shape:
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    feed_forward: int
    vocabulary: int
    half: bool
    context: int = 131072

    @property
    def head(self) -> int:
        return self.hidden // self.heads


SHAPES = {
    "tiny": Shape(128, 4, 4, 2, 384, 4096, half=False),
    "mid": Shape(768, 12, 12, 4, 2048, 16384, half=True),
}


def make_model(kind: str, path: Path, chat_template: str | None = CHATML_WITH_HERMES_TOOLS) -> Path:
    """Write the model to `path` (atomically) and return it. `chat_template=None` leaves the template out."""
    shape = SHAPES[kind]
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=".making-")
    os.close(handle)
    writer = gguf.GGUFWriter(scratch, "llama")
    _write_header(writer, kind, shape, chat_template)
    for name, weights in _tensors(shape):
        writer.add_tensor(name, weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    os.replace(scratch, path)
    return path


def train_tokenizer(vocabulary: int) -> Tokenizer:
    """A byte-level BPE over the English text and the code that every Python carries."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - len(MARKER_TOKENS),
        special_tokens=SPECIAL_TOKENS,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_corpus(), trainer)
    return tokenizer


def _corpus() -> Iterator[str]:
    yield from pydoc_data.topics.topics.values()
    library = Path(argparse.__file__).parent
    for module in sorted(library.glob("[a-d]*.py")):
        yield module.read_text(encoding="utf-8")


def _write_header(writer: gguf.GGUFWriter, kind: str, shape: Shape, chat_template: str | None) -> None:
    writer.add_name(f"Pensieve {kind} noise (random weights)")
    writer.add_description("Random weights for trying the server: it writes noise, not sense.")
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.hidden)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_rope_dimension_count(shape.head)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_file_type(1 if shape.half else 0)

    tokenizer = train_tokenizer(shape.vocabulary)
    vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    tokens = [token for token, _ in vocabulary] + MARKER_TOKENS
    kinds = [gguf.TokenType.CONTROL if token in SPECIAL_TOKENS else gguf.TokenType.NORMAL for token, _ in vocabulary]
    kinds += [gguf.TokenType.USER_DEFINED] * len(MARKER_TOKENS)
    assert len(tokens) == shape.vocabulary, "the text is too short for so many tokens"
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(_merges(tokenizer))
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(False)
    if chat_template is not None:
        writer.add_chat_template(chat_template)


def _merges(tokenizer: Tokenizer) -> list[str]:
    import json

    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return [pair if isinstance(pair, str) else " ".join(pair) for pair in merges]


def _tensors(shape: Shape) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    random = np.random.default_rng(7)
    matrix_type = np.float16 if shape.half else np.float32

    def matrix(rows: int, columns: int, scale: float = 1.0) -> np.ndarray[Any, Any]:
        weights = random.standard_normal((rows, columns), dtype=np.float32)
        scaled: np.ndarray[Any, Any] = (weights * (scale / np.sqrt(columns))).astype(matrix_type)
        return scaled

    ones = np.ones(shape.hidden, dtype=np.float32)
    embeddings = matrix(shape.vocabulary, shape.hidden)
    # Logits are products with these rows: with special tokens at 0 the noise neither ends nor calls a tool by itself.
    embeddings[: len(SPECIAL_TOKENS)] = 0
    embeddings[shape.vocabulary - len(MARKER_TOKENS) :] = 0
    yield "token_embd.weight", embeddings
    yield "output_norm.weight", ones
    for layer in range(shape.layers):
        block = f"blk.{layer}"
        yield f"{block}.attn_norm.weight", ones
        yield f"{block}.attn_q.weight", matrix(shape.heads * shape.head, shape.hidden)
        yield f"{block}.attn_k.weight", matrix(shape.kv_heads * shape.head, shape.hidden)
        yield f"{block}.attn_v.weight", matrix(shape.kv_heads * shape.head, shape.hidden)
        yield f"{block}.attn_output.weight", matrix(shape.hidden, shape.heads * shape.head, ATTENTION_SCALE)
        yield f"{block}.ffn_norm.weight", ones
        yield f"{block}.ffn_gate.weight", matrix(shape.feed_forward, shape.hidden)
        yield f"{block}.ffn_up.weight", matrix(shape.feed_forward, shape.hidden)
        yield f"{block}.ffn_down.weight", matrix(shape.hidden, shape.feed_forward, FEED_FORWARD_SCALE)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=sorted(SHAPES))
    parser.add_argument("path", type=Path)
    arguments = parser.parse_args()
    print(make_model(arguments.kind, arguments.path))
