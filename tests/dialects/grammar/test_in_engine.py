"""The real engine carries a llguidance of its own, maybe an older one, and says on stderr alone what it cannot compile.

It runs in a process of its own: what it writes there is not Python's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pensieve.core.chat import Choice, Tool
from pensieve.dialects.families import FAMILIES
from pensieve.dialects.grammar.cache import Grammars
from pensieve.dialects.grammar.schemas import accept
from schemas import BROKEN, SCHEMAS

COMPLAINT = "llg error"
SERVE = """
import json, sys, xllamacpp
model, folder = sys.argv[1:]
params = xllamacpp.CommonParams()
params.model.path, params.n_ctx, params.n_parallel, params.cache_ram_mib = model, 1024, 1, 0
params.cpuparams.n_threads, params.fit_params, params.hostnames = 1, False, [folder + "/e.sock"]
params.api_keys = ["key"]
server = xllamacpp.Server(params)
for grammar in json.load(sys.stdin):
    server.handle_completions({"prompt": [1, 2, 3], "max_tokens": 4, "grammar": grammar})
"""


def complaints(grammars: list[str], model: Path, folder: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", SERVE, str(model), str(folder)],
        input=json.dumps(grammars),
        capture_output=True,
        text=True,
        env=os.environ | {"GOMP_SPINCOUNT": "0"},
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [line for line in done.stderr.splitlines() if COMPLAINT in line]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path


def test_the_engine_compiles_the_grammars_of_every_family(tiny_model: Path, folder: Path) -> None:
    tools = tuple(Tool(name, "", schema) for name, schema in SCHEMAS.items() if name != "large_enum")
    control = {
        "<|im_end|>": 4098,
        "<tool_call>": 4097,
        "<|channel|>": 4097,
        "[ARGS]": 4097,
        "<|tool_call_begin|>": 4097,
    }
    grammars = [
        Grammars(family, control if number % 2 else {}).get(tools, Choice(), None, "free")
        for number, family in enumerate(FAMILIES)
        if family.form is not None
    ]
    assert all(grammars)
    assert complaints(grammars, tiny_model, folder) == []


def test_the_engine_compiles_every_schema(tiny_model: Path, folder: Path) -> None:
    grammars = [f"%llguidance {{}}\nstart: {accept(schema).json()}\n" for schema in (SCHEMAS | BROKEN).values()]
    assert complaints(grammars, tiny_model, folder) == []


def test_a_complaint_would_be_seen(tiny_model: Path, folder: Path) -> None:
    assert len(complaints(["%llguidance {}\nstart: nothing\n"], tiny_model, folder)) == 1
