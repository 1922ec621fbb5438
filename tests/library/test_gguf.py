"""The header of a GGUF file: what the official writer wrote is read, and a damaged file is always a clear error."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from pensieve.core.errors import SettingsError
from pensieve.library.gguf import CONTROL_TOKENS, TENSOR_TYPES, read_header

TOKENS = "tokenizer.ggml.tokens"
BOS = "tokenizer.ggml.bos_token_id"
SCALARS: list[tuple[str, Any]] = [
    ("uint8", 255),
    ("int8", -128),
    ("uint16", 65535),
    ("int16", -32768),
    ("uint32", 2**32 - 1),
    ("int32", -(2**31)),
    ("uint64", 2**64 - 1),
    ("int64", -(2**63)),
    ("float32", 0.25),
    ("float64", 0.1),
    ("bool", True),
    ("bool", False),
    ("string", "Grüße \U0001f600"),
    ("string", ""),
]


@pytest.fixture(scope="module")
def header(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A header with a bit of everything; it ends where its last value ends."""

    def fill(writer: gguf.GGUFWriter) -> None:
        for number, (kind, value) in enumerate(SCALARS):
            writer.add_key_value(f"scalar.{number}", value, gguf.GGUFValueType[kind.upper()])
        writer.add_array("whole", [1, -2, 3])
        writer.add_array("broken", [0.5, 1.5])
        writer.add_token_list(["<s>", "a", "</s>"])
        writer.add_bos_token_id(0)
        writer.add_eos_token_id(2)

    return written(tmp_path_factory.mktemp("headers") / "m.gguf", fill).read_bytes()


def written(path: Path, fill: Callable[[gguf.GGUFWriter], None]) -> Path:
    writer = gguf.GGUFWriter(path, "llama")
    fill(writer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    return path


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def string(key: str, value: str) -> bytes:
    return text(key) + struct.pack("<I", 8) + text(value)


def number(key: str, value: int) -> bytes:
    return text(key) + struct.pack("<Iq", 11, value)


def strings(key: str, *values: str) -> bytes:
    return text(key) + struct.pack("<IIQ", 9, 8, len(values)) + b"".join(map(text, values))


def file_of(*pairs: bytes, version: int = 3, count: int | None = None) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", version, 0, len(pairs) if count is None else count) + b"".join(pairs)


def read(data: bytes, folder: Path) -> dict[str, Any]:
    path = folder / "m.gguf"
    path.write_bytes(data)
    return read_header(path).metadata


@pytest.mark.parametrize(("kind", "value"), SCALARS)
def test_a_value_of_every_kind_is_read(kind: str, value: Any, tmp_path: Path) -> None:
    kind_of_value = gguf.GGUFValueType[kind.upper()]
    path = written(tmp_path / "m.gguf", lambda writer: writer.add_key_value("a.key", value, kind_of_value))
    metadata = read_header(path).metadata
    assert metadata["a.key"] == value and type(metadata["a.key"]) is type(value)
    assert metadata["general.architecture"] == "llama"


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        ([1, -2, 3], [1, -2, 3]),
        ([0.5, -1.5], [0.5, -1.5]),
        ([True, False], [True, False]),
        (["a", "bc", ""], 3),
        (list(range(1024)), list(range(1024))),
        (list(range(1025)), 1025),
    ],
)
def test_short_arrays_of_numbers_are_kept_and_of_others_the_length(array: Any, expected: Any, tmp_path: Path) -> None:
    path = written(tmp_path / "m.gguf", lambda writer: writer.add_array("a.key", array))
    metadata = read_header(path).metadata
    assert metadata == {"general.architecture": "llama", "a.key": expected}


def test_the_texts_of_the_first_and_last_token_are_found(header: bytes, tmp_path: Path) -> None:
    metadata = read(header, tmp_path)
    assert (metadata["tokenizer.ggml.bos_token"], metadata["tokenizer.ggml.eos_token"]) == ("<s>", "</s>")
    assert metadata[TOKENS] == 3
    assert not [key for key in metadata if "@" in key]


@pytest.mark.parametrize("index", [-1, 2, 10**9])
def test_a_token_that_is_not_there_has_no_text(index: int, tmp_path: Path) -> None:
    metadata = read(file_of(strings(TOKENS, "a", "b"), number(BOS, index)), tmp_path)
    assert "tokenizer.ggml.bos_token" not in metadata


def test_the_token_may_be_named_before_the_list(tmp_path: Path) -> None:
    assert read(file_of(number(BOS, 1), strings(TOKENS, "a", "b")), tmp_path)["tokenizer.ggml.bos_token"] == "b"


@pytest.mark.parametrize("version", [2, 3])
def test_both_versions_in_use_are_read(version: int, tmp_path: Path) -> None:
    assert read(file_of(number("a", 7), version=version), tmp_path) == {"a": 7}


def test_the_weights_behind_the_header_are_not_looked_at(header: bytes, tmp_path: Path) -> None:
    assert read(header + b"\xff" * 1000, tmp_path) == read(header, tmp_path)


def test_text_that_is_not_utf8_does_not_stop_the_reading(tmp_path: Path) -> None:
    assert read(file_of(string("a", "x?").replace(b"x?", b"x\xff")), tmp_path) == {"a": "x\ufffd"}


def test_a_header_that_is_cut_anywhere_is_a_settings_error(header: bytes, tmp_path: Path) -> None:
    for length in range(len(header)):
        with pytest.raises(SettingsError):
            read(header[:length], tmp_path)


