"""msgspec's words for a wrong field, turned into the API's: `messages.0.content.1.text: expected str, got int`."""

from __future__ import annotations

import re

import msgspec

from pensieve.core.errors import RequestError, shortened

_WHERE = re.compile(r"^(?P<what>.*?)(?: - at `(?:key in )?\$(?P<path>[^`]*)`)?$", re.DOTALL)
_MISSING = re.compile(r"^Object missing required field `(?P<name>[^`]+)`$")


def field_error(error: msgspec.ValidationError, prefix: str = "") -> RequestError:
    match = _WHERE.match(str(error))
    assert match is not None  # the pattern accepts any text
    what, path = match["what"], match["path"] or ""
    path = path.replace("[...]", "").replace("[", ".").replace("]", "").strip(".")
    missing = _MISSING.match(what)
    if missing:
        path, what = f"{path}.{missing['name']}", "field required"
    field = ".".join(part for part in (prefix, path.strip(".")) if part)
    # What came in place of a value that is known is quoted in it.
    what = shortened(what)
    return RequestError(what[:1].lower() + what[1:].replace("`", "").replace("NoneType", "null"), field=field or "body")
