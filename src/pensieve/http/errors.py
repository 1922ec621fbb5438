"""The one mapper from errors to answers. What nobody foresaw is logged with its traceback and told without it."""

from __future__ import annotations

import logging

import msgspec
from starlette.responses import Response

from pensieve.core.errors import PensieveError, Refused, Unauthenticated
from pensieve.wire.answer import ErrorDetail, ErrorEvent

MOST_CHARACTERS = 2000
"""Of a message."""

log = logging.getLogger("pensieve.http")


def error_event(error: Exception, request_id: str) -> ErrorEvent:
    """Also writes the error's one line in the log."""
    if isinstance(error, PensieveError):
        # It may quote the client, who may have written megabytes.
        message = str(error)
        if len(message) > MOST_CHARACTERS:
            message = f"{message[:MOST_CHARACTERS]} ..."
        log.info("refused request_id=%s status=%d type=%s message=%r", request_id, error.status, error.kind, message)
        detail = ErrorDetail(error.kind, message)
    else:
        log.error("unforeseen request_id=%s", request_id, exc_info=error)
        detail = ErrorDetail("api_error", "Something went wrong inside the server; its log tells more.")
    return ErrorEvent(detail, request_id)


def error_response(error: Exception, request_id: str) -> Response:
    headers = {}
    if isinstance(error, Refused):
        headers["retry-after"] = str(error.retry_after)
    if isinstance(error, Unauthenticated):
        # Without it Claude Code tries a wrong token for three minutes.
        headers["x-should-retry"] = "false"
    return Response(
        msgspec.json.encode(error_event(error, request_id)),
        status_code=error.status if isinstance(error, PensieveError) else 500,
        headers=headers,
        media_type="application/json",
    )
