"""What a model remembers per token, layer by layer, from what its file says: GGUF keys, or the config of a folder.

After the caches that llama.cpp (src/llama-kv-cache*.cpp, llama-memory-recurrent.cpp) and mlx-lm (models/cache.py) make.
What a file does not tell is taken as a layer that remembers everything: too much, never too little.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pensieve.core.model import KvCost

Fields = dict[str, Any]

_KV_BYTES, _STATE_BYTES = 2, 4
"""Of one number: keys and values are f16, the states of linear layers f32."""
MLX_WINDOWS = frozenset(
    (
        *("afmoe", "cohere2", "exaone4", "exaone_moe", "gemma3_text", "gemma3n_text", "gemma4_text", "gpt_oss"),
        *("laguna", "llama", "llama4_text", "mellum", "mimo_v2_flash", "ministral3", "mistral", "olmo3", "plamo3"),
        "step3p5",
    )
)
"""Families whose windows mlx-lm makes use of; of others it keeps everything."""
WHOLE_HEADS = frozenset(("deepseek_v2", "minicpm3", "youtu_llm"))
"""Families with latent attention of which mlx-lm keeps the keys and values of all heads."""
MOST_LAYERS = 10_000
"""No model has as many; a damaged file may say so."""
WINDOW_PERIODS = {
    "gemma2": 2,
    "gpt-oss": 2,
    "cohere2": 4,
    "exaone4": 4,
    "olmo2": 4,
    "afmoe": 4,
    "smallthinker": 4,
    "gemma3n": 5,
    "gemma3": 6,
    "gemma3_text": 6,
    "plamo3": 8,
}
"""One layer of so many sees everything, the last of them; the others see a window. Known to the libraries, not told by
every file."""


def gguf_cost(metadata: Fields, architecture: str) -> KvCost:
    def value(key: str) -> Any:
        return metadata.get(f"{architecture}.{key}")

    def number(key: str, default: int = 0) -> int:
        return _number(value(key), default)

    layers = _layers(number("block_count", 1) - number("nextn_predict_layers"))
    heads = number("attention.head_count", 1)
    head = number("embedding_length", 1) // heads
    key, val = number("attention.key_length", head), number("attention.value_length", head)
    if number("attention.key_length_mla") and number("attention.kv_lora_rank"):
        # Latent attention: the values are a part of the keys.
        val = 0
    windowed = _windowed(value("attention.sliding_window_pattern"), architecture, layers)
    window = number("attention.sliding_window")
    every = number("full_attention_interval")
    conv = max(0, number("ssm.conv_kernel") - 1)
    inner, state, groups = number("ssm.inner_size"), number("ssm.state_size"), number("ssm.group_count")
    short = max(0, number("shortconv.l_cache") - 1) * number("embedding_length")
    fixed = (conv * (inner + 2 * groups * state) + inner * state + short) * _STATE_BYTES

    def layer(index: int) -> KvCost:
        kv_heads = _at(value("attention.head_count_kv"), index, heads)
        if kv_heads == 0 or (every and (index + 1) % every):
            return KvCost(0, fixed=fixed)
        per_token = kv_heads * (key + val) * _KV_BYTES
        return KvCost(0, ((per_token, window),)) if window and windowed(index) else KvCost(per_token)

    return _sum(layer(index) for index in range(layers))


def folder_cost(config: Fields) -> KvCost:
    def number(key: str, default: int = 0) -> int:
        return _number(config.get(key), default)

    family = str(config.get("model_type", ""))
    layers = _layers(number("num_hidden_layers", number("num_layers", 1)))
    windowed = _windowed(config.get("sliding_window_pattern"), family, layers)
    window = number("sliding_window") if family in MLX_WINDOWS else 0
    per_token, fixed, kinds = _folder_row(config, family), _folder_state(config), _kinds(config, layers)

    def layer(index: int) -> KvCost:
        kind = kinds[index]
        if kind in ("linear_attention", "conv", "mamba"):
            return KvCost(0, fixed=fixed)
        if kind == "nothing":
            return KvCost(0)
        sees_window = kind in ("sliding_attention", "chunked_attention") or (not kind and windowed(index))
        return KvCost(0, ((per_token, window),)) if window and sees_window else KvCost(per_token)

    return _sum(layer(index) for index in range(layers))


def _folder_row(config: Fields, family: str) -> int:
    """Bytes per token of one layer that has keys and values."""

    def number(key: str, default: int = 0) -> int:
        return _number(config.get(key), default)

    heads = number("num_attention_heads", 1)
    head = number("head_dim", number("hidden_size", 1) // heads)
    if number("kv_lora_rank"):
        if family in WHOLE_HEADS:
            widths = number("qk_nope_head_dim") + number("qk_rope_head_dim") + number("v_head_dim")
            return heads * widths * _KV_BYTES
        return (number("kv_lora_rank") + number("qk_rope_head_dim") + 2 * number("index_head_dim")) * _KV_BYTES
    return 2 * number("num_key_value_heads", heads) * head * _KV_BYTES


def _folder_state(config: Fields) -> int:
    """Bytes of one linear layer: gated delta nets or state spaces, and the last tokens of their convolutions."""

    def number(key: str, default: int = 0) -> int:
        return _number(config.get(key), default)

    keys, values = number("linear_num_key_heads"), number("linear_num_value_heads")
    key, val = number("linear_key_head_dim"), number("linear_value_head_dim")
    conv = max(0, number("linear_conv_kernel_dim") - 1) * (2 * keys * key + values * val)
    inner = number("mamba_n_heads", number("mamba_num_heads")) * number("mamba_d_head", number("mamba_head_dim"))
    space = number("mamba_d_state", number("ssm_state_size"))
    groups = number("mamba_n_groups", number("n_groups"))
    conv += max(0, number("mamba_d_conv", number("conv_kernel")) - 1) * (inner + 2 * groups * space)
    return (values * key * val + inner * space) * _STATE_BYTES + conv * _KV_BYTES


def _kinds(config: Fields, layers: int) -> list[str]:
    """What each layer is called, "" where nobody says."""
    kinds = config.get("layer_types")
    if isinstance(kinds, list) and len(kinds) >= layers:
        return [str(kind) for kind in kinds]
    pattern = config.get("hybrid_override_pattern")
    if isinstance(pattern, str) and len(pattern) >= layers:
        return [{"*": "full_attention", "M": "mamba"}.get(mark, "nothing") for mark in pattern]
    every = _number(config.get("full_attention_interval"), 0)
    return ["linear_attention" if every and (index + 1) % every else "" for index in range(layers)]


def gguf_width(metadata: Fields, architecture: str) -> int:
    def number(key: str) -> int:
        return _number(metadata.get(f"{architecture}.{key}"), 0)

    experts = number("expert_feed_forward_length") * number("expert_used_count")
    return _width(number("embedding_length"), experts or number("feed_forward_length"))


def folder_width(config: Fields) -> int:
    def number(key: str) -> int:
        return _number(config.get(key), 0)

    experts = number("moe_intermediate_size") * number("num_experts_per_tok")
    return _width(number("hidden_size"), experts or number("intermediate_size"))


def _width(hidden: int, inner: int) -> int:
    """What each token of a step holds at a time: a few rows as wide as the model, and three inside a layer's second
    half."""
    return 6 * hidden + 3 * inner


def _sum(layers: Iterable[KvCost]) -> KvCost:
    per_token = fixed = 0
    windows: dict[int, int] = {}
    for layer in layers:
        per_token += layer.per_token
        fixed += layer.fixed
        for width, window in layer.windows:
            windows[window] = windows.get(window, 0) + width
    return KvCost(per_token, tuple((width, window) for window, width in windows.items()), fixed)


def _layers(told: int) -> int:
    return min(max(1, told), MOST_LAYERS)


def _windowed(pattern: Any, architecture: str, layers: int) -> Callable[[int], bool]:
    """Which layers see a window: as the file lists them, or all but the last of each period."""
    if isinstance(pattern, list) and len(pattern) >= layers:
        return lambda index: bool(pattern[index])
    period = _number(pattern, WINDOW_PERIODS.get(architecture, 0))
    return lambda index: bool(period) and index % period < period - 1


def _number(value: Any, default: int) -> int:
    """Of a list, the largest."""
    numbers = value if isinstance(value, list) else [value]
    return max((item for item in numbers if type(item) is int and item > 0), default=default)


def _at(value: Any, index: int, default: int) -> int:
    """A number for all layers, or one for each; 0 is a layer without keys and values."""
    if isinstance(value, list) and index < len(value):
        value = value[index]
        return value if type(value) is int and value >= 0 else default
    return _number(value, default)
