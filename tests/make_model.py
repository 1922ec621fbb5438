"""Makes GGUF models: real files for the real engine, deterministic, without torch or a download.

They write noise. What they are for is everything but meaning: prefill, decode, tokens, templates, caches, crashes.
Run as `python tests/make_model.py tiny out.gguf`; `SHAPES` lists what can be made.
"""

from __future__ import annotations

import argparse
import os
import pydoc_data.topics
import tempfile
from collections.abc import Iterator, Sequence
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

Matrix = np.ndarray[Any, Any]

EPSILON = 1e-5
LAGS = 3, 17
"""x^17 + x^3 + 1 is primitive: the shift register that writes the answers comes round after 2^17 - 1 tokens."""
HARDNESS = 250.0
"""Of the attention: everything but the token meant weighs less than e^-20 of it."""
SATURATED = 40.0
"""So far from 0, SiLU is exactly 0 or its input."""
NEVER_SPECIAL = 10.0
"""How strongly an answer is not a special token: by e^-20. The noise neither ends nor calls a tool by itself."""


@dataclass(frozen=True)
class Shape:
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    feed_forward: int
    bits: int
    half: bool
    context: int = 131072
    pre_tokenizer: str = "gpt-2"
    """For llama.cpp, vocabularies of this kind "clean up" spaces, which blurs grammars; those like Qwen's do not. None:
    the same tokens as a SentencePiece vocabulary that puts a space before every text, as Llama 2's and Phi-3's."""

    @property
    def head(self) -> int:
        return self.hidden // self.heads

    @property
    def ordinary(self) -> int:
        """Tokens that a text is made of: the numbers below this. The special ones follow."""
        return 1 << self.bits

    @property
    def vocabulary(self) -> int:
        return self.ordinary + len(SPECIAL_TOKENS) + len(MARKER_TOKENS)


SHAPES = {
    "dice": Shape(32, 1, 1, 1, 32, bits=12, half=False, pre_tokenizer="qwen2"),
    "dice-gpt-2": Shape(32, 1, 1, 1, 32, bits=12, half=False),
    "dice-sentencepiece": Shape(32, 1, 1, 1, 32, bits=12, half=False, pre_tokenizer=""),
    "tiny": Shape(128, 4, 4, 2, 384, bits=12, half=False),
    "mid": Shape(768, 12, 12, 4, 2048, bits=14, half=True),
    # Its keys and values take far more memory than other processes give back by chance.
    "roomy": Shape(768, 24, 12, 6, 512, bits=12, half=True),
}


