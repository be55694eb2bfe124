"""The public keys of an external issuer, as it shows them (JWKS, RFC 7517).

They are kept, and read again when one is not known or after an hour, but not more often than every ten
seconds: invented key ids must not become requests to the issuer. While it is away the known keys go on.
"""

import json
import threading
import time
import urllib.request
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt import PyJWK, PyJWKSet
from jwt.exceptions import InvalidTokenError, PyJWTError

from app.domain.errors import IssuerUnavailable
from app.logs import get_logger

ALGORITHM_OF = {"RSA": "RS256", "EC": "ES256"}
_TIMEOUT_S = 3.0
_MOST_BYTES = 262_144
_ASK_AGAIN_AFTER_S = 10.0
_STALE_AFTER_S = 3_600.0
_LEAST_RSA_BITS = 2048

_log = get_logger(__name__)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The address was chosen with care; where it leads on to was not."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirect)


class IssuerKeys:
    """Keys by their id. Thread-safe; of those who present a known key at most one waits for the issuer."""

    def __init__(self, url: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._monotonic = monotonic
        self._asking = threading.Lock()
        self._keys: dict[str, PyJWK] = {}
        self._asked_at = self._read_at = float("-inf")

    def get(self, key_id: str) -> PyJWK:
        """Raises InvalidTokenError where the issuer has no such key, IssuerUnavailable where nobody knows."""
        if self._find(key_id) is None or self._monotonic() - self._read_at > _STALE_AFTER_S:
            self._ask_for(key_id)
        found = self._find(key_id)
        if found is None:
            raise InvalidTokenError("The issuer has no such key")
        return found

    def _find(self, key_id: str) -> PyJWK | None:
        """An issuer with one key need not name it."""
        keys = self._keys
        return next(iter(keys.values())) if not key_id and len(keys) == 1 else keys.get(key_id)

    def _ask_for(self, key_id: str) -> None:
        """One asks for all. Raises IssuerUnavailable, also where another one asks just now."""
        if self._asking.acquire(blocking=not self._keys):
            try:
                if self._monotonic() - self._asked_at > _ASK_AGAIN_AFTER_S:
                    self._read()
            finally:
                self._asking.release()
        elif self._find(key_id) is None:
            raise IssuerUnavailable("The issuer is being asked for its keys.")
        if self._find(key_id) is None and self._read_at < self._asked_at:
            raise IssuerUnavailable("The issuer's keys cannot be had.")

    def _read(self) -> None:
        self._asked_at = now = self._monotonic()
        try:
            with _opener.open(self._url, timeout=_TIMEOUT_S) as answer:
                shown = json.loads(answer.read(_MOST_BYTES))
            keys = PyJWKSet.from_dict(shown).keys
        except (OSError, ValueError, TypeError, AttributeError, RecursionError, PyJWTError) as failure:
            _log.warning("issuer's keys not read", reason=str(failure))
            return
        self._keys = {str(key.key_id or ""): key for key in keys if _is_usable(key)}
        self._read_at = now


def _is_usable(key: PyJWK) -> bool:
    """A public key to check signatures with, of a kind that we take."""
    if key.public_key_use not in ("sig", None):
        return False
    if isinstance(key.key, rsa.RSAPublicKey):
        return key.key.key_size >= _LEAST_RSA_BITS
    return isinstance(key.key, ec.EllipticCurvePublicKey) and isinstance(key.key.curve, ec.SECP256R1)
