"""Who may talk to the server, decided by Host, Origin and token."""

from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from pensieve.config.settings import LOCAL_TOKEN, is_loopback
from pensieve.core.errors import Forbidden, SettingsError, Unauthenticated
from pensieve.http.security import Guard


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "pensieve.localhost"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "192.168.1.5", "example.com", "localhost.evil.com", "", "127.0.0.1.evil.com"]
)
def test_not_loopback(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize("host", ["127.0.0.1:7777", "localhost", "[::1]:7777", "LOCALHOST:1"])
def test_local_hosts_are_served(host: str) -> None:
    Guard("127.0.0.1", "").check_source(Headers({"host": host}))


@pytest.mark.parametrize("host", ["evil.com", "evil.com:7777", "", "127.0.0.1.evil.com", "[bad", "127.0.0.1@evil.com"])
def test_foreign_hosts_are_not(host: str) -> None:
    with pytest.raises(Forbidden):
        Guard("127.0.0.1", "").check_source(Headers({"host": host}))


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1", "https://[::1]:8"])
def test_local_pages_may_call(origin: str) -> None:
    Guard("127.0.0.1", "").check_source(Headers({"host": "localhost", "origin": origin}))


@pytest.mark.parametrize("origin", ["https://evil.com", "null", "file://", "http://localhost.evil.com", ""])
def test_foreign_pages_may_not(origin: str) -> None:
    with pytest.raises(Forbidden):
        Guard("127.0.0.1", "").check_source(Headers({"host": "localhost", "origin": origin}))


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": f"Bearer {LOCAL_TOKEN}"},
        {"authorization": f"bearer  {LOCAL_TOKEN}"},
        {"x-api-key": LOCAL_TOKEN},
        {"x-api-key": "sk-ant-api03-anything"},
        {"authorization": "Bearer wrong", "x-api-key": LOCAL_TOKEN},
    ],
)
def test_local_tokens_are_accepted_by_default(headers: dict[str, str]) -> None:
    Guard("127.0.0.1", "").check_token(Headers(headers))


@pytest.mark.parametrize(
    "headers",
    [{}, {"authorization": "Bearer "}, {"authorization": LOCAL_TOKEN}, {"x-api-key": "nope"}, {"x-api-key": "ünïcode"}],
)
def test_others_are_not(headers: dict[str, str]) -> None:
    with pytest.raises(Unauthenticated):
        Guard("127.0.0.1", "").check_token(Headers(headers))


def test_a_configured_token_is_the_only_one() -> None:
    guard = Guard("0.0.0.0", "s3cret")
    guard.check_token(Headers({"x-api-key": "s3cret"}))
    for other in (LOCAL_TOKEN, "sk-ant-x", "s3cre", "s3crett"):
        with pytest.raises(Unauthenticated):
            guard.check_token(Headers({"x-api-key": other}))


def test_off_loopback_a_token_is_required() -> None:
    with pytest.raises(SettingsError, match="PENSIEVE_SERVER__TOKEN"):
        Guard("0.0.0.0", "")
