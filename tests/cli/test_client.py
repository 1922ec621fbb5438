"""What Claude Code is told: the window it may use, where it goes, and what it must not take along."""

from __future__ import annotations

import pytest

from pensieve.cli.client import PROVIDERS, SECRETS, Endpoint, environment, merged, settings, settings_for_all, variables
from pensieve.core.errors import SettingsError

HERE = Endpoint("http://127.0.0.1:7777", "secret", "qwen", 32_768)


def at(context: int, model: str = "qwen") -> dict[str, str]:
    return variables(HERE._replace(context=context, model=model), {})


@pytest.mark.parametrize(
    ("context", "told", "output"),
    [(16_384, 27_384, 2_048), (32_768, 43_768, 4_096), (131_072, 142_072, 16_384), (262_144, 273_144, 20_000)],
)
def test_it_compacts_before_the_real_end(context: int, told: int, output: int) -> None:
    """By the client's own formula, as it was measured: window - min(output, 20,000) - 13,000."""
    said = at(context)
    assert (said["CLAUDE_CODE_MAX_CONTEXT_TOKENS"], said["CLAUDE_CODE_MAX_OUTPUT_TOKENS"]) == (str(told), str(output))
    compacts_above = told - min(output, 20_000) - 13_000
    # What asks for the summary, about 1,600 tokens, and the summary itself still fit.
    assert compacts_above + 1_600 + output < context
    # And one result of a tool after the last look, unless it is cut short by the limits below.
    assert int(said["CLAUDE_CODE_FILE_READ_MAX_OUTPUT_TOKENS"]) <= context // 8
    assert int(said["BASH_MAX_OUTPUT_LENGTH"]) <= min(30_000, 3 * context // 8)


def test_a_window_that_is_too_small_is_refused_with_advice() -> None:
    with pytest.raises(SettingsError, match=r"8,192 tokens.*memory for 16,384"):
        at(8_192)


def test_the_bundled_model_reads_little_of_what_the_client_sends() -> None:
    assert at(6_144, "pensieve-nano")["CLAUDE_CODE_MAX_OUTPUT_TOKENS"] == "768"


def test_every_name_means_the_model() -> None:
    said = at(32_768)
    named = [name for name in said if name.endswith("_MODEL")]
    assert len(named) == 6 and {said[name] for name in named} == {"qwen"}


def test_what_is_meant_for_another_server_stays_here() -> None:
    shell = {"PATH": "/bin", "ANTHROPIC_API_KEY": "sk-ant-1", "ANTHROPIC_BETAS": "x", "CLAUDE_CODE_OAUTH_TOKEN": "y"}
    shell |= {"CLAUDE_CODE_USE_BEDROCK": "1", "ANTHROPIC_BASE_URL": "https://proxy", "EDITOR": "vi"}
    told = environment(HERE, shell)
    assert told["PATH"] == "/bin" and told["EDITOR"] == "vi" and told["ANTHROPIC_BASE_URL"] == HERE.url
    assert not {*SECRETS, *PROVIDERS, "ANTHROPIC_BETAS"} & set(told)


def test_nothing_of_the_user_keeps_it_from_compacting() -> None:
    shell = {"DISABLE_AUTO_COMPACT": "1", "DISABLE_COMPACT": "1", "CLAUDE_CODE_AUTO_COMPACT_WINDOW": "200000"}
    assert not set(shell) & set(environment(HERE, shell))
    assert settings(HERE, shell)["env"]["DISABLE_COMPACT"] == ""


def test_it_waits_for_a_long_prompt_and_not_for_a_dead_server() -> None:
    told = settings_for_all(HERE, {})["env"]
    assert (told["CLAUDE_STREAM_IDLE_TIMEOUT_MS"], told["CLAUDE_BYTE_STREAM_IDLE_TIMEOUT_MS"]) == ("1800000", "300000")
    assert told["CLAUDE_STREAM_IDLE_TIMEOUT_MS"] == environment(HERE, {})["CLAUDE_STREAM_IDLE_TIMEOUT_MS"]


def test_no_proxy_stands_between() -> None:
    told = environment(HERE, {"HTTP_PROXY": "http://proxy", "NO_PROXY": "intra.net"})
    assert told["NO_PROXY"] == "intra.net,127.0.0.1,localhost,::1" and told["no_proxy"] == "127.0.0.1,localhost,::1"
    assert told["HTTP_PROXY"] == "http://proxy"


def test_what_is_set_up_for_all_means_whatever_model_is_served() -> None:
    told = settings_for_all(HERE, {})["env"]
    assert told["ANTHROPIC_MODEL"] == told["ANTHROPIC_DEFAULT_HAIKU_MODEL"] == "claude-local"
    assert "qwen" not in told.values()
    with pytest.raises(SettingsError):
        settings_for_all(HERE._replace(context=8_192), {})
    with pytest.raises(SettingsError, match="pensieve claude"):
        settings_for_all(HERE._replace(context=16_384), {})


def test_settings_stand_above_those_of_the_user() -> None:
    told = settings(HERE, {})
    assert told["env"]["ANTHROPIC_API_KEY"] == "" == told["apiKeyHelper"]
    own = {"env": {"A": "1", "ANTHROPIC_MODEL": "opus"}, "hooks": {"x": []}, "permissions": {"allow": ["Read"]}}
    both = merged(own, told)
    assert both["env"]["A"] == "1" and both["env"]["ANTHROPIC_MODEL"] == "qwen" and both["hooks"] == {"x": []}
    assert both["permissions"] == {"allow": ["Read"], "disableAutoMode": "disable"}
    assert own["env"] == {"A": "1", "ANTHROPIC_MODEL": "opus"}
