"""Every setting there is: group, key, type, default, and one line of what it means. `load.py` fills them in.

The environment name of a key is PENSIEVE_<GROUP>__<KEY>, such as PENSIEVE_SERVER__PORT=8080.
"""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal

from msgspec import Meta, Struct

from pensieve.core.errors import SettingsError

LOCAL_TOKEN = "pensieve-local-token"
"""Everybody on this machine knows it: the server listens on loopback only, unless a token of one's own is set."""
MOST_GB = 1_000_000
Gigabytes = Annotated[float, Meta(ge=0, le=MOST_GB)]


def is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_reach(host: str, token: str) -> None:
    """Raises SettingsError for a server that everybody could use."""
    if not token and not is_loopback(host):
        raise SettingsError(
            f"Listening on {host} needs a token: others could use the server.",
            "Set PENSIEVE_SERVER__TOKEN, or listen on 127.0.0.1.",
        )


class Server(Struct, frozen=True, forbid_unknown_fields=True):
    host: Annotated[str, Meta(description="address to listen on; off loopback a token is required")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="port to listen on; 0 picks a free one")] = 7777
    token: Annotated[
        str, Meta(pattern=r"^[\x21-\x7e]*$", description="the only accepted token; empty: the local ones")
    ] = ""
    body_limit_mb: Annotated[int, Meta(ge=1, description="largest request body, in MiB")] = 32
    idle_seconds: Annotated[float, Meta(gt=0, description="silence after which an unfinished request is closed")] = 30
    drain_seconds: Annotated[float, Meta(ge=0, description="how long running answers may go on after SIGTERM")] = 30

    @property
    def token_or_local(self) -> str:
        """What a client has to send."""
        return self.token or LOCAL_TOKEN


class Model(Struct, frozen=True, forbid_unknown_fields=True):
    path: Annotated[
        str, Meta(description="the model: its name, a GGUF file, or a folder for MLX; empty for Pensieve Nano")
    ] = ""
    aliases: Annotated[
        tuple[str, ...], Meta(description="more names of this model, beside claude-*; name=model: of another one")
    ] = ()
    pinned: Annotated[tuple[str, ...], Meta(description="models that never make room for others")] = ()
    idle_unload: Annotated[
        float, Meta(ge=0, description="seconds without work after which the model is unloaded; 0: never")
    ] = 0


class Engine(Struct, frozen=True, forbid_unknown_fields=True):
    kind: Annotated[
        Literal["auto", "llamacpp", "mlx", "scripted"], Meta(description="auto: by the kind of model file")
    ] = "auto"
    parallel: Annotated[int, Meta(ge=1, le=64, description="requests that generate at once")] = 4
    queue: Annotated[int, Meta(ge=0, le=10_000, description="requests that may wait beyond those")] = 64
    context: Annotated[int, Meta(ge=512, description="tokens per request, if the model and the memory allow")] = 32768
    threads: Annotated[int, Meta(ge=0, le=1024, description="threads of the engine; 0: every core it may use")] = 0
    batch: Annotated[int, Meta(ge=32, le=4096, description="prompt tokens read in one step")] = 512
    read_on_seconds: Annotated[
        float, Meta(ge=0, description="how long a prompt is read on whose client has gone; 0: not at all")
    ] = 120
    cache_mb: Annotated[int, Meta(ge=0, description="RAM for prefixes that no running slot holds, in MiB")] = 512


class Worker(Struct, frozen=True, forbid_unknown_fields=True):
    load_seconds: Annotated[float, Meta(gt=0, description="a model not loaded by then has failed")] = 600
    silence_seconds: Annotated[float, Meta(gt=0, description="no sign of life for so long: replaced")] = 15
    hang_seconds: Annotated[float, Meta(gt=0, description="generating loop stuck for so long: replaced")] = 120


class Memory(Struct, frozen=True, forbid_unknown_fields=True):
    """What is not set is 2, 1 and 0.5, and less in proportion where there are less than 8 GB in all."""

    warn_gb: Annotated[
        Gigabytes | None, Meta(description="GB available below which caches are trimmed; if not set 2, in 8 GB or more")
    ] = None
    reject_gb: Annotated[
        Gigabytes | None, Meta(description="GB below which new requests get 503; if not set 1, in 8 GB or more")
    ] = None
    emergency_gb: Annotated[
        Gigabytes | None, Meta(description="GB below which the model is unloaded; if not set 0.5, in 8 GB or more")
    ] = None


class Log(Struct, frozen=True, forbid_unknown_fields=True):
    level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="least important line that is kept")
    ] = "info"


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    server: Server = Server()
    model: Model = Model()
    engine: Engine = Engine()
    worker: Worker = Worker()
    memory: Memory = Memory()
    log: Log = Log()
