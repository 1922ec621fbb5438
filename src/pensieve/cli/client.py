"""What Claude Code has to be told to run on a local model: variables and settings, as 2.1.329 reads them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from pensieve.core.errors import SettingsError
from pensieve.library.bundled import NANO

SMALLEST_WINDOW = 16_384
SNUG_WINDOW = 24_576
"""Tokens. In a window smaller than this little would be left for work."""
OWN_PROMPT = 12_000
FEW_TOOLS = "Bash,Edit,Read,Write"
OWN_PROMPT_FOR_FEW = 4_200
"""Tokens of the client's own prompt with these tools alone; they do for work on code."""

_RESERVE = 13_000
_MOST_RESERVED_OUTPUT = 20_000
"""The client compacts when a turn has used more than window - min(output, _MOST_RESERVED_OUTPUT) - _RESERVE tokens;
measured with four windows."""
_SUMMARY_ASKED = 2_000
"""Tokens with which the client asks for the summary, about 1,600 of them, and a little more."""
_MOST_RESULT = 25_000
_BASH_CHARACTERS = 30_000
"""The client's own limits for what one tool may bring into the conversation, in tokens and in characters."""
_CHARACTERS_PER_TOKEN = 3
_TIMEOUT_MS = 3_600_000
"""A whole answer that is not streamed."""
_IDLE_MS = 1_800_000
"""Without a word of the answer, and without the head of one that is not streamed: the most that the client takes."""
_DEAD_MS = 300_000
"""Without a byte of a stream: this server sends some every ten seconds, so one that sends none is dead."""

ANY_MODEL = "claude-local"
"""Every name of this form means the model that is served, and none of this form is in the client's own list."""
LOOPBACK = "127.0.0.1,localhost,::1"
SECRETS = ("ANTHROPIC_API_KEY", "ANTHROPIC_CUSTOM_HEADERS", "CLAUDE_CODE_OAUTH_TOKEN")
PROVIDERS = tuple(
    f"CLAUDE_CODE_USE_{name}"
    for name in ("BEDROCK", "VERTEX", "FOUNDRY", "MANTLE", "ANTHROPIC_AWS", "ANTHROPIC_GOOGLE_CLOUD", "GATEWAY")
)
NO_COMPACTION = ("DISABLE_AUTO_COMPACT", "DISABLE_COMPACT")
"""Without compaction a conversation ends where a local model's window does."""
OTHER_WINDOW = "CLAUDE_CODE_AUTO_COMPACT_WINDOW"
"""The client reads 100,000 where less is said here."""
_ALIASES = tuple(f"ANTHROPIC_DEFAULT_{name}_MODEL" for name in ("OPUS", "SONNET", "HAIKU", "FABLE"))


class Endpoint(NamedTuple):
    """A server and the model on it; `context` is the real window in tokens."""

    url: str
    token: str
    model: str
    context: int


