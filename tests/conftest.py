"""What all tests share: a home of their own, one tiny model a run, real servers on free ports."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from command import pensieve
from make_mlx_model import make_mlx_model
from make_model import make_model
from real_models import GEMMA, QWEN, SMOLLM, RealModel
from server import Server, start_server

SCRIPT = {
    "replies": [
        {"when": "<tool_response>", "steps": ["The file says hello."]},
        {
            "when": "call Read",
            "steps": ["I will. ", '<tool_call>\n{"name": "Read", "arg', 'uments": {"path": "a"}}\n</tool_call>'],
        },
        {"when": "fail now", "steps": ["some text ", {"fail": "no such luck"}]},
        {"when": "sleep first", "steps": [{"sleep": 0.5}, "awake"]},
        {"when": "never end", "steps": ["begun", {"sleep": 600}]},
        {"when": "count to", "steps": ["one ", "two ", "three ", "four ", "five"]},
        {"steps": ["Hello ", "from the script."]},
    ]
}


NOT_HERE = "is not here (make models)"
OF_THE_USER = ("PENSIEVE_", "ANTHROPIC_", "CLAUDE_", "XDG_", "HF_", "HUGGINGFACE_", "OLLAMA_")


@pytest.fixture(autouse=True, scope="session")
def ctrl_c() -> None:
    """Whoever runs tests in the background may have it ignored, and so would every process that they start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads or writes the home of whoever runs it."""
    home = tmp_path / "home"
    home.mkdir()
    for name in [name for name in os.environ if name.startswith(OF_THE_USER)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    # Else it would be looked for in a folder of the whole machine, too.
    monkeypatch.setenv("OLLAMA_MODELS", str(home / ".ollama" / "models"))
    monkeypatch.setenv("PENSIEVE_HOME", str(home / ".pensieve"))
    return home


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real GGUF file that writes noise: 1.3M parameters, a window of 131,072 tokens."""
    return make_model("tiny", tmp_path_factory.mktemp("models") / "tiny.gguf")


@pytest.fixture(scope="session", params=["llamacpp", "mlx"])
def real_model(request: pytest.FixtureRequest, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same weights for each real engine."""
    if request.param == "llamacpp":
        return tiny_model
    return make_mlx_model("tiny", tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def qwen() -> Path:
    return _fetched(QWEN)


@pytest.fixture(scope="session")
def gemma() -> Path:
    return _fetched(GEMMA)


@pytest.fixture(scope="session")
def smollm() -> Path:
    return _fetched(SMOLLM)


def _fetched(model: RealModel) -> Path:
    if not model.is_here:
        pytest.skip(f"{model.name} {NOT_HERE}")
    return model.path


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for each real model that is not here: which tests it was left out of."""
    left_out: dict[str, list[str]] = {}
    for report in terminalreporter.stats.get("skipped", ()):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        if reason.endswith(NOT_HERE):
            left_out.setdefault(reason.removeprefix("Skipped: "), []).append(report.nodeid)
    for reason, tests in left_out.items():
        terminalreporter.line(f"left out, because {reason}: {', '.join(tests)}")


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts real servers, `serve(model, **settings)`, and ends them after the test."""
    servers: list[Server] = []

    def start(model: Path, **settings: object) -> Server:
        servers.append(start_server(model, tmp_path / f"server-{len(servers)}", **settings))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("script") / "story.json"
    path.write_text(json.dumps(SCRIPT))
    return path


@pytest.fixture(scope="module")
def server(script: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = start_server(script, tmp_path_factory.mktemp("server"))
    yield started
    started.stop()


@pytest.fixture
def background(script: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Settings for a server in the background that starts at once, on a free port, and is not left behind; its home."""
    monkeypatch.setenv("PENSIEVE_PORT", "0")
    monkeypatch.setenv("PENSIEVE_MODEL", str(script))
    yield own_home / ".pensieve"
    pensieve("stop")
