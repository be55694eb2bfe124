"""How passwords of MQTT accounts are kept: as Mosquitto keeps them, so that a broker can be given them again.

PBKDF2 with SHA-512, written `$7$<rounds>$<salt>$<digest>` (mosquitto_passwd(1)). Few rounds do, because every
password that we make has 256 random bits.
"""

import hashlib
import hmac
from base64 import b64decode, b64encode

_KIND = "7"
_ROUNDS = 101
SALT_BYTES = 12


def hash_password(password: str, salt: bytes, rounds: int = _ROUNDS) -> str:
    """To be kept. A password that a person chose wants many `rounds`."""
    return (
        f"${_KIND}${rounds}${b64encode(salt).decode()}${b64encode(_digest(password, salt, rounds)).decode()}"
    )


def parts_of(password_hash: str) -> tuple[int, str, str]:
    """Rounds, salt and digest, the last two in base64."""
    _, _, rounds, salt, digest = password_hash.split("$")
    return int(rounds), salt, digest


def is_password(password: str, password_hash: str) -> bool:
    """Whether it is the one that was hashed; how long this takes does not tell how near it was."""
    rounds, salt, digest = parts_of(password_hash)
    return hmac.compare_digest(_digest(password, b64decode(salt), rounds), b64decode(digest))


def _digest(password: str, salt: bytes, rounds: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha512", password.encode(), salt, rounds)