def variables(endpoint: Endpoint, inherited: Mapping[str, str]) -> dict[str, str]:
    """Every variable the client needs beside those that are `inherited`; an empty one hides what is set elsewhere.

    Raises SettingsError when the window is too small to work in. The bundled model's is small, and large enough: of the
    client's prompt it reads next to nothing.
    """
    context = endpoint.context
    if context < SMALLEST_WINDOW and endpoint.model != NANO.stem:
        raise SettingsError(
            f"The window of {endpoint.model} is {context:,} tokens, and Claude Code's own prompt takes {OWN_PROMPT:,}.",
            f"Take a model, an engine.context and free memory for {SMALLEST_WINDOW:,} at least, better 32,768.",
        )
    output = min(context // 8, _MOST_RESERVED_OUTPUT)
    # One result must leave room for the next turn, or nothing that could be summed up would be left.
    result = min(context // 8, _MOST_RESULT)
    compact_at = context - _SUMMARY_ASKED - output
    return {
        "ANTHROPIC_BASE_URL": endpoint.url,
        "ANTHROPIC_AUTH_TOKEN": endpoint.token,
        "ANTHROPIC_MODEL": endpoint.model,
        **dict.fromkeys(_ALIASES, endpoint.model),
        "CLAUDE_CODE_SUBAGENT_MODEL": endpoint.model,
        "CLAUDE_CODE_MAX_CONTEXT_TOKENS": str(compact_at + output + _RESERVE),
        "CLAUDE_CODE_MAX_OUTPUT_TOKENS": str(output),
        "CLAUDE_CODE_FILE_READ_MAX_OUTPUT_TOKENS": str(result),
        "MAX_MCP_OUTPUT_TOKENS": str(result),
        "BASH_MAX_OUTPUT_LENGTH": str(min(_CHARACTERS_PER_TOKEN * result, _BASH_CHARACTERS)),
        "CLAUDE_CODE_ATTRIBUTION_HEADER": "0",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_TELEMETRY": "1",
        "DISABLE_ERROR_REPORTING": "1",
        "API_TIMEOUT_MS": str(_TIMEOUT_MS),
        "CLAUDE_STREAM_IDLE_TIMEOUT_MS": str(_IDLE_MS),
        "CLAUDE_BYTE_STREAM_IDLE_TIMEOUT_MS": str(_DEAD_MS),
        **dict.fromkeys((*SECRETS, *PROVIDERS, *NO_COMPACTION), ""),
        # No proxy between here and here: it would read along.
        **{name: ",".join(filter(None, (inherited.get(name), LOOPBACK))) for name in ("NO_PROXY", "no_proxy")},
    }


def is_snug(endpoint: Endpoint) -> bool:
    """The window does for a few tools only."""
    return SMALLEST_WINDOW <= endpoint.context < SNUG_WINDOW


def own_prompt(endpoint: Endpoint) -> int:
    """About so many tokens does the client itself have to say before the user's first word."""
    return OWN_PROMPT_FOR_FEW if is_snug(endpoint) else OWN_PROMPT


def settings(endpoint: Endpoint, inherited: Mapping[str, str]) -> dict[str, Any]:
    """The same as the client's settings, which stand above the user's own: what those set of the same is not used.

    A helper that fetches the key of another server must not; the safety check of the auto mode would read a prompt of
    35,000 tokens before every command.
    """
    return {"env": variables(endpoint, inherited), "apiKeyHelper": "", "permissions": {"disableAutoMode": "disable"}}


def settings_for_all(endpoint: Endpoint, inherited: Mapping[str, str]) -> dict[str, Any]:
    """For the user's own settings: with a name that means whatever model is served, also after another start.

    Raises SettingsError for a window that needs arguments as well.
    """
    if is_snug(endpoint):
        raise SettingsError(
            f"A window of {endpoint.context:,} tokens does for few tools only, which settings cannot say.",
            f"Use `pensieve claude`, or a window of {SNUG_WINDOW:,} tokens at least.",
        )
    told = settings(endpoint, inherited)
    env = {name: ANY_MODEL if value == endpoint.model else value for name, value in told["env"].items()}
    return told | {"env": env}


def environment(endpoint: Endpoint, inherited: Mapping[str, str]) -> dict[str, str]:
    """The client's whole environment: what it inherits, but nothing that is meant for another server or window."""
    kept = {name: value for name, value in inherited.items() if not is_foreign(name)}
    told = variables(endpoint, inherited)
    return {name: value for name, value in {**kept, **told}.items() if told.get(name) != ""}


def is_foreign(name: str) -> bool:
    """A variable for another server, or another window."""
    return name.startswith("ANTHROPIC_") or name == OTHER_WINDOW


def merged(own: Mapping[str, Any], ours: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of the user with ours above them, object by object."""
    both = dict(own)
    for key, value in ours.items():
        before = both.get(key)
        both[key] = merged(before, value) if isinstance(before, Mapping) and isinstance(value, Mapping) else value
    return both
