"""Who may talk to this server: the right Host, the right Origin, a token.

A web page that the user visits can send requests to loopback. Its Origin betrays it, and where a name was rebound to
127.0.0.1 its Host does.
"""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from pensieve.config.settings import LOCAL_TOKEN, check_reach, is_loopback
from pensieve.core.errors import Forbidden, Unauthenticated

CLIENT_KEY_PREFIX = "sk-ant-"


class Guard:
    """Without a configured token the local ones are accepted, on loopback only. Raises SettingsError off loopback."""

    def __init__(self, host: str, token: str) -> None:
        self._host = host
        self._token = token.encode()
        check_reach(host, token)

    def check_source(self, headers: Headers) -> None:
        """Raises Forbidden for a foreign Host or Origin. Off loopback the token alone decides about the Host."""
        if is_loopback(self._host) and not _names_this_machine(f"//{headers.get('host', '')}"):
            raise Forbidden("This Host is not served here.", "Use http://127.0.0.1 or http://localhost.")
        origin = headers.get("origin")
        if origin is not None and not _names_this_machine(origin):
            raise Forbidden("Requests from this Origin are not accepted.", "Only local pages may call this server.")

    def check_token(self, headers: Headers) -> None:
        """Raises Unauthenticated unless one of the two places for a token holds the right one."""
        offered = [headers.get("x-api-key", "")]
        scheme, _, credentials = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            offered.append(credentials.strip())
        if not any(self._accepts(token) for token in offered if token):
            raise Unauthenticated(
                "The token is missing or wrong.",
                "Send the configured one." if self._token else f"Send 'Authorization: Bearer {LOCAL_TOKEN}'.",
            )

    def _accepts(self, token: str) -> bool:
        offered = token.encode()
        if self._token:
            return hmac.compare_digest(offered, self._token)
        return hmac.compare_digest(offered, LOCAL_TOKEN.encode()) or token.startswith(CLIENT_KEY_PREFIX)


def _names_this_machine(url: str) -> bool:
    try:
        return is_loopback(urlsplit(url).hostname or "")
    except ValueError:
        return False
