"""The transcripts of all families, by the family's name."""

from __future__ import annotations

from transcripts import Transcript, Transcripts, named, objects, others, tagged, text, thinks, thought

_CALL = objects.wrapped(objects.READ)

PLAIN: Transcripts = {
    name: Transcript(
        transcript.written,
        transcript.pieces,
        thinking=transcript.thinking,
    )
    for name, transcript in thinks("<think>", "</think>", "", [], inside=False).items()
} | {
    "nothing": Transcript("", []),
    "text": Transcript("Hello,\n\nworld! ", text("Hello,\n\nworld! ")),
    "a call is text": Transcript(f"{_CALL}\n", text(f"{_CALL}\n")),
    "a call in a thought is a thought": Transcript(f"<think>{_CALL}</think>", thought(_CALL)),
}

EVERY: dict[str, Transcripts] = {
    "hermes": objects.HERMES,
    "prompted": objects.HERMES,
    "plain": PLAIN,
    "qwen_coder": tagged.QWEN_CODER,
    "seed": tagged.SEED,
    "glm": tagged.GLM,
    "minimax": tagged.MINIMAX,
    "gemma": others.GEMMA,
    "mistral_list": objects.MISTRAL_LIST,
    "mistral": named.MISTRAL,
    "llama_json": objects.LLAMA_JSON,
    "llama_python": others.LLAMA_PYTHON,
    "lfm2": others.LFM2,
    "deepseek_v3": named.DEEPSEEK_V3,
    "deepseek_v31": named.DEEPSEEK_V31,
    "kimi": named.KIMI,
    "harmony": others.HARMONY,
    "phi4": objects.PHI4,
    "granite": objects.GRANITE,
    "nemotron": objects.NEMOTRON,
    "command": objects.COMMAND,
}
