"""How long does a command take before it says anything? `cli.py`, against `python -c pass` in the same run."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 10
SCRIPT = '{"replies": []}'


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        script = Path(place) / "script.json"
        script.write_text(SCRIPT)
        environment = {**os.environ, "PENSIEVE_HOME": place, "PENSIEVE_PORT": "0", "PENSIEVE_MODEL": str(script)}
        pensieve = [sys.executable, "-m", "pensieve"]
        subprocess.run([*pensieve, "start"], env=environment, check=True, capture_output=True)
        try:
            commands = {
                "python -c pass": [sys.executable, "-c", "pass"],
                "pensieve status": [*pensieve, "status"],
                "pensieve --help": [*pensieve, "--help"],
                "pensieve models": [*pensieve, "models"],
            }
            times = {name: timed(command, environment) for name, command in commands.items()}
        finally:
            subprocess.run([*pensieve, "stop"], env=environment, check=True, capture_output=True)
    least = times["python -c pass"]
    for name, seconds in times.items():
        print(f"{name:<16} {seconds * 1000:5.0f} ms, {seconds / least:.1f} of python -c pass")


def timed(command: list[str], environment: dict[str, str]) -> float:
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


if __name__ == "__main__":
    main()
