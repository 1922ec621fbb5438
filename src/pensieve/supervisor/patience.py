"""How long the supervisor waits for what, in seconds."""

from __future__ import annotations

READY_SECONDS = 30.0
"""How long a request may wait for a worker that is loading or restarting before it is told to come back."""
WATCH_SECONDS = 0.25
COOL_DOWN_SECONDS = 10.0
"""Before a worker that cannot live is tried again."""
DISMISS_SECONDS = 2.0
"""In an emergency, how long a worker may take to end by itself."""
