"""Foreign calls in tags: `<function=Read><parameter=path>a</parameter></function>`, `<invoke name="Read">...`."""

from __future__ import annotations

import json
import re

from pensieve.dialects.foreign.calls import LONGEST_HELD, Call
from pensieve.dialects.foreign.objects import ObjectCalls
from pensieve.dialects.scan import Look, Reading
from pensieve.dialects.schemas import Schemas, as_json

FUNCTION, INVOKE = "<function=", "<invoke name="
_CLOSES = {FUNCTION: "</function>", INVOKE: "</invoke>"}
_PARAMETER = re.compile(r"<parameter(?:=| name=)\"?([^>\"]+)\"?>\n?(.*?)\n?</parameter>", re.DOTALL)
_END, _START = re.compile(">"), re.compile("<")


class TagCalls:
    """Looks ahead; takes nothing."""

    def __init__(self, schemas: Schemas, objects: ObjectCalls) -> None:
        self._schemas = schemas
        self._objects = objects

    def read(self, mark: str, look: Look) -> Reading[Call | None]:
        """Behind `<function=` or `<invoke name=`: a name, and parameters in tags of their own, or JSON."""
        before = look.further()
        close = _CLOSES[mark]
        if not (yield from look.past(_END, LONGEST_HELD)):
            return None
        name = self._schemas.offered(look.since(before)[:-1].strip("\"' "))
        if not self._schemas.has(name):
            return None
        body = look.further()
        while (yield from look.past(_START, LONGEST_HELD)):
            if (yield from look.literal(close[1:])):
                written = look.since(body).removesuffix(close).strip()
                if written.startswith("{"):
                    return next(iter(self._objects.call(name, written) or ()), None)
                members = [
                    f"{json.dumps(key)}: {as_json(value, self._schemas.types(name, key))}"
                    for key, value in _PARAMETER.findall(written)
                ]
                return Call(name, "{" + ", ".join(members) + "}")
        return None
