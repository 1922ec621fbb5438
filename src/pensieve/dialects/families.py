"""The model families that Pensieve knows: how each writes its calls and marks its thoughts.

A template tells which family it is (`choose`). Whether a template knows thoughts at all is seen there too.
"""

# ruff: noqa: RUF001 (DeepSeek writes its marks with unusual bars)
from __future__ import annotations

from pensieve.dialects.forms import (
    Family,
    GemmaForm,
    HarmonyForm,
    NamedForm,
    ObjectForm,
    PythonForm,
    TaggedForm,
    Think,
)

THINK = Think()
MM_THINK = Think("<mm:think>", "</mm:think>")
"""MiniMax M3's."""

_HERMES = ObjectForm(("<tool_call>",), "</tool_call>")

HERMES = Family("hermes", _HERMES, THINK)
"""Hermes, Qwen 2.5 and 3, and many that were taught like them."""

PROMPTED = Family("prompted", _HERMES, THINK)
"""The template knows no tools: the prompt explains them, in the form that most models have seen."""

PLAIN = Family("plain", None, THINK)
"""Thoughts, but no calls: for a request without tools."""

QWEN_CODER = Family(
    "qwen_coder",
    TaggedForm(
        open="<tool_call>\n",
        close="</tool_call>",
        call_open="<function=",
        call_name_end=">\n",
        call_close="</function>\n",
        key_open="<parameter=",
        key_close=">\n",
        value_close="\n</parameter>\n",
    ),
    THINK,
)
"""Qwen3-Coder, Qwen 3.5, Nemotron 3."""

SEED = Family(
    "seed",
    TaggedForm(
        open="<seed:tool_call>\n",
        close="</seed:tool_call>",
        call_open="<function=",
        call_name_end=">\n",
        call_close="</function>\n",
        key_open="<parameter=",
        key_close=">",
        value_close="</parameter>\n",
    ),
    Think("<seed:think>", "</seed:think>"),
)

GLM = Family(
    "glm",
    TaggedForm(
        open="<tool_call>",
        close="</tool_call>",
        call_open="",
        call_name_end="\n",
        call_close="",
        key_open="<arg_key>",
        key_close="</arg_key>\n<arg_value>",
        value_close="</arg_value>\n",
    ),
    THINK,
)
"""GLM 4.5 to 4.7; the last leaves out the line breaks."""

MINIMAX = Family(
    "minimax",
    TaggedForm(
        open="<minimax:tool_call>\n",
        close="</minimax:tool_call>",
        call_open='<invoke name="',
        call_name_end='">\n',
        call_close="</invoke>\n",
        key_open='<parameter name="',
        key_close='">',
        value_close="</parameter>\n",
        many=True,
    ),
    THINK,
)

GEMMA = Family("gemma", GemmaForm(), Think("<|channel>thought\n", "<channel|>"))

MISTRAL_LIST = Family(
    "mistral_list",
    ObjectForm(("[TOOL_CALLS]",), "", before=" ", after="", between=", ", listed=True),
    Think("[THINK]", "[/THINK]"),
)
"""Mistral before tokenizer 13: 7B v0.3, Nemo, Small 3.1."""

MISTRAL = Family("mistral", NamedForm("[TOOL_CALLS]", "[ARGS]", "", call_id="[CALL_ID]"), Think("[THINK]", "[/THINK]"))
"""Magistral, Devstral and Mistral Small 3.2 and later; some put `[CALL_ID]` and an id behind the name."""

LLAMA_JSON = Family("llama_json", ObjectForm(("<|python_tag|>", ""), "", before="", after="", input_key="parameters"))
"""Llama 3.x. The empty mark: an object at the very start of the answer is a call, anywhere else it is text."""

LLAMA_PYTHON = Family("llama_python", PythonForm(("<|python_start|>[", "["), "]", ("<|python_end|>",)))
"""Llama 4, and Llama 3.2 as it is sometimes taught. A bare list is a call at the very start of the answer alone."""

LFM2 = Family("lfm2", PythonForm(("<|tool_call_start|>[",), "]<|tool_call_end|>"), THINK)

DEEPSEEK_V3 = Family(
    "deepseek_v3",
    NamedForm(
        open="<｜tool▁call▁begin｜>",
        separator="\n```json\n",
        close="\n```<｜tool▁call▁end｜>",
        section_open="<｜tool▁calls▁begin｜>",
        section_close="<｜tool▁calls▁end｜>",
        between="\n",
        prefix="function<｜tool▁sep｜>",
    ),
    THINK,
)
"""DeepSeek V3 and R1."""

DEEPSEEK_V31 = Family(
    "deepseek_v31",
    NamedForm(
        open="<｜tool▁call▁begin｜>",
        separator="<｜tool▁sep｜>",
        close="<｜tool▁call▁end｜>",
        section_open="<｜tool▁calls▁begin｜>",
        section_close="<｜tool▁calls▁end｜>",
    ),
    THINK,
)

KIMI = Family(
    "kimi",
    NamedForm(
        open="<|tool_call_begin|>",
        separator="<|tool_call_argument_begin|>",
        close="<|tool_call_end|>",
        section_open="<|tool_calls_section_begin|>",
        section_close="<|tool_calls_section_end|>",
        prefix="functions.",
        suffix=":{index}",
    ),
    THINK,
)

HARMONY = Family("harmony", HarmonyForm())
"""gpt-oss: thoughts are messages in a channel of their own."""

PHI4 = Family("phi4", ObjectForm(("<|tool_call|>",), "<|/tool_call|>", "", "", ", ", listed=True))

GRANITE = Family("granite", ObjectForm(("<|tool_call|>",), "", "", "", ", ", listed=True), THINK)

NEMOTRON = Family("nemotron", ObjectForm(("<TOOLCALL>",), "</TOOLCALL>", "", "", ", ", listed=True), THINK)

COMMAND = Family(
    "command",
    ObjectForm(
        ("<|START_ACTION|>",),
        "<|END_ACTION|>",
        "",
        "",
        ",\n",
        name_key="tool_name",
        input_key="parameters",
        listed=True,
    ),
    Think("<|START_THINKING|>", "<|END_THINKING|>"),
)
"""Cohere's Command R7B and A."""

FAMILIES = (
    HERMES,
    PROMPTED,
    PLAIN,
    QWEN_CODER,
    SEED,
    GLM,
    MINIMAX,
    GEMMA,
    MISTRAL_LIST,
    MISTRAL,
    LLAMA_JSON,
    LLAMA_PYTHON,
    LFM2,
    DEEPSEEK_V3,
    DEEPSEEK_V31,
    KIMI,
    HARMONY,
    PHI4,
    GRANITE,
    NEMOTRON,
    COMMAND,
)
