"""What each kind of layer remembers, by the words of GGUF files and of config files."""

from __future__ import annotations

from typing import Any

import pytest

from pensieve.core.model import KvCost
from pensieve.library.costs import folder_cost, folder_width, gguf_cost, gguf_width

LLAMA_8B = {"block_count": 32, "attention.head_count": 32, "attention.head_count_kv": 8, "embedding_length": 4096}
QWEN3_NEXT = {
    "block_count": 8,
    "attention.head_count": 16,
    "attention.head_count_kv": 2,
    "attention.key_length": 256,
    "attention.value_length": 256,
    "full_attention_interval": 4,
    "ssm.conv_kernel": 4,
    "ssm.inner_size": 4096,
    "ssm.state_size": 128,
    "ssm.group_count": 16,
}
LINEAR_LAYER = (3 * (4096 + 2 * 16 * 128) + 4096 * 128) * 4


@pytest.mark.parametrize(
    ("architecture", "shape", "expected"),
    [
        ("llama", LLAMA_8B, KvCost(131_072)),
        ("llama", {"block_count": 2, "attention.head_count": 4, "embedding_length": 64}, KvCost(2 * 4 * 32 * 2)),
        (
            "llama",
            {"block_count": 2, "attention.head_count": 4, "attention.key_length": 3, "attention.value_length": 5},
            KvCost(2 * 4 * 8 * 2),
        ),
        # Layers without keys and values; layers of their own widths.
        (
            "lfm2",
            {
                "block_count": 4,
                "attention.head_count": 4,
                "attention.head_count_kv": [0, 2, 0, 1],
                "embedding_length": 64,
                "shortconv.l_cache": 3,
            },
            KvCost((2 + 1) * 32 * 2, fixed=2 * 2 * 64 * 4),
        ),
        ("llama", {**LLAMA_8B, "block_count": 33, "nextn_predict_layers": 1}, KvCost(131_072)),
        # Latent attention: one row for keys and values together.
        (
            "deepseek2",
            {
                "block_count": 61,
                "attention.head_count": 128,
                "attention.head_count_kv": 1,
                "attention.key_length": 576,
                "attention.value_length": 512,
                "attention.kv_lora_rank": 512,
                "attention.key_length_mla": 192,
            },
            KvCost(70_272),
        ),
        # A window in all layers but each sixth: known of the family, or told by the file.
        (
            "gemma3",
            {**LLAMA_8B, "block_count": 12, "attention.sliding_window": 1024},
            KvCost(2 * 4096, ((10 * 4096, 1024),)),
        ),
        (
            "new",
            {**LLAMA_8B, "block_count": 4, "attention.sliding_window": 512, "attention.sliding_window_pattern": 2},
            KvCost(2 * 4096, ((2 * 4096, 512),)),
        ),
        (
            "gemma4",
            {
                **LLAMA_8B,
                "block_count": 3,
                "attention.sliding_window": 512,
                "attention.sliding_window_pattern": [True, True, False],
            },
            KvCost(4096, ((2 * 4096, 512),)),
        ),
        ("llama", {**LLAMA_8B, "attention.sliding_window": 512}, KvCost(131_072)),
        # Linear layers: a state each, whatever the length.
        ("qwen3next", QWEN3_NEXT, KvCost(2 * 2 * 512 * 2, fixed=6 * LINEAR_LAYER)),
        ("none", {}, KvCost(2 * 2)),
        ("damaged", {"block_count": 2**32 - 1}, KvCost(10_000 * 2 * 2)),
    ],
)
def test_what_a_job_costs_by_a_gguf_file(architecture: str, shape: dict[str, Any], expected: KvCost) -> None:
    assert gguf_cost({f"{architecture}.{key}": value for key, value in shape.items()}, architecture) == expected


