"""`pensieve cache`: what is kept so that it need not be read again, and what else lies in the home."""

from __future__ import annotations

from pathlib import Path

from pensieve.cli.background import find
from pensieve.cli.status import cache_words, facts_of
from pensieve.core.errors import SettingsError

CALLS = "calls.sqlite"
"""What models wrote in calls, so that histories are given back to them to the letter."""
KEPT = {CALLS: "calls as they were written", "logs": "logs", "claude": "settings of running clients"}


def show(home: Path) -> None:
    health = facts_of(home)[1].get("health")
    if health:
        memory = health["engine_memory"]
        print(f"{'prompts':<10}{cache_words(health)}")
        if memory:
            print(f"{'memory':<10}{memory['kept_kv'] / 1e6:,.0f} MB kept for prompts to come")
    else:
        print(f"{'prompts':<10}no server runs: nothing is kept")
    for name, words in KEPT.items():
        print(f"{name:<14}{_size(home, name) / 1e6:>8,.1f} MB  {words}")


def clear(home: Path) -> int:
    """Removes what can be made anew; the bytes that were freed. Raises SettingsError."""
    if find(home) is not None:
        raise SettingsError("The server that runs uses it.", "`pensieve stop`, then try again.")
    freed = _size(home, CALLS)
    for file in home.glob(f"{CALLS}*"):
        file.unlink(missing_ok=True)
    return freed


def _size(home: Path, name: str) -> int:
    return sum(
        file.stat().st_size for top in home.glob(f"{name}*") for file in (top, *top.rglob("*")) if file.is_file()
    )
