"""The signature of a thought is the thought: sealed with this server's key, so that it comes back whole and true."""

from __future__ import annotations

import base64
import binascii
import contextlib
import logging
import os
import secrets
import zlib
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

log = logging.getLogger(__name__)

KEY_BYTES = 32
KEY_FILE = "seal.key"
LARGEST_THOUGHT = 4 * 1024 * 1024
"""Bytes; what is longer is cut. No window holds so much."""

_VERSION = "p1."
_NONCE_BYTES = 12
_TAG_BYTES = 16
_LONGEST_SIGNATURE = 2 * LARGEST_THOUGHT


class Seal:
    """AES-256-GCM over the compressed text; the version is part of what is authenticated."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, text: str) -> str:
        packed = zlib.compress(text.encode("utf-8", "replace")[:LARGEST_THOUGHT])
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, packed, _VERSION.encode())
        return _VERSION + base64.b64encode(nonce + sealed).decode()

    def unseal(self, signature: str) -> str | None:
        """None for all that this key has not sealed, to the last character."""
        coded = signature.removeprefix(_VERSION)
        if len(coded) == len(signature) or len(coded) > _LONGEST_SIGNATURE:
            return None
        try:
            sealed = base64.b64decode(coded, validate=True)
            # Base64 has spare bits at its end, where two spellings mean the same.
            if len(sealed) < _NONCE_BYTES + _TAG_BYTES or base64.b64encode(sealed).decode() != coded:
                return None
            packed = self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _VERSION.encode())
            unpacker = zlib.decompressobj()
            thought = unpacker.decompress(packed, LARGEST_THOUGHT + 1)
            # A thought that was cut may end in a part of a character.
            return thought.decode("utf-8", "ignore") if unpacker.eof else None
        except (binascii.Error, ValueError, InvalidTag, zlib.error):
            return None


def load_key(home: Path) -> bytes:
    """The key in Pensieve's home, made when there is none: signatures outlive the server.

    Where no file can be kept the key is good for this run only.
    """
    path = home / KEY_FILE
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _read(path) or _create(path)
    except OSError as error:
        log.warning("seal_key_not_kept path=%s error=%s", path, error)
        return secrets.token_bytes(KEY_BYTES)


def _read(path: Path) -> bytes | None:
    """None when there is no key or only a broken one."""
    try:
        path.chmod(0o600)
        key = path.read_bytes()
    except FileNotFoundError:
        return None
    if len(key) == KEY_BYTES:
        return key
    log.warning("seal_key_broken path=%s", path)
    path.unlink(missing_ok=True)
    return None


def _create(path: Path) -> bytes:
    """Whole from its first moment. Of two servers that start at once, the first one's key is that of both."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        # Another server of the same home may have been first: then its key is the one.
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
        return path.read_bytes()
    finally:
        fresh.unlink(missing_ok=True)
