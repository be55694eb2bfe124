"""Keys of charge points: kept as salted hashes, checked against what a charge point presents (E7).

An AuthorizationKey is 16 to 20 random bytes, so nobody can guess it whatever a guess costs; the hash only
keeps a stolen database from being a list of keys. Hence small parameters: one check takes about 4 ms of CPU
and 8 MiB (measured on one 2-core machine), and a check that was made before takes microseconds.
"""

import hashlib
import re
import secrets
import threading
from collections import OrderedDict

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

KEY_DIGITS = re.compile(r"(?:[0-9A-Fa-f]{2}){16,20}")
"""How OCPP writes an AuthorizationKey: 16 to 20 bytes in hexadecimal (A01.FR.02)."""
REMEMBERED = 20_000
_TIME_COST, _MEMORY_KIB, _PARALLELISM = 1, 8_192, 1


class KeyHasher:
    """Hashes keys and remembers the checks it made lately, by a digest that is worthless elsewhere.

    A fleet that reconnects after an outage therefore costs no hashing, and neither does a charge point
    that offers the same wrong key again and again.
    """

    def __init__(self, hasher: PasswordHasher | None = None, remembered: int = REMEMBERED) -> None:
        self._hasher = hasher or PasswordHasher(_TIME_COST, _MEMORY_KIB, _PARALLELISM)
        self._digest_key = secrets.token_bytes(32)
        self._right, self._wrong = _Digests(remembered), _Digests(remembered)

    def hash(self, key: bytes) -> str:
        """Salted hash of a key, to be stored."""
        return self._hasher.hash(key)

    def matches(self, stored: str, presented: bytes) -> bool:
        """Whether `presented` is the key behind `stored`; an empty one never is (G4). Takes milliseconds."""
        digest = self._digest(stored, presented)
        if digest in self._right:
            return True
        if not presented or digest in self._wrong:
            return False
        try:
            self._hasher.verify(stored, presented)
        except (VerificationError, InvalidHashError):
            self._wrong.add(digest)
            return False
        self._right.add(digest)
        return True

    def recalls(self, stored: str, presented: bytes) -> bool:
        """Whether `matches` has found them to match lately. Takes microseconds; False means nothing."""
        return self._digest(stored, presented) in self._right

    def _digest(self, stored: str, presented: bytes) -> bytes:
        text = stored.encode()
        message = len(text).to_bytes(4, "big") + text + presented
        return hashlib.blake2b(message, key=self._digest_key, digest_size=32).digest()


class _Digests:
    """A bounded set that forgets what was not asked for longest. Safe from any thread."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._known: OrderedDict[bytes, None] = OrderedDict()

    def __contains__(self, digest: bytes) -> bool:
        with self._lock:
            if digest not in self._known:
                return False
            self._known.move_to_end(digest)
            return True

    def add(self, digest: bytes) -> None:
        with self._lock:
            self._known[digest] = None
            if len(self._known) > self._size:
                self._known.popitem(last=False)
