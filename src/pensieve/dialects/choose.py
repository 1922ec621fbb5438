"""Which family a model is of: told by its chat template, never guessed from its output."""

from __future__ import annotations

from msgspec import structs

from pensieve.dialects import families
from pensieve.dialects.forms import Family, Think

_TELLING: tuple[tuple[tuple[str, ...], Family], ...] = (
    (("<|channel|>", "<|message|>"), families.HARMONY),
    (("[TOOL_CALLS]", "[ARGS]"), families.MISTRAL),
    (("[TOOL_CALLS]",), families.MISTRAL_LIST),
    (("<|tool_calls_section_begin|>",), families.KIMI),
    (("tool▁calls▁begin", "```json"), families.DEEPSEEK_V3),
    (("tool▁calls▁begin",), families.DEEPSEEK_V31),
    (("<minimax:tool_call>",), families.MINIMAX),
    # MiniMax M3's own calls are trees of XML that no reader here understands; it is asked for the usual ones.
    (("]<]minimax[>[",), families.PROMPTED),
    (("<seed:tool_call>",), families.SEED),
    (("<arg_key>",), families.GLM),
    (("<function=", "<parameter="), families.QWEN_CODER),
    (("<|tool_call>", "call:"), families.GEMMA),
    (("<TOOLCALL>",), families.NEMOTRON),
    (("<|START_ACTION|>",), families.COMMAND),
    (("<|tool_call_start|>",), families.LFM2),
    (("<tool_call>",), families.HERMES),
    (("<|tool_call|>", "<|/tool_call|>"), families.PHI4),
    (("<|tool_call|>",), families.GRANITE),
    (("<|python_start|>",), families.LLAMA_PYTHON),
    (("[func_name1(",), families.LLAMA_PYTHON),
    (("<|python_tag|>",), families.LLAMA_JSON),
    (('"parameters": dictionary of argument name',), families.LLAMA_JSON),
)
"""The first family whose marks all stand in the template; the more telling come first."""

_THINKS = (*dict.fromkeys(family.think for family in families.FAMILIES if family.think), families.MM_THINK)


def choose_family(template: str) -> Family:
    family = next((family for marks, family in _TELLING if all(mark in template for mark in marks)), families.PROMPTED)
    # A family's own marks first: some templates also name those of others, to remove them.
    marks = (*filter(None, (family.think,)), *_THINKS)
    think = next((think for think in marks if _stands_in(think, template)), None)
    return structs.replace(family, think=None if family is families.HARMONY else think)


def _stands_in(think: Think, template: str) -> bool:
    return think.open.strip() in template or think.close.strip() in template
