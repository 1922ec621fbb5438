"""The `llama_context` inside the library's server, where the count of threads can be changed between two steps.

The Python object does not hand it out, but the library exports `server_context::get_llama_context()`. So its server
context is looked for in the memory of the server, and known by the name that C++ itself keeps of a type. All is read
through the kernel, which refuses an address that is none, and nothing is called before the names are right.
"""

from __future__ import annotations

import ctypes
import os
import struct
from types import TracebackType
from typing import Any, Self

OBJECT_HEAD = object.__basicsize__
SERVER = b"9xllamacpp6Server"
SERVER_CONTEXT = b"P14server_context"
"""How C++ writes the types `xllamacpp::Server` and `server_context *`."""
SERVER_SIZE = 32 * 1024
"""Where to stop looking: more than the server's parameters take (5 KiB in this version)."""
WORD = 8


class Context:
    """Holds the server that it was found in, for it must not be used any longer than that lives."""

    def __init__(self, library: ctypes.CDLL, pointer: int, server: Any) -> None:
        self._library = library
        self._pointer = ctypes.c_void_p(pointer)
        self._server = server

    @property
    def threads(self) -> tuple[int, int]:
        """For a step of one token, and of several."""
        return self._library.llama_n_threads(self._pointer), self._library.llama_n_threads_batch(self._pointer)

    @threads.setter
    def threads(self, counts: tuple[int, int]) -> None:
        """From the next step on. May be called from any thread: two numbers are stored."""
        self._library.llama_set_n_threads(self._pointer, *counts)

    @property
    def sequences(self) -> int:
        return int(self._library.llama_n_seq_max(self._pointer))


def find_context(server: Any, library: ctypes.CDLL, threads: int, parallel: int) -> Context:
    """Of an `xllamacpp.Server` that was set up with these counts.

    Raises LookupError if it cannot be had beyond doubt, AttributeError if the library lacks a function for it, OSError
    on a system without /proc.
    """
    with _Memory() as memory:
        inner = _shared(memory, id(server) + OBJECT_HEAD, type(server).__basicsize__ - OBJECT_HEAD, SERVER)
        held = _shared(memory, inner, SERVER_SIZE, SERVER_CONTEXT)
    get = library._ZNK14server_context17get_llama_contextEv
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    pointer = get(held)
    if not pointer:
        raise LookupError("no model is loaded")
    context = Context(library, pointer, server)
    told = (*context.threads, context.sequences)
    if told != (threads, threads, parallel):
        raise LookupError(f"it has not the counts of the server: {told}")
    return context


def _shared(memory: _Memory, start: int, size: int, kind: bytes) -> int:
    """What the first `std::shared_ptr` there points to whose counter says that it holds this kind."""
    for address in range(start, start + size, WORD):
        pointer, counter = memory.word(address), memory.word(address + WORD)
        if pointer and counter and kind in memory.type_name(counter):
            return pointer
    raise LookupError(f"no {kind.decode()} where it should be")


class _Memory:
    """Of this process; what cannot be read is 0 and the empty text."""

    def __enter__(self) -> Self:
        self._file = os.open("/proc/self/mem", os.O_RDONLY)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        os.close(self._file)

    def word(self, address: int) -> int:
        data = self._read(address, WORD)
        return int(struct.unpack("Q", data)[0]) if len(data) == WORD else 0

    def type_name(self, thing: int) -> bytes:
        """Of something with virtual functions: their table has the type's description before it, and that a name."""
        description = self.word(self.word(thing) - WORD)
        return self._read(self.word(description + WORD), 200).partition(b"\0")[0]

    def _read(self, address: int, size: int) -> bytes:
        try:
            return os.pread(self._file, size, address)
        except (OSError, OverflowError):
            return b""
