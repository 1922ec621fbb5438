"""Everything that can go wrong, as one tree. Each error knows its API type, its status, its message and the remedy.

    PensieveError                     500 api_error
    ├── RequestError                  400 invalid_request_error   the request cannot be meant
    │   ├── PromptTooLong             400                         Claude Code compacts on its exact words
    │   ├── RequestTimeout            408                         the body did not arrive in time
    │   └── BodyTooLarge              413 request_too_large
    ├── Unauthenticated               401 authentication_error
    ├── Forbidden                     403 permission_error        foreign Host or Origin
    ├── NotFound                      404 not_found_error
    ├── MethodNotAllowed              405 invalid_request_error
    ├── Refused                       503 overloaded_error        full or short of memory: try again later
    │   └── WorkerError               503                         the engine died, hangs or does not load
    └── SettingsError                 (terminal, exit code 2)     what the user typed or configured is wrong

`http/errors.py` maps them to answers and `cli/main.py` to the terminal; nobody else does.
"""

from __future__ import annotations

from typing import ClassVar

LONGEST_RETRY_AFTER = 55
"""Seconds. Claude Code fails at once on a Retry-After above 60."""


LONGEST_QUOTE = 100


def shortened(words: str) -> str:
    """What a client wrote, which may be megabytes, for an error or a line of the log."""
    return words if len(words) <= LONGEST_QUOTE else f"{words[:LONGEST_QUOTE]}..."


def quoted(words: str) -> str:
    """The same in quotation marks and on one line."""
    return repr(shortened(words))


class PensieveError(Exception):
    """The server's own fault unless a subclass says otherwise."""

    kind: ClassVar[str] = "api_error"
    status: ClassVar[int] = 500

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class RequestError(PensieveError):
    """The request is wrong; `field` is its path in the body, such as `messages.0.content`."""

    kind = "invalid_request_error"
    status = 400

    def __init__(self, message: str, remedy: str = "", *, field: str = "") -> None:
        super().__init__(f"{field}: {message}" if field else message, remedy)
        self.field = field


class PromptTooLong(RequestError):
    """The prompt does not fit the window. The words are the ones that make Claude Code compact and try again."""

    def __init__(self, tokens: int, maximum: int) -> None:
        super().__init__(f"prompt is too long: {tokens} tokens > {maximum} maximum")


class RequestTimeout(RequestError):
    status = 408


class BodyTooLarge(RequestError):
    kind = "request_too_large"
    status = 413


class Unauthenticated(PensieveError):
    kind = "authentication_error"
    status = 401


class Forbidden(PensieveError):
    kind = "permission_error"
    status = 403


class NotFound(PensieveError):
    kind = "not_found_error"
    status = 404


class MethodNotAllowed(PensieveError):
    kind = "invalid_request_error"
    status = 405


class Refused(PensieveError):
    """Not now. `retry_after` is in whole seconds and never so long that a client gives up."""

    kind = "overloaded_error"
    status = 503

    def __init__(self, message: str, remedy: str = "", *, retry_after: float = 2) -> None:
        super().__init__(message, remedy)
        self.retry_after = round(min(max(retry_after, 1), LONGEST_RETRY_AFTER))


class WorkerError(Refused):
    """The engine's process died for good, hangs, or failed this one job."""


class SettingsError(PensieveError):
    """A flag, a key, a path or a port that cannot be used; shown as one line in the terminal."""
