"""Pictures that a client has been told the model cannot see: each is refused once, not for ever.

After the refusal the picture is still part of the client's history. Claude Code even puts what its user says next into
the same message, so that nothing but the new words tells the next request from the one that was refused.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict

import msgspec

from pensieve.wire.blocks import AnyBlock, DocumentBlock, ImageBlock
from pensieve.wire.request import InputMessage

MOST = 1024
"""Pictures that are remembered."""


class Pictures:
    def __init__(self) -> None:
        self._refused: OrderedDict[bytes, bytes] = OrderedDict()
        """Digests of pictures, and of the messages that they were refused in."""

    def known(self, message: InputMessage) -> bool:
        """Were the pictures of a message refused before, in another one? If not, they are from now on. The same message
        again is the client's second attempt, and its user still does not know."""
        whole = _digest(message.blocks)
        pictures = [_digest((block,)) for block in message.blocks if isinstance(block, ImageBlock | DocumentBlock)]
        if all(self._refused.get(picture, whole) != whole for picture in pictures):
            return True
        for picture in pictures:
            self._refused[picture] = whole
        while len(self._refused) > MOST:
            self._refused.popitem(last=False)
        return False


def _digest(blocks: tuple[AnyBlock, ...]) -> bytes:
    return hashlib.sha256(msgspec.json.encode(blocks)).digest()
