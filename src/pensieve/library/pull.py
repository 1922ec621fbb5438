"""Fetching a model from the Hugging Face hub into its cache, where every other program finds it too.

This module decides what is fetched and says what goes wrong; `transfer.py` does it.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path

from msgspec import Struct

from pensieve.core.errors import SettingsError
from pensieve.library.catalog import Machine

PREFERRED = ("Q4_K_M", "UD-Q4_K_XL", "Q4_K_S", "MXFP4", "Q4_0", "Q5_K_M", "Q8_0")
"""Quantisations, the first that is there: four bits are the most model for the memory."""
FOLDER_WEIGHTS = "model*.safetensors"
FOLDER_FILES = ("*.json", FOLDER_WEIGHTS, "*.jinja", "*.txt", "*.model", "tokenizer*")
"""What MLX reads, of the files that are in no folder: makers put the same weights beside them in other forms."""
MOST_FILES = 2000
GB = 1_000_000_000
SPARE_DISK = GB
SHA256_DIGITS = 64
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SPEC = re.compile(r"([\w.-]+/[\w.-]+)(?::([\w.-]+))?", re.ASCII)
_PART = re.compile(r"-\d{5}-of-\d{5}$")
_QUANT = re.compile(r"(?:^|[-._/])((?:UD-)?(?:I?Q\d\w*|MXFP4\w*|BF16|F16|F32))$", re.IGNORECASE)


class RemoteFile(Struct, frozen=True):
    """`hash`: SHA-256 of a large file's content, git's hash of a small one's: what the hub's cache calls it."""

    name: str
    size: int
    hash: str

    def is_in(self, path: Path) -> bool:
        """Whether that is its content."""
        if path.stat().st_size != self.size:
            return False
        with path.open("rb") as content:
            if len(self.hash) == SHA256_DIGITS:
                return hashlib.file_digest(content, "sha256").hexdigest() == self.hash
            return hashlib.sha1(b"blob %d\0" % self.size + content.read()).hexdigest() == self.hash


class Download(Struct, frozen=True):
    """What is to be fetched of a repository, at one commit."""

    repository: str
    commit: str
    files: tuple[RemoteFile, ...]

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)

    def folder(self, cache: Path) -> Path:
        return cache / f"models--{self.repository.replace('/', '--')}"

    @property
    def main_file(self) -> str:
        """The one that is the model, or the first part of it; of a folder, the one that says what it is."""
        return next((file.name for file in self.files if file.name.endswith(".gguf")), "config.json")


def parse_spec(text: str) -> tuple[str, str]:
    """`org/name` or `org/name:Q4_K_M`: the repository and the quantisation, "" if none. Raises SettingsError."""
    match = _SPEC.fullmatch(text)
    if match is None:
        raise SettingsError(
            f"{text!r} is no model of the hub.", "Write org/name, org/name:Q4_K_M, or a name of `pensieve recommend`."
        )
    return match[1], match[2] or ""


def plan_download(repository: str, quant: str = "") -> Download:
    """Asks the hub what there is. Raises SettingsError."""
    from huggingface_hub import HfApi

    with hub_errors(repository):
        info = HfApi().model_info(repository, files_metadata=True)
    files = [
        RemoteFile(file.rfilename, _size(file.size), file.lfs.sha256 if file.lfs else file.blob_id or "")
        for file in (info.siblings or [])[:MOST_FILES]
    ]
    chosen = choose_files(repository, files, quant)
    if not all(_can_be_fetched(file) for file in chosen) or not info.sha:
        raise SettingsError(f"What the hub says of {repository} cannot be used.", "Choose another repository.")
    return Download(repository, info.sha, tuple(chosen))


def _size(told: int | None) -> int:
    """An unknown one is none that a file can have."""
    return -1 if told is None else told


def _can_be_fetched(file: RemoteFile) -> bool:
    """It stays inside its folder, and what comes can be checked."""
    inside = not file.name.startswith("/") and "\\" not in file.name and ".." not in file.name.split("/")
    return inside and file.size >= 0 and _HASH.fullmatch(file.hash) is not None


def choose_files(repository: str, files: Iterable[RemoteFile], quant: str) -> list[RemoteFile]:
    """One quantisation of the GGUF files, or all that MLX reads. Raises SettingsError that lists what there is."""
    files = sorted(files, key=lambda file: file.name)
    variants: dict[str, list[RemoteFile]] = {}
    for file in files:
        stem = _PART.sub("", file.name.removesuffix(".gguf"))
        if file.name.endswith(".gguf") and not Path(file.name).name.startswith("mmproj"):
            variants.setdefault(stem, []).append(file)
    if not variants:
        top = [file for file in files if "/" not in file.name]
        names = [file.name for file in top]
        if "config.json" not in names or not any(fnmatchcase(name, FOLDER_WEIGHTS) for name in names):
            raise SettingsError(f"{repository} has neither GGUF files nor an MLX folder.", "Choose another.")
        if quant:
            raise SettingsError(f"{repository} has no GGUF files.", f"Leave out :{quant}.")
        return [file for file in top if any(fnmatchcase(file.name, pattern) for pattern in FOLDER_FILES)]
    by_quant = {(match[1] if (match := _QUANT.search(stem)) else stem).upper(): stem for stem in reversed(variants)}
    wanted = [quant.upper()] if quant else [name.upper() for name in PREFERRED]
    chosen = next((by_quant[name] for name in wanted if name in by_quant), None)
    if chosen is None and not quant and len(variants) == 1:
        chosen = next(iter(variants))
    if chosen is None:
        raise SettingsError(
            f"{repository} has {f'no {quant}' if quant else 'several variants'}.",
            f"There are: {', '.join(f'{repository}:{name}' for name in sorted(by_quant))}.",
        )
    return variants[chosen]


def check_room(download: Download, cache: Path, machine: Machine) -> None:
    """Raises SettingsError when the disk has no room for what is still to come, or the machine never will have for the
    model and a conversation."""
    if machine.memory and not machine.has_room_for(download.size):
        raise SettingsError(
            f"{download.repository} has {download.size / GB:.1f} GB, too much for this machine's "
            f"{machine.memory / GB:.1f} GB of memory.",
            "`pensieve recommend` lists those that fit.",
        )
    missing = download.size - sum(_there(download.folder(cache), file) for file in download.files)
    place = next(folder for folder in (cache, *cache.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    if missing and missing + SPARE_DISK > free:
        raise SettingsError(
            f"{download.repository} takes {missing / GB:.1f} GB of disk, and {free / GB:.1f} GB are free at {place}.",
            "Make room, or set HF_HUB_CACHE to a folder on another disk.",
        )


def fetch(download: Download, cache: Path, tell: Callable[[int], None], waits: Callable[[], None]) -> Path:
    """Fetches what is missing and checks what has come; the model's file or folder. `tell`: how many bytes are there;
    `waits`: for somebody else who fetches it.

    Raises SettingsError.
    """
    from pensieve.library.transfer import transfer

    with hub_errors(download.repository):
        main = transfer(download, cache, tell, waits) / download.main_file
    return main if main.suffix == ".gguf" else main.parent


def _there(top: Path, file: RemoteFile) -> int:
    """Bytes of it that need not be fetched."""
    blob = top / "blobs" / file.hash
    sizes = [path.stat().st_size for path in (blob, blob.with_name(f"{blob.name}.pensieve-part")) if path.exists()]
    return min(file.size, max(sizes, default=0))


@contextmanager
def hub_errors(repository: str) -> Iterator[None]:
    """Everything that goes wrong on the way, in words for the person who waits."""
    import httpx2
    from huggingface_hub import errors

    again = "What has come is kept; the same command goes on from there."
    try:
        yield
    except errors.GatedRepoError:
        remedy = f"Accept its terms at https://huggingface.co/{repository}, then `hf auth login`."
        raise SettingsError(f"{repository} is given only to those who accept its terms.", remedy) from None
    except errors.RepositoryNotFoundError:
        raise SettingsError(
            f"There is no {repository} on the hub.", "Check how it is spelled; if it is private: `hf auth login`."
        ) from None
    except errors.OfflineModeIsEnabled:
        raise SettingsError("HF_HUB_OFFLINE forbids it.", "Unset it; models that are here need no network.") from None
    except errors.HfHubHTTPError as error:
        raise SettingsError(f"The hub answered {error.response.status_code}.", f"Try later. {again}") from None
    except errors.HFValidationError:
        raise SettingsError(f"{repository} is no name of the hub.", "Check how it is spelled.") from None
    except (httpx2.HTTPError, errors.LocalEntryNotFoundError, errors.RevisionResolutionError):
        raise SettingsError(
            "The hub cannot be reached.", f"Check the network; models that are here need none. {again}"
        ) from None
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        what = "The disk is full." if full else f"It broke off: {error}."
        raise SettingsError(what, f"Make room. {again}" if full else again) from None


def quiet_hub(environment: Mapping[str, str]) -> None:
    """Before huggingface_hub is first imported: it must tell nobody anything, and ask for nothing but models."""
    for name in ("HF_HUB_DISABLE_TELEMETRY", "HF_HUB_DISABLE_UPDATE_CHECK", "HF_HUB_DISABLE_EXPERIMENTAL_WARNING"):
        if name not in environment:
            os.environ[name] = "1"
