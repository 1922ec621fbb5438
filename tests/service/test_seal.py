"""Signatures: what was sealed comes back, and nothing else does."""

from __future__ import annotations

import base64
import secrets
import stat
import threading
import zlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings, strategies as st

from pensieve.service.seal import KEY_BYTES, KEY_FILE, LARGEST_THOUGHT, Seal, load_key

KEY = bytes(range(32))
SEAL = Seal(KEY)


@settings(deadline=None)
@given(text=st.text())
def test_what_was_sealed_comes_back(text: str) -> None:
    assert SEAL.unseal(SEAL.seal(text)) == text


def test_it_comes_back_after_a_restart() -> None:
    assert Seal(KEY).unseal(SEAL.seal("hm")) == "hm"


def test_no_two_signatures_are_the_same() -> None:
    assert SEAL.seal("hm") != SEAL.seal("hm")


def test_a_long_thought_has_a_shorter_signature() -> None:
    thought = "First I look at the file, then at the next file. " * 1000
    assert len(SEAL.seal(thought)) < len(thought) / 10


def test_what_no_window_holds_is_cut() -> None:
    assert SEAL.unseal(SEAL.seal("a" + "ä" * LARGEST_THOUGHT)) == "a" + "ä" * (LARGEST_THOUGHT // 2 - 1)


def test_half_a_character_is_no_error() -> None:
    assert SEAL.unseal(SEAL.seal("a\ud800b")) == "a?b"


@settings(deadline=None, max_examples=200)
@given(data=st.data(), text=st.text(max_size=50))
def test_any_other_character_anywhere_breaks_a_signature(data: st.DataObject, text: str) -> None:
    signature = SEAL.seal(text)
    place = data.draw(st.integers(0, len(signature) - 1))
    other = data.draw(st.characters() | st.sampled_from("AB/+=." + signature))
    changed = signature[:place] + other + signature[place + 1 :]
    assert (SEAL.unseal(changed) is None) is (changed != signature)


@settings(deadline=None)
@given(data=st.data())
def test_a_signature_that_is_cut_or_longer_is_broken(data: st.DataObject) -> None:
    signature = SEAL.seal("hm")
    assert SEAL.unseal(signature[: data.draw(st.integers(0, len(signature) - 1))]) is None
    assert SEAL.unseal(signature + data.draw(st.text(min_size=1))) is None
    assert SEAL.unseal(data.draw(st.text(min_size=1)) + signature) is None


def test_the_spare_bits_of_base64_are_no_way_around() -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    padded = [s for s in (SEAL.seal("x" * n) for n in range(6)) if s.endswith("=")]
    assert padded
    for signature in padded:
        core = signature.rstrip("=")
        twin = core[:-1] + alphabet[alphabet.index(core[-1]) ^ 1] + signature[len(core) :]
        assert base64.b64decode(twin[3:]) == base64.b64decode(signature[3:])
        assert SEAL.unseal(twin) is None


@settings(deadline=None)
@given(text=st.text() | st.text("p1.AB=").map(lambda text: f"p1.{text}"))
def test_what_is_no_signature_is_none(text: str) -> None:
    assert SEAL.unseal(text) is None


def test_a_signature_of_another_key_is_none() -> None:
    assert SEAL.unseal(Seal(secrets.token_bytes(32)).seal("hm")) is None


def test_what_unpacks_without_end_is_bounded() -> None:
    nonce, bomb = bytes(12), zlib.compress(b"a" * (LARGEST_THOUGHT * 2))
    signature = "p1." + base64.b64encode(nonce + AESGCM(KEY).encrypt(nonce, bomb, b"p1.")).decode()
    assert SEAL.unseal(signature) is None
    assert SEAL.unseal("p1." + "A" * (3 * LARGEST_THOUGHT)) is None


@pytest.mark.parametrize("packed", [b"", b"not packed"])
def test_what_was_not_packed_is_none(packed: bytes) -> None:
    nonce = bytes(12)
    sealed = AESGCM(KEY).encrypt(nonce, packed, b"p1.")
    assert SEAL.unseal("p1." + base64.b64encode(nonce + sealed).decode()) is None


def test_a_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    key = load_key(home)
    assert len(key) == KEY_BYTES
    assert load_key(home) == key
    assert [path.name for path in home.iterdir()] == [KEY_FILE]
    assert stat.S_IMODE((home / KEY_FILE).stat().st_mode) == 0o600
    assert load_key(tmp_path / "other") != key


def test_a_key_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    key = load_key(tmp_path)
    (tmp_path / KEY_FILE).chmod(0o644)
    assert load_key(tmp_path) == key
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize("broken", [b"", b"short", b"x" * 33])
def test_a_broken_key_is_replaced(tmp_path: Path, broken: bytes) -> None:
    (tmp_path / KEY_FILE).write_bytes(broken)
    key = load_key(tmp_path)
    assert len(key) == KEY_BYTES and load_key(tmp_path) == key


def test_servers_that_start_at_once_have_the_same_key(tmp_path: Path) -> None:
    keys: list[bytes] = []
    ready = threading.Barrier(8)

    def start() -> None:
        ready.wait()
        keys.append(load_key(tmp_path / "one"))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8 and len(set(keys)) == 1
    assert [path.name for path in (tmp_path / "one").iterdir()] == [KEY_FILE]


def test_without_a_home_the_key_is_good_for_this_run(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "taken").write_text("a file")
    key = load_key(tmp_path / "taken")
    assert len(key) == KEY_BYTES and load_key(tmp_path / "taken") != key
    assert "seal_key_not_kept" in caplog.text and key.hex() not in caplog.text
