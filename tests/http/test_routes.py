"""Every route and its errors, over HTTP to a real server."""

from __future__ import annotations

import re
import socket
from typing import Any
from urllib.parse import urlsplit

import anthropic
import httpx2
import pytest
from anthropic.types import ModelInfo
from prometheus_client.parser import text_string_to_metric_families

from server import TOKEN, Server

REQUEST = {"model": "claude-test", "max_tokens": 100, "messages": [{"role": "user", "content": "hello"}]}


def get(server: Server, path: str, method: str = "GET", **headers: str) -> httpx2.Response:
    return httpx2.request(method, server.url + path, headers={"x-api-key": TOKEN, **headers}, trust_env=False)


def test_health_needs_no_token_and_has_the_promised_shape(server: Server) -> None:
    health = httpx2.get(server.url + "/health", trust_env=False).json()
    assert health["status"] == "ready"
    assert (health["engine"], health["model"], health["version"]) == ("scripted", "story", "0.1.0")
    assert health["memory"]["status"] in ("Safe", "Warning")
    assert re.fullmatch(r"\d+\.\d\d", health["memory"]["available_gb"])
    assert health["memory"]["accepting_requests"] is True
    assert (health["refused"], health["restarts"], health["resumes"], health["emergencies"]) == ({}, 0, 0, 0)


def test_metrics_are_what_prometheus_reads(server: Server) -> None:
    before = _metrics(server)
    assert before["pensieve_memory_available_bytes"] > 0
    assert before["pensieve_memory_state"] == 1, "one of the states holds"
    assert before["pensieve_requests_running"] == before["pensieve_worker_restarts_total"] == 0
    assert before["pensieve_requests_refused_total"] == before["pensieve_emergencies_total"] == 0
    assert server.post({**REQUEST, "model": "claude-test"}).status_code == 200
    assert _metrics(server)["pensieve_resumes_total"] == 0


def _metrics(server: Server) -> dict[str, float]:
    """Sums over all labels."""
    answer = httpx2.get(server.url + "/metrics", trust_env=False)
    assert answer.headers["content-type"].startswith("text/plain; version=")
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, 0) + sample.value
    return found


@pytest.mark.parametrize(("method", "path"), [("HEAD", "/"), ("GET", "/"), ("HEAD", "/api/hello"), ("HEAD", "/health")])
def test_hello(server: Server, method: str, path: str) -> None:
    answer = httpx2.request(method, server.url + path, trust_env=False)
    assert answer.status_code == 200
    assert answer.headers["request-id"].startswith("req_")
    if method == "HEAD":
        assert answer.content == b""


def test_models_are_what_the_sdk_expects(server: Server) -> None:
    with server.sdk() as client:
        page = client.models.list(limit=1000)
        assert [model.id for model in page.data] == ["story"]
        model = client.models.retrieve("story")
    strict = ModelInfo.model_validate(model.model_dump(), strict=True)
    assert strict.max_input_tokens == 999_999
    assert strict.capabilities is not None and not strict.capabilities.image_input.supported


def test_a_path_stays_in_the_list(server: Server) -> None:
    """Over a bare socket: clients tidy such a path up before they send it."""
    url = urlsplit(server.url)
    with socket.create_connection((url.hostname, url.port), 30) as sent:
        sent.sendall(
            f"GET /v1/models/../../etc/passwd HTTP/1.0\r\nHost: localhost\r\nx-api-key: {TOKEN}\r\n\r\n".encode()
        )
        answer = sent.makefile("rb").read()
    assert b" 404 " in answer and b"'../../etc/passwd' is not here" in answer


def test_an_unknown_model_is_not_found_and_the_others_are_listed(server: Server) -> None:
    with server.sdk() as client, pytest.raises(anthropic.NotFoundError, match="story"):
        client.models.retrieve("gpt-4")


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/nowhere", 404, "not_found_error"),
        ("POST", "/v1/complete", 404, "not_found_error"),
        ("GET", "/v1/messages", 405, "invalid_request_error"),
        ("DELETE", "/v1/models", 405, "invalid_request_error"),
        ("POST", "/health", 405, "invalid_request_error"),
        ("GET", "/v1/models/..%2f..%2fetc%2fpasswd", 404, "not_found_error"),
        ("GET", "/v1/models?limit=0", 400, "invalid_request_error"),
        ("GET", "/v1/models?after_id=nobody", 400, "invalid_request_error"),
    ],
)
def test_errors_come_in_the_envelope(server: Server, method: str, path: str, status: int, kind: str) -> None:
    answer = get(server, path, method)
    assert answer.status_code == status
    body = answer.json()
    assert body["type"] == "error" and body["error"]["type"] == kind and body["error"]["message"]
    assert body["request_id"] == answer.headers["request-id"]


def test_a_wrong_token_is_told_not_to_try_again(server: Server) -> None:
    answer = server.post(REQUEST, **{"x-api-key": "some-other-key"})
    assert answer.status_code == 401
    assert answer.headers["x-should-retry"] == "false"
    assert "some-other-key" not in server.log


def test_a_foreign_host_or_origin_is_refused(server: Server) -> None:
    assert server.post(REQUEST, host="evil.com").status_code == 403
    assert server.post(REQUEST, origin="https://evil.com").status_code == 403
    assert server.post(REQUEST, origin="http://localhost:3000").status_code == 200


@pytest.mark.parametrize("name", ["claude-opus-5-5", "claude-anything", "story"])
def test_names_that_mean_the_model(server: Server, name: str) -> None:
    answer = server.post(REQUEST | {"model": name})
    assert answer.status_code == 200
    assert answer.json()["model"] == name
    assert answer.headers["pensieve-model"] == "story"


def test_any_version_beta_and_unknown_field_is_accepted(server: Server) -> None:
    body: dict[str, Any] = REQUEST | {
        "thinking": {"type": "adaptive", "display": "omitted"},
        "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        "output_config": {"effort": "high"},
        "metadata": {"user_id": "x"},
        "service_tier": "auto",
        "something_new": [1, 2],
    }
    headers = {"anthropic-version": "1999-01-01", "anthropic-beta": "never-heard-of-2030-01-01,other"}
    assert server.post(body, "/v1/messages?beta=true", **headers).status_code == 200


def test_secrets_do_not_reach_the_log(server: Server) -> None:
    server.post(REQUEST, **{"x-api-key": "sk-ant-very-secret"})
    server.post(REQUEST, **{"x-api-key": "other-very-secret"})
    assert "very-secret" not in server.log


def test_the_log_is_for_its_owner_alone(server: Server) -> None:
    log = server.home / "logs" / "pensieve.log"
    assert log.stat().st_mode & 0o777 == 0o600
