"""Files of the hub into its cache, as huggingface_hub lays it out: `blobs/<hash>`, links in `snapshots/<commit>`.

An own transfer because huggingface_hub begins anew whenever it was interrupted: of 20 GB, all of them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx2
from huggingface_hub import hf_hub_url
from huggingface_hub.utils._headers import build_hf_headers
from huggingface_hub.utils._http import hf_raise_for_status

from pensieve.core.errors import SettingsError
from pensieve.library.pull import Download, RemoteFile
from pensieve.library.unfinished import LOCK, PART, Busy, alone

SILENCE_SECONDS = 60.0
PATIENCE = 5
"""Transfers in a row that break without having brought anything."""
PAUSE_SECONDS = 1.0
"""Before a connection that broke is tried again."""

Tell = Callable[[int], None]
"""How many bytes of the download are there."""


def transfer(download: Download, cache: Path, tell: Tell, waits: Callable[[], None]) -> Path:
    """The folder of the snapshot, with everything in it. What is interrupted stays, and is gone on with. `waits` is
    called if somebody else fetches from the same repository.

    Raises OSError, httpx2's and huggingface_hub's errors, and SettingsError for content that is not what the hub says.
    """
    top = download.folder(cache)
    snapshot = top / "snapshots" / download.commit
    (top / "blobs").mkdir(parents=True, exist_ok=True)
    _try_link(top)
    done = 0
    try:
        with alone(top / LOCK, wait=False):
            pass
    except Busy:
        waits()
    with alone(top / LOCK), httpx2.Client(follow_redirects=True, timeout=SILENCE_SECONDS) as client:
        for file in download.files:
            blob = top / "blobs" / file.hash
            if not (blob.exists() and blob.stat().st_size == file.size):
                _fetch(client, download, file, blob, partial(_tell_all, tell, done))
            done += file.size
            tell(done)
        # Only now: some files of a model look like one that is whole.
        for file in download.files:
            _link(snapshot / file.name, top / "blobs" / file.hash)
        _point(top / "refs" / "main", download.commit)
    return snapshot


def _tell_all(tell: Tell, before: int, size: int) -> None:
    tell(before + size)


def part_of(blob: Path) -> Path:
    return blob.with_name(blob.name + PART)


def _fetch(client: httpx2.Client, download: Download, file: RemoteFile, blob: Path, tell: Tell) -> None:
    url = hf_hub_url(download.repository, file.name, revision=download.commit)
    part, patience = part_of(blob), PATIENCE
    # An empty file is whole before anything was asked for.
    part.touch()
    while True:
        before = part.stat().st_size
        if before >= file.size:
            break
        try:
            _go_on(client, url, part, before, tell)
        except httpx2.TransportError:
            patience = patience - 1 if part.stat().st_size <= before else PATIENCE
            if not patience:
                raise
            time.sleep(PAUSE_SECONDS)
        else:
            if part.stat().st_size < file.size and part.stat().st_size <= before:
                break
    if file.is_in(part):
        part.replace(blob)
        return
    part.unlink(missing_ok=True)
    raise SettingsError(f"{file.name} is not what the hub says it is: removed.", "Fetch it again.")


def _go_on(client: httpx2.Client, url: str, part: Path, before: int, tell: Tell) -> None:
    """From the byte where the part ends; from the first if the server does not know ranges."""
    headers = build_hf_headers() | {"accept-encoding": "identity"}
    if before:
        headers["range"] = f"bytes={before}-"
    with client.stream("GET", url, headers=headers) as answer:
        if answer.is_error:
            answer.read()
        hf_raise_for_status(answer)
        begins_anew = answer.status_code != httpx2.codes.PARTIAL_CONTENT
        with part.open("wb" if begins_anew else "ab") as content:
            size = 0 if begins_anew else before
            for piece in answer.iter_raw():
                content.write(piece)
                size += len(piece)
                tell(size)


def _link(name: Path, blob: Path) -> None:
    name.parent.mkdir(parents=True, exist_ok=True)
    new = name.with_name(f"{name.name}.{os.getpid()}")
    new.symlink_to(os.path.relpath(blob, name.parent))
    new.replace(name)


def _try_link(folder: Path) -> None:
    """Before all the bytes have come. Raises SettingsError."""
    trial = folder / f".pensieve-link.{os.getpid()}"
    try:
        trial.symlink_to("blobs")
    except OSError as error:
        # The file systems of most sticks know none.
        raise SettingsError(
            f"No links can be made in {folder}: {error.strerror}.", "Set HF_HOME to a folder on another disk."
        ) from None
    finally:
        trial.unlink(missing_ok=True)


def _point(ref: Path, commit: str) -> None:
    ref.parent.mkdir(exist_ok=True)
    new = ref.with_name(f"{ref.name}.{os.getpid()}")
    new.write_text(commit)
    new.replace(ref)
