"""`pensieve config`: what is set, where from, and how it is set."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from command import one_line, pensieve, well


@pytest.fixture
def file(own_home: Path) -> Path:
    path = own_home / ".pensieve" / "config.toml"
    path.parent.mkdir()
    return path


def rows(**environment: Any) -> dict[str, dict[str, Any]]:
    return {row["key"]: row for row in json.loads(well(pensieve("config", "show", "--json", **environment)))}


def test_show_says_where_each_value_comes_from(file: Path) -> None:
    file.write_text('[server]\nport = 8080\ntoken = "secret"\n[engine]\nparallel = 2\n')
    found = rows(PENSIEVE_ENGINE__PARALLEL="3", PENSIEVE_HOST="::1")
    assert (found["server.port"]["value"], found["server.port"]["source"]) == (8080, str(file))
    assert found["engine.parallel"] | {"key": ""} == {
        "key": "",
        "value": 3,
        "source": "the environment variable PENSIEVE_ENGINE__PARALLEL",
    }
    assert found["engine.queue"]["source"] == "default"
    assert found["server.host"]["value"] == "::1"
    words = well(pensieve("config", "show"))
    assert '"secret"' not in words
    assert re.search(rf"server\.port +8080 +{re.escape(str(file))}\n", words)


def test_generate_gives_a_file_that_changes_nothing_until_it_is_changed(file: Path) -> None:
    written = well(pensieve("config", "generate"))
    file.write_text(written)
    assert {row["source"] for row in rows().values()} == {"default"}
    opened = "\n".join(
        line.removeprefix("# ") if " = " in line and not line.endswith("= ") else line for line in written.splitlines()
    )
    told = tomllib.loads(opened)
    assert told["server"]["port"] == 7777 and told["model"]["aliases"] == []
    file.write_text(opened)
    assert "All is well" in well(pensieve("config", "validate"))


def test_validate_names_the_key_and_the_nearest(file: Path, tmp_path: Path) -> None:
    assert "pensieve-nano" in well(pensieve("config", "validate"))
    other = tmp_path / "other.toml"
    other.write_text("[server]\nprot = 1\n")
    line = one_line(pensieve("config", "validate", str(other)))
    assert "server.prot" in line and "Did you mean server.port?" in line
    other.write_text('[server]\nport = "high"\n')
    assert "server.port = 'high'" in one_line(pensieve("config", "validate", str(other)))
    other.write_text('[model]\npath = "none.gguf"\n')
    assert str(tmp_path / "none.gguf") in one_line(pensieve("config", "validate", str(other)))
    assert "no config file" in one_line(pensieve("config", "validate", str(tmp_path / "none.toml")))


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ('[server]\nhost = "0.0.0.0"\n', "token"),
        ("[memory]\nwarn_gb = 1\nreject_gb = 2\n", "memory.reject_gb"),
        ('[server]\nport = "many"\n', "server.port"),
    ],
)
def test_validate_refuses_what_no_server_would_start_with(
    own_home: Path, tmp_path: Path, content: str, named: str
) -> None:
    other = tmp_path / "other.toml"
    other.write_text(content)
    assert named in one_line(pensieve("config", "validate", str(other), PENSIEVE_PORT="7777"))


def test_set_leaves_all_else_as_it_is(file: Path) -> None:
    file.write_text("# mine\n[server]\nport = 1 # why\n\n[engine]\nparallel = 2\n")
    well(pensieve("config", "set", "server.port", "8080"))
    well(pensieve("config", "set", "model.aliases", "one, two"))
    text = file.read_text()
    assert text.startswith("# mine\n[server]\nport = 8080 # why\n\n[engine]\nparallel = 2\n")
    assert tomllib.loads(text)["model"] == {"aliases": ["one", "two"]}
    assert rows()["server.port"]["value"] == 8080


def test_set_makes_the_file_and_checks_first(own_home: Path) -> None:
    file = own_home / ".pensieve" / "config.toml"
    assert "server.port" in one_line(pensieve("config", "set", "server.port", "high"))
    assert "Did you mean server.port?" in one_line(pensieve("config", "set", "server.prot", "1"))
    assert not file.exists()
    well(pensieve("config", "set", "server.port", "8080"))
    assert file.stat().st_mode & 0o777 == 0o600


def test_set_says_when_something_else_wins(file: Path) -> None:
    done = pensieve("config", "set", "server.port", "8080", PENSIEVE_PORT="9090")
    assert "PENSIEVE_PORT wins" in done.stderr


def test_set_says_no_secret(file: Path) -> None:
    done = pensieve("config", "set", "server.token", "my-own")
    assert "my-own" not in done.stdout + done.stderr


def test_set_does_not_touch_a_broken_file(file: Path) -> None:
    file.write_text("[server\n")
    assert str(file) in one_line(pensieve("config", "set", "server.port", "8080"))
    assert file.read_text() == "[server\n"


def test_the_json_of_earlier_programs_is_read(file: Path) -> None:
    other = file.with_suffix(".json")
    other.write_text('{"server": {"port": 8080}, "model": {"path": "m.gguf"}, "logging": {"level": "debug"}}')
    found = rows()
    assert (found["server.port"]["value"], found["log.level"]["value"]) == (8080, "debug")
    assert found["model.path"]["value"] == str(file.parent / "m.gguf")
    assert well(pensieve("config", "path")) == f"{other}\n"
    assert "config.toml" in one_line(pensieve("config", "set", "server.port", "1"))
    other.write_text('{"server": {"prot": 8080}}')
    assert "Did you mean server.port?" in one_line(pensieve("config", "show"))
    # TOML wins.
    file.write_text("[server]\nport = 1\n")
    assert rows()["server.port"]["value"] == 1
    assert well(pensieve("config", "path")) == f"{file}\n"


def test_a_path_in_the_file_is_from_where_the_file_is(file: Path, tmp_path: Path) -> None:
    file.write_text('[model]\npath = "models/a.gguf"\n')
    assert rows()["model.path"]["value"] == str(file.parent / "models" / "a.gguf")
    file.write_text('[model]\npath = "~/a.gguf"\n')
    assert rows()["model.path"]["value"] == "~/a.gguf"


def test_a_model_by_its_path_is_found_from_any_folder(file: Path, tmp_path: Path, script: Path) -> None:
    well(pensieve("config", "set", "model.path", f"./{script.name}", folder=script.parent))
    assert rows()["model.path"]["value"] == str(script)
    well(pensieve("config", "set", "model.path", "some-name", folder=tmp_path))
    assert rows()["model.path"]["value"] == "some-name"