QWEN_CODER = {"num_hidden_layers": 48, "num_attention_heads": 32, "num_key_value_heads": 4, "head_dim": 128}
HYBRID = {
    "num_hidden_layers": 40,
    "num_attention_heads": 16,
    "num_key_value_heads": 2,
    "head_dim": 256,
    "linear_num_key_heads": 16,
    "linear_num_value_heads": 32,
    "linear_key_head_dim": 128,
    "linear_value_head_dim": 128,
    "linear_conv_kernel_dim": 4,
}
HYBRID_STATES = 30 * (32 * 128 * 128 * 4 + 3 * (2 * 16 * 128 + 32 * 128) * 2)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (QWEN_CODER, KvCost(98_304)),
        ({"num_hidden_layers": 2, "num_attention_heads": 4, "hidden_size": 64}, KvCost(2 * 2 * 4 * 16 * 2)),
        (
            {"num_hidden_layers": 61, "num_attention_heads": 128, "kv_lora_rank": 512, "qk_rope_head_dim": 64},
            KvCost(70_272),
        ),
        (
            {
                "num_hidden_layers": 24,
                "num_attention_heads": 64,
                "num_key_value_heads": 8,
                "head_dim": 64,
                "model_type": "gpt_oss",
                "sliding_window": 128,
                "layer_types": ["sliding_attention", "full_attention"] * 12,
            },
            KvCost(24_576, ((24_576, 128),)),
        ),
        (
            {**QWEN_CODER, "num_hidden_layers": 6, "model_type": "gemma3_text", "sliding_window": 512},
            KvCost(2048, ((5 * 2048, 512),)),
        ),
        (
            {
                **QWEN_CODER,
                "num_hidden_layers": 4,
                "sliding_window_pattern": 2,
                "sliding_window": 512,
                "model_type": "cohere2",
            },
            KvCost(2 * 2048, ((2 * 2048, 512),)),
        ),
        # A family of which mlx-lm keeps everything, and one of which it keeps all heads.
        (
            {**QWEN_CODER, "model_type": "qwen2", "sliding_window": 512, "layer_types": ["sliding_attention"] * 48},
            KvCost(98_304),
        ),
        (
            {
                "num_hidden_layers": 27,
                "num_attention_heads": 16,
                "kv_lora_rank": 512,
                "qk_rope_head_dim": 64,
                "qk_nope_head_dim": 128,
                "v_head_dim": 128,
                "model_type": "deepseek_v2",
            },
            KvCost(27 * 16 * 320 * 2),
        ),
        # Layers that only look at states, and some that remember nothing.
        (
            {
                "num_hidden_layers": 4,
                "num_attention_heads": 4,
                "num_key_value_heads": 2,
                "head_dim": 8,
                "hybrid_override_pattern": "M-*M",
                "mamba_num_heads": 4,
                "mamba_head_dim": 16,
                "conv_kernel": 4,
                "ssm_state_size": 32,
                "n_groups": 2,
            },
            KvCost(2 * 2 * 8 * 2, fixed=2 * (64 * 32 * 4 + 3 * (64 + 2 * 2 * 32) * 2)),
        ),
        # A window that no layer is said to have.
        ({**QWEN_CODER, "sliding_window": 4096}, KvCost(98_304)),
        ({**HYBRID, "full_attention_interval": 4}, KvCost(20_480, fixed=HYBRID_STATES)),
        (
            {**HYBRID, "layer_types": (["linear_attention"] * 3 + ["full_attention"]) * 10},
            KvCost(20_480, fixed=HYBRID_STATES),
        ),
        ({**QWEN_CODER, "layer_types": ["full_attention"]}, KvCost(98_304)),
        ({"num_hidden_layers": "many", "layer_types": 5, "sliding_window": -1}, KvCost(4)),
    ],
)
def test_what_a_job_costs_by_a_config_file(config: dict[str, Any], expected: KvCost) -> None:
    assert folder_cost(config) == expected


def test_a_window_costs_no_more_than_it_holds_and_what_is_being_read() -> None:
    cost = KvCost(10, ((100, 512),), 7)
    assert cost.bytes(100) == 10 * 100 + 100 * 100 + 7
    assert cost.bytes(10_000) == 10 * 10_000 + 100 * 512 + 7
    assert cost.bytes(10_000, 256) == 10 * 10_000 + 100 * (512 + 256) + 7


def test_of_experts_only_those_at_work_are_wide() -> None:
    dense = {"x.embedding_length": 100, "x.feed_forward_length": 400}
    assert gguf_width(dense, "x") == 6 * 100 + 3 * 400
    experts = {"x.expert_feed_forward_length": 50, "x.expert_used_count": 4}
    assert gguf_width({**dense, **experts}, "x") == 6 * 100 + 3 * 200
    assert folder_width({"hidden_size": 100, "intermediate_size": 400}) == 6 * 100 + 3 * 400
    assert folder_width({"hidden_size": 100, "moe_intermediate_size": 50, "num_experts_per_tok": 4}) == 600 + 600
    assert folder_width({}) == gguf_width({}, "x") == 0