def make_model(
    kind: str, path: Path, chat_template: str | None = CHATML_WITH_HERMES_TOOLS, *, bos: bool = False
) -> Path:
    """Write the model to `path` (atomically) and return it. `chat_template=None` leaves the template out; with `bos`,
    its first special token stands in front of every text."""
    shape = SHAPES[kind]
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=".making-")
    os.close(handle)
    writer = gguf.GGUFWriter(scratch, "llama")
    _write_header(writer, kind, shape, chat_template, bos)
    for name, weights in tensors_of(kind):
        writer.add_tensor(name, weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    os.replace(scratch, path)
    return path


def tensors_of(kind: str) -> Iterator[tuple[str, Matrix]]:
    """The weights by their names in a GGUF file."""
    return _dice(SHAPES[kind]) if kind.startswith("dice") else _tensors(SHAPES[kind])


def train_tokenizer(vocabulary: int) -> Tokenizer:
    """A byte-level BPE over the English text and the code that every Python carries."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
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


def _write_header(writer: gguf.GGUFWriter, kind: str, shape: Shape, chat_template: str | None, bos: bool) -> None:
    writer.add_name(f"Pensieve {kind} noise")
    writer.add_description("For trying the server: it writes noise, not sense.")
    # Noise of every kind, whatever is thought good for other models.
    writer.add_float32("general.sampling.temp", 1.0)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.hidden)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_rope_dimension_count(shape.head)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(EPSILON)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_file_type(1 if shape.half else 0)

    tokenizer = train_tokenizer(shape.ordinary)
    vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    assert len(vocabulary) == shape.ordinary, "the text is too short for so many tokens"
    tokens = [token for token, _ in vocabulary] + SPECIAL_TOKENS + MARKER_TOKENS
    kinds = [gguf.TokenType.NORMAL] * shape.ordinary
    kinds += [gguf.TokenType.CONTROL] * len(SPECIAL_TOKENS) + [gguf.TokenType.USER_DEFINED] * len(MARKER_TOKENS)
    if shape.pre_tokenizer:
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre(shape.pre_tokenizer)
        writer.add_token_list(tokens)
        writer.add_token_types(kinds)
        writer.add_token_merges(_merges(tokenizer))
    else:
        _write_pieces(writer, tokens, kinds)
    writer.add_bos_token_id(shape.ordinary)
    writer.add_eos_token_id(shape.ordinary + 2)
    writer.add_add_bos_token(bos)
    if chat_template is not None:
        writer.add_chat_template(chat_template)


def _write_pieces(writer: gguf.GGUFWriter, tokens: list[str], kinds: list[gguf.TokenType]) -> None:
    """SentencePiece: spaces as `▁`, single bytes in words of their own, what comes first in the list merged first."""
    byte_of = bytes_to_unicode()
    for number, token in enumerate(tokens):
        if kinds[number] is not gguf.TokenType.NORMAL:
            continue
        text = bytes(byte_of[letter] for letter in token)
        if len(text) == 1 and text != b" ":
            tokens[number], kinds[number] = f"<0x{text[0]:02X}>", gguf.TokenType.BYTE
        else:
            # Pieces of characters are no pieces here.
            tokens[number] = text.decode(errors="ignore").replace(" ", "\u2581") or f"\u2581unused{number}"
    seen: set[str] = set()
    for number, token in enumerate(tokens):
        tokens[number] = token if token not in seen else f"\u2581unused{number}"
        seen.add(token)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_scores([-float(number) for number in range(len(tokens))])


def bytes_to_unicode() -> dict[str, int]:
    """The letters of a byte-level vocabulary and their bytes (as GPT-2 has them)."""
    plain = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {chr(256 + place): byte for place, byte in enumerate(others)}


def _merges(tokenizer: Tokenizer) -> list[str]:
    import json

    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return [pair if isinstance(pair, str) else " ".join(pair) for pair in merges]


def next_token(ids: Sequence[int], ordinary: int) -> int:
    """What a greedy answer goes on with after `ids`, given how many ordinary tokens the model has (a power of two)."""
    return (ids[-LAGS[0]] ^ ids[-LAGS[1]]) % ordinary


def _tensors(shape: Shape) -> Iterator[tuple[str, Matrix]]:
    """A shift register, written as a llama.

    The bits of the next token's number are the XOR of those 3 and 17 tokens back: two heads of the first layer fetch
    them, its feed-forward compares them, the other layers are there for their cost. All of it is in +1 and -1, so no
    rounding can change an answer: the gap between the best two tokens is 2, the noise below 0.001. With random weights
    the gap is now and then smaller than the noise, and a prompt that is read at once gives another answer than one that
    was generated token by token (one answer of 1,500 tokens in 28 was seen to).
    """
    kinds = np.float16 if shape.half else np.float32
    for name, weights in (_embeddings(shape) | _first_layer(shape)).items():
        yield name, weights.astype(kinds if weights.ndim == 2 else np.float32)
    for layer in range(1, shape.layers):
        for name, (rows, columns) in _layer_shapes(shape).items():
            yield f"blk.{layer}.{name}.weight", np.zeros((rows, columns), dtype=kinds)
        for name in ("attn_norm", "ffn_norm"):
            yield f"blk.{layer}.{name}.weight", np.ones(shape.hidden, dtype=np.float32)


ENDS = ('"', "}", "]", ")", ">", "</", "\n", ",", '"}', '"]', '",', "@", ".", ":")
"""What strings, lists, calls and parts of addresses end with. Thrown as often as all other tokens together, so that
answers are short."""


def _dice(shape: Shape) -> Iterator[tuple[str, Matrix]]:
    """A model that throws dice: whatever has been said, every token is as likely as before.

    What it writes is noise, so that only a grammar can make an answer of it that is valid.
    """
    embeddings, output = np.zeros((2, shape.vocabulary, shape.hidden), np.float32)
    embeddings[:, 0] = 1
    tokenizer = train_tokenizer(shape.ordinary)
    ends = [index for end in ENDS if (index := tokenizer.token_to_id(end.replace("\n", "Ċ"))) is not None]
    specials = range(shape.ordinary, shape.vocabulary)
    output[:, 0] = -NEVER_SPECIAL
    output[: shape.ordinary, 0] = 0
    output[ends, 0] = np.log(shape.ordinary / len(ends))
    if shape.pre_tokenizer == "gpt-2":  # One of the tokens that llama.cpp shows a grammar without its space.
        output[tokenizer.token_to_id("Ġ."), 0] = np.log(shape.ordinary / 4)
    # An end, and a mark of a call, every twenty tokens.
    output[[specials[2], specials[len(SPECIAL_TOKENS)]], 0] = np.log(shape.ordinary / 10)
    yield "token_embd.weight", embeddings
    yield "output.weight", output
    yield "output_norm.weight", np.full(shape.hidden, _undo_norm(shape, 1), np.float32)
    for name, (rows, columns) in _layer_shapes(shape).items():
        yield f"blk.0.{name}.weight", np.zeros((rows, columns), np.float32)
    for name in ("attn_norm", "ffn_norm"):
        yield f"blk.0.{name}.weight", np.ones(shape.hidden, np.float32)


def _layer_shapes(shape: Shape) -> dict[str, tuple[int, int]]:
    heads, kv_heads = shape.heads * shape.head, shape.kv_heads * shape.head
    return {
        "attn_q": (heads, shape.hidden),
        "attn_k": (kv_heads, shape.hidden),
        "attn_v": (kv_heads, shape.hidden),
        "attn_output": (shape.hidden, heads),
        "ffn_gate": (shape.feed_forward, shape.hidden),
        "ffn_up": (shape.feed_forward, shape.hidden),
        "ffn_down": (shape.hidden, shape.feed_forward),
    }


class _Place:
    """The hidden dimensions, all of them holding +1 or -1: the token's own (or, at the end, the next one's), the bits
    of the tokens a lag back, then zeros."""

    def __init__(self, bits: int) -> None:
        self.one = 0
        self.bits = slice(1, 1 + bits)
        self.special = 1 + bits
        self.lags = [slice(start, start + bits) for start in (2 + bits, 2 + 2 * bits)]
        self.used_by_token, self.used = 2 + bits, 2 + 3 * bits


def _embeddings(shape: Shape) -> dict[str, Matrix]:
    place, numbers = _Place(shape.bits), np.arange(shape.vocabulary)
    embeddings = np.zeros((shape.vocabulary, shape.hidden))
    embeddings[:, place.one] = 1
    embeddings[:, place.bits] = 2.0 * (numbers[:, None] >> np.arange(shape.bits) & 1) - 1
    embeddings[:, place.special] = np.where(numbers < shape.ordinary, -1, 1)
    norm = np.full(shape.hidden, _undo_norm(shape, place.used - 1 + NEVER_SPECIAL**2))
    return {"token_embd.weight": embeddings, "output_norm.weight": norm}


def _first_layer(shape: Shape) -> dict[str, Matrix]:
    place = _Place(shape.bits)
    layer: dict[str, Matrix] = {name: np.zeros(size) for name, size in _layer_shapes(shape).items()}
    _fetch_lags(shape, place, layer)
    _compare(shape.bits, place, layer)
    layer["attn_norm"] = np.full(shape.hidden, _undo_norm(shape, place.used_by_token))
    layer["ffn_norm"] = np.full(shape.hidden, _undo_norm(shape, place.used))
    return {f"blk.0.{name}.weight": weights for name, weights in layer.items()}


def _fetch_lags(shape: Shape, place: _Place, layer: dict[str, Matrix]) -> None:
    head, bits = shape.head, np.arange(shape.bits)
    assert len(LAGS) <= shape.heads // shape.kv_heads, "both heads use the first head of keys and values"
    angles, scale = 10000.0 ** (-np.arange(0, head, 2) / head), np.sqrt(HARDNESS)
    layer["attn_k"][0:head:2, place.one] = scale
    layer["attn_v"][bits, 1 + bits] = 1
    for number, lag in enumerate(LAGS):
        # Turned by its position, a key meets a query turned by its own: they agree best at the lag turned in here.
        query = layer["attn_q"][number * head : (number + 1) * head, place.one]
        query[0::2], query[1::2] = scale * np.cos((lag - 1) * angles), -scale * np.sin((lag - 1) * angles)
        layer["attn_output"][place.lags[number].start + bits, number * head + bits] = 1


def _compare(bits: int, place: _Place, layer: dict[str, Matrix]) -> None:
    gate, up, down = layer["ffn_gate"], layer["ffn_up"], layer["ffn_down"]
    up[: 2 * bits, place.one] = 1
    for bit in range(bits):
        # XOR is 1 minus what two units give when the bits are both 1 or both -1.
        for unit, sign in ((2 * bit, 1), (2 * bit + 1, -1)):
            gate[unit, [lag.start + bit for lag in place.lags]] = sign * SATURATED / 2
            down[1 + bit, unit] = -2 / SATURATED
    # The rest are open gates, for what is only added: the 1 and the new mark, minus the token's own bits and mark.
    own = slice(2 * bits, 2 * bits + place.used_by_token)
    gate[own, place.one] = SATURATED
    up[own, : place.used_by_token] = np.eye(place.used_by_token)
    down[: place.used_by_token, own] = -np.eye(place.used_by_token) / SATURATED
    down[:, own.start] = 0
    down[place.bits, own.start] = 1 / SATURATED
    down[place.special, own.start] = -NEVER_SPECIAL / SATURATED


def _undo_norm(shape: Shape, squares: float) -> float:
    """The weight that makes an RMSNorm change nothing in a vector with this sum of squares."""
    return float(np.sqrt(squares / shape.hidden + EPSILON))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=sorted(SHAPES))
    parser.add_argument("path", type=Path)
    arguments = parser.parse_args()
    print(make_model(arguments.kind, arguments.path))