@pytest.mark.parametrize(
    "data",
    [
        b"GGML" + file_of()[4:],
        b'{"model": "m"}  ',
        bytes(1000),
        file_of(version=1),
        file_of(version=4),
        file_of(version=0x03000000),
        file_of(number("a", 1), count=2),
        file_of(count=100_001),
        file_of(count=2**64 - 1),
        file_of(struct.pack("<Q", 2**63) + b"key"),
        file_of(text("a") + struct.pack("<IQ", 8, 2**64 - 1) + b"x"),
        file_of(text("a") + struct.pack("<IIQ", 9, 8, 2**62) + text("x")),
        file_of(text("a") + struct.pack("<IIQ", 9, 11, 2**61) + bytes(64)),
        file_of(text("a") + struct.pack("<IIQ", 9, 0, 2**63) + bytes(64)),
        file_of(text("a") + struct.pack("<I", 13) + bytes(64)),
        file_of(text("a") + struct.pack("<IIQ", 9, 13, 1) + bytes(64)),
    ],
)
def test_what_is_no_gguf_or_claims_too_much_is_a_settings_error_that_names_the_file(
    data: bytes, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match=r"m\.gguf is not a usable GGUF file"):
        read(data, tmp_path)


@pytest.mark.parametrize(
    "pairs",
    [
        [strings(TOKENS, "a", "b"), string(TOKENS, "x"), number(BOS, 1)],
        [string(f"{TOKENS}@", "x"), number(TOKENS, 7), number(BOS, 1)],
        [number(f"{TOKENS}@", -5), number(TOKENS, 7), number(BOS, 1)],
        [number(f"{TOKENS}@", 2**62), number(TOKENS, 7), number(BOS, 1)],
        [text(f"{TOKENS}@") + struct.pack("<Id", 12, 1.5), number(TOKENS, 7), number(BOS, 1)],
        [strings(TOKENS, "a"), text(TOKENS) + struct.pack("<Id", 12, float("inf")), number(BOS, 1)],
    ],
)
def test_keys_that_were_made_to_confuse_are_read_or_a_settings_error(pairs: list[bytes], tmp_path: Path) -> None:
    try:
        metadata = read(file_of(*pairs), tmp_path)
    except SettingsError:
        return
    assert isinstance(metadata.get("tokenizer.ggml.bos_token", ""), str)


def test_an_empty_file_a_directory_and_no_file_are_settings_errors(tmp_path: Path) -> None:
    (tmp_path / "empty.gguf").touch()
    for path in (tmp_path / "empty.gguf", tmp_path, tmp_path / "none.gguf"):
        with pytest.raises(SettingsError) as caught:
            read_header(path)
        assert str(path) in str(caught.value)


def test_the_types_of_tensors_are_those_of_the_format() -> None:
    known = {int(kind): sizes for kind, sizes in gguf.GGML_QUANT_SIZES.items()}
    assert {kind: TENSOR_TYPES[kind] for kind in known} == known


@pytest.mark.parametrize("alignment", [8, 32, 4096])
def test_how_long_a_file_is_by_its_tensors(alignment: int, tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_custom_alignment(alignment)
    writer.add_tensor("first", np.zeros((3, 5), np.float32))
    writer.add_tensor("blocks", np.zeros((2, 34), np.uint8), raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    writer.add_tensor("last", np.ones(7, np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    content = path.read_bytes()
    whole = read_header(path).whole
    # The last tensor's own bytes are needed, but not what fills up its place.
    assert whole == content.rindex(b"\x00\x3c") + 2 <= len(content)
    path.write_bytes(content[: whole - 1])
    assert read_header(path).whole == whole


@pytest.mark.parametrize("tensor", [struct.pack("<I", 5), struct.pack("<IQI", 1, 2**64 - 1, 0), b""])
def test_a_list_of_tensors_that_makes_no_sense(tensor: bytes, tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + text("a") + tensor)
    with pytest.raises(SettingsError, match="not a usable GGUF file"):
        read_header(path)


def test_control_tokens_come_with_their_ids(tmp_path: Path) -> None:
    kinds = gguf.TokenType

    def fill(writer: gguf.GGUFWriter) -> None:
        writer.add_token_list(["a", "<|im_end|>", "<tool_call>", *["b"] * 1500, "[TOOL_CALLS]"])
        writer.add_token_types([kinds.NORMAL, kinds.CONTROL, kinds.USER_DEFINED, *[kinds.NORMAL] * 1500, kinds.CONTROL])

    assert read_header(written(tmp_path / "m.gguf", fill)).metadata[CONTROL_TOKENS] == {
        "<|im_end|>": 1,
        "[TOOL_CALLS]": 1503,
    }


@settings(deadline=None, max_examples=300)
@given(
    flips=st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 255)), min_size=1, max_size=4),
    cut=st.integers(0, 10**6),
)
def test_wrong_bytes_are_read_or_a_settings_error(
    header: bytes, tmp_path_factory: pytest.TempPathFactory, flips: list[tuple[int, int]], cut: int
) -> None:
    data = bytearray(header)
    for position, flip in flips:
        data[position % len(data)] ^= flip
    path = tmp_path_factory.getbasetemp() / "flipped.gguf"
    path.write_bytes(data if cut % 2 else data[: cut % len(data)])
    try:
        metadata = read_header(path).metadata
    except SettingsError as error:
        assert str(path) in str(error)
    else:
        assert all(isinstance(key, str) for key in metadata)
