"""`pensieve status`: what runs, in a few lines or as JSON.

Standard library only, and of that little: a prompt or a status bar may ask it all the time.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from pensieve.cli.ask import NoAnswer, ask
from pensieve.cli.record import running

NOT_RUNNING = 3
"""The exit code; so does `systemctl status`."""
UNWELL = 1
ANSWER_SECONDS = 3.0
WATCH_SECONDS = 1.0
CLEAR = "\x1b[H\x1b[J"
"""To a terminal: from its upper left corner on, nothing."""

Facts = dict[str, Any]


def status(home: Path, as_json: bool = False) -> int:
    """The exit code: 0 when a server of this home runs and takes requests, or would after loading the model anew."""
    code, facts = facts_of(home)
    print(_said(facts, as_json))
    return code


def watch(home: Path, as_json: bool = False) -> int:
    """The same every second, until Ctrl-C or until no server runs any more; the exit code of the last look."""
    while True:
        code, facts = facts_of(home)
        print(f"{CLEAR if sys.stdout.isatty() and not as_json else ''}{_said(facts, as_json)}", flush=True)
        if code == NOT_RUNNING:
            return code
        time.sleep(WATCH_SECONDS)


def _said(facts: Facts, as_json: bool) -> str:
    if as_json:
        return json.dumps(facts, indent=2)
    try:
        lines = lines_of(facts)
    except (KeyError, TypeError):
        lines = [("server", _server(facts)), ("problem", "It is of another version: `pensieve restart`.")]
    return "\n".join(f"{name:<10}{words}" for name, words in lines)


def quick(arguments: list[str], home: str | None) -> None:
    """Answers `status` and `status --json` and ends the process; returns at all else, which is not for it."""
    if arguments in (["status"], ["status", "--json"]) and (home is None or not home.startswith("~")):
        try:
            code = status(Path(home) if home else Path(os.path.expanduser("~"), ".pensieve"), "--json" in arguments)
            sys.stdout.flush()
        except BrokenPipeError:
            code = UNWELL
        # What is left to clean up here is nothing, and takes a while.
        os._exit(code)


def facts_of(home: Path) -> tuple[int, Facts]:
    try:
        record = running(home)
    except OSError as error:
        return UNWELL, {"running": False, "problem": f"{home / 'run'} cannot be read: {error.strerror or error}"}
    if record is None:
        return NOT_RUNNING, {"running": False}
    facts: Facts = {"running": True, "pid": record.pid, "url": record.url, "log": record.log}
    facts["uptime_seconds"] = round(max(0.0, time.time() - record.started), 1)
    try:
        health = ask(record.url, "/health", seconds=ANSWER_SECONDS)
    except NoAnswer as error:
        return UNWELL, facts | {"problem": str(error)}
    return (0 if health["status"] in ("ready", "unloaded") else UNWELL), facts | {"health": health}


def lines_of(facts: Facts) -> list[tuple[str, str]]:
    if "health" not in facts:
        lines = [("server", _server(facts) if facts["running"] else "not running (`pensieve start` starts it)")]
        return lines + ([("problem", facts["problem"])] if "problem" in facts else [])
    health = facts["health"]
    return [
        ("server", _server(facts)),
        ("model", _model(health)),
        *(("", _other(model)) for model in health["models"][1:]),
        ("memory", _memory(health)),
        ("requests", _requests(health)),
        *(("", _request(request)) for request in health["requests"]),
        ("speed", _speed(health)),
        ("cache", cache_words(health)),
        ("log", facts["log"]),
    ]


def _server(facts: Facts) -> str:
    return f"{facts['url']} (pid {facts['pid']}, up {duration(facts['uptime_seconds'])})"


def _model(health: Facts) -> str:
    words = f"{health['model']} on {health['engine']}, {health['context']:,} tokens, {health['parallel']} at once"
    return words if health["status"] == "ready" else f"{words} ({health['status'].replace('_', ' ')})"


def _other(model: Facts) -> str:
    return f"{model['model']}, {model['context']:,} tokens ({model['status'].replace('_', ' ')})"


def _memory(health: Facts) -> str:
    memory, resident = health["memory"], health["worker_rss"]
    words = f"{memory['status']}, {memory['available_gb']} GB available"
    return words + (f", the model's process has {resident / 1e9:.2f} GB" if resident else "")


def _requests(health: Facts) -> str:
    words = f"{health['running']} running, {health['waiting']} waiting, {health['answered']:,} answered"
    refused, again = sum(health["refused"].values()), health["restarts"]
    words += f", {refused:,} refused" if refused else ""
    return words + (f"; the engine was restarted {again} times" if again else "")


def _request(request: Facts) -> str:
    """What it is at, in a line."""
    speed, left = request["tokens_per_second"], request["seconds_left"]
    rate = "" if speed is None else f", {speed:,.1f} tokens/s"
    match request["stage"]:
        case "reading":
            words = f"reads {request['read_tokens']:,} of {request['prompt_tokens']:,} tokens{rate}"
            return words + ("" if left is None else f", about {rough(left)} left")
        case "writing":
            return f"writes: {request['output_tokens']:,} tokens{rate}"
        case _:
            return f"waits, with {request['prompt_tokens']:,} tokens to read"


def rough(seconds: float) -> str:
    """How long something takes that nobody knows exactly: "40 s", "2 min 40 s", "12 min"."""
    whole = max(1, round(seconds)) if seconds < 20 else 10 * round(seconds / 10)
    minutes, rest = divmod(whole, 60)
    if minutes >= 10:
        return f"{round(whole / 60)} min"
    return " ".join([f"{minutes} min"] * bool(minutes) + [f"{rest} s"] * bool(rest))


def _speed(health: Facts) -> str:
    now, usual = health["tokens_per_second"], health["usual_tokens_per_second"]
    return f"{now or 0:.1f} tokens/s now" + (f", {usual:.1f} in an answer" if usual else "")


def cache_words(health: Facts) -> str:
    read = health["prompt_tokens"]
    if not read:
        return "no prompt yet"
    return f"{100 * health['cached_tokens'] / read:.0f} % of {read:,} prompt tokens were there already"


def duration(seconds: float) -> str:
    minutes, hours = int(seconds // 60), int(seconds // 3600)
    if hours >= 48:
        return f"{hours // 24} days"
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min" if minutes else f"{int(seconds)} s"
