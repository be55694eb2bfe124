"""Keys of charge points: salted hashes, raw bytes, and no hashing of what was checked before (E5-E7)."""

import secrets
import time

import pytest
from argon2 import PasswordHasher

from app.services.keys import KeyHasher
from tests.fakes.world import QUICK_HASHER

KEY = bytes.fromhex("0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF")


class CountingHasher:
    """Counts what is really hashed."""

    def __init__(self) -> None:
        self.verified = 0

    def hash(self, key: bytes) -> str:
        return QUICK_HASHER.hash(key)

    def verify(self, stored: str, presented: bytes) -> bool:
        self.verified += 1
        return QUICK_HASHER.verify(stored, presented)


@pytest.fixture
def counting() -> CountingHasher:
    return CountingHasher()


@pytest.fixture
def keys(counting: CountingHasher) -> KeyHasher:
    return KeyHasher(counting, remembered=3)  # type: ignore[arg-type]


def test_a_key_matches_its_own_hash_and_no_other(keys: KeyHasher) -> None:
    stored = keys.hash(KEY)
    assert keys.matches(stored, KEY)
    assert not keys.matches(stored, KEY[:-1])
    assert not keys.matches(stored, KEY.hex().encode())
    assert not keys.matches(keys.hash(b"another"), KEY)


def test_the_hash_is_salted_and_does_not_hold_the_key(keys: KeyHasher) -> None:
    """E7, A01.FR.06."""
    first, second = keys.hash(KEY), keys.hash(KEY)
    assert first != second
    assert first.startswith("$argon2id$")
    assert KEY.hex() not in first


def test_an_empty_key_matches_nothing_not_even_an_empty_hash(keys: KeyHasher) -> None:
    """G4."""
    assert not keys.matches(keys.hash(b""), b"")


@pytest.mark.parametrize("broken", ["", "plain", "$argon2id$v=19$broken"])
def test_what_is_no_hash_matches_nothing(keys: KeyHasher, broken: str) -> None:
    assert not keys.matches(broken, KEY)


def test_what_was_checked_is_not_hashed_again(keys: KeyHasher, counting: CountingHasher) -> None:
    stored = keys.hash(KEY)
    assert not keys.recalls(stored, KEY)
    for _ in range(5):
        assert keys.matches(stored, KEY)
        assert not keys.matches(stored, b"wrong")
    assert counting.verified == 2
    assert keys.recalls(stored, KEY)
    assert not keys.recalls(stored, b"wrong")


def test_a_new_hash_of_the_same_charge_point_is_checked_anew(keys: KeyHasher) -> None:
    """E6: the old key is worth nothing once the hash is replaced."""
    old = keys.hash(KEY)
    assert keys.matches(old, KEY)
    assert not keys.matches(keys.hash(b"the new key"), KEY)


def test_wrong_keys_do_not_push_out_the_right_one(keys: KeyHasher, counting: CountingHasher) -> None:
    stored = keys.hash(KEY)
    keys.matches(stored, KEY)
    for number in range(10):
        keys.matches(stored, f"guess {number}".encode())
    assert keys.recalls(stored, KEY)


def test_only_so_many_are_remembered(keys: KeyHasher) -> None:
    known = [(keys.hash(key), key) for key in (secrets.token_bytes(20) for _ in range(4))]
    for stored, key in known:
        assert keys.matches(stored, key)
    assert [keys.recalls(stored, key) for stored, key in known] == [False, True, True, True]


def test_the_real_parameters_are_quick_enough_for_a_handshake() -> None:
    """About 4 ms; the bound only notices that somebody has made it a password hash for people."""
    keys = KeyHasher()
    stored = keys.hash(KEY)
    assert "m=8192,t=1,p=1" in stored
    started = time.process_time()
    assert keys.matches(stored, KEY)
    assert time.process_time() - started < 0.5
    assert isinstance(keys._hasher, PasswordHasher)
