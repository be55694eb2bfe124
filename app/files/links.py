"""Signed links that expire: `<public URL>/files/<token>/<name>`.

A token says what it allows and until when, and is signed with a key made from the installation's secret, so
that nothing has to be stored for it. It is short: OCPP limits some locations to 512 characters.
"""

import base64
import binascii
import hashlib
import hmac
from urllib.parse import quote

from app.domain.errors import Gone, NotPermitted
from app.services.files import Link, Purpose
from app.services.ports import Clock

PATH = "/files"
_KEY_PURPOSE = b"ocpp-server:file-links:1"
_SIGNATURE_BYTES = 16


class SignedLinks:
    """Port `FileLinks`."""

    def __init__(self, secret: str, public_url: str, clock: Clock, previous_secret: str = "") -> None:
        """Links of the previous secret, if there is one, are good until they expire."""
        self._key = _key_of(secret)
        self._keys = [self._key, *([_key_of(previous_secret)] if previous_secret else [])]
        self._base = f"{public_url.rstrip('/')}{PATH}"
        self._clock = clock

    def url(self, link: Link, lifetime_s: int, file_name: str = "") -> str:
        """Without a name it ends with `/`: some charge points add a name to it, some send to it as it is."""
        expires_at = int(self._clock.now().timestamp()) + lifetime_s
        claim = "\n".join((link.purpose, link.tenant_id, link.subject, str(expires_at))).encode()
        token = f"{_text_of(claim)}.{_text_of(_signature(self._key, claim))}"
        return f"{self._base}/{token}/{quote(file_name, safe='')}"

    def read(self, token: str) -> Link:
        """What a token allows. Raises NotPermitted (not ours), Gone (expired)."""
        text, _, signature = token.partition(".")
        claim = _bytes_of(text)
        shown = _bytes_of(signature)
        if not any(hmac.compare_digest(_signature(key, claim), shown) for key in self._keys):
            raise NotPermitted("This link is not one of ours.")
        purpose, tenant_id, subject, expires_at = claim.decode().split("\n")
        if int(expires_at) <= self._clock.now().timestamp():
            raise Gone("This link has expired.")
        return Link(Purpose(purpose), tenant_id, subject)


def _key_of(secret: str) -> bytes:
    return hmac.digest(secret.encode(), _KEY_PURPOSE, hashlib.sha256)


def _signature(key: bytes, claim: bytes) -> bytes:
    return hmac.digest(key, claim, hashlib.sha256)[:_SIGNATURE_BYTES]


def _text_of(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes_of(text: str) -> bytes:
    """Empty for what is no base64, which no signature fits."""
    try:
        return base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""
