"""How a connection proves who it is: security profiles 0 to 3 (E1, E4, E6, E16-E18, A8-A11)."""

import asyncio
import base64
import binascii
import hashlib
import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request

from app.domain.charge_point import ChargePoint, ChargePointSecurity
from app.domain.context import ChargePointRef
from app.domain.tenant import Tenant
from app.ocpp.quirks import Quirk
from app.services.keepers import Keepers
from app.services.keys import KeyHasher
from app.services.refusals import RefusalReason

_HEX_TEXT = re.compile(rb"(?:[0-9A-Fa-f]{2}){16,20}")
_ENCRYPTED, _PLAIN, _ANY = (True,), (False,), (False, True)
_TRANSPORTS = {0: _ANY, 1: _PLAIN, 2: _ENCRYPTED, 3: _ENCRYPTED}
Matches = Callable[[str, bytes], bool]


@dataclass(frozen=True, slots=True)
class Basic:
    """Of an Authorization header. The key is bytes, whatever they mean (A10)."""

    user: str
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Presented:
    """What a connection shows. The certificate's chain was found to be good when TLS began (E16).

    `fingerprint` is the certificate's SHA-256 in hexadecimal.
    """

    is_encrypted: bool
    basic: Basic | None = None
    certificate: Mapping[str, Any] | None = None
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """Why a charge point was believed: by which profile, and with what that was only pending so far."""

    profile: int
    uses_pending_profile: bool = False
    uses_pending_key: bool = False
    serial_hex: str | None = None
    deviations: tuple[Quirk, ...] = ()


@dataclass(frozen=True, slots=True)
class Distrust:
    """Why it was not. `kind` is the security event's type (E3)."""

    status: HTTPStatus
    kind: str
    reason: RefusalReason
    detail: str


WRONG_PROFILE = Distrust(
    HTTPStatus.FORBIDDEN,
    "WrongSecurityProfile",
    RefusalReason.WRONG_PROFILE,
    "It connected with another security profile than it must.",
)


def presented_by(connection: ServerConnection, request: Request) -> Presented:
    """What a request and the connection beneath it show."""
    tls: ssl.SSLObject | None = connection.transport.get_extra_info("ssl_object")
    basic = basic_of(request.headers.get_all("Authorization"))
    certificate = tls.getpeercert(binary_form=True) if tls is not None else None
    if tls is None or certificate is None:
        return Presented(tls is not None, basic)
    return Presented(True, basic, tls.getpeercert() or None, hashlib.sha256(certificate).hexdigest())


def basic_of(headers: list[str]) -> Basic | None:
    """The user and the key of one Basic header; None if there is none that can be read.

    The key begins after the first colon and may hold any bytes, also colons (A10).
    """
    scheme, _, text = headers[0].partition(" ") if len(headers) == 1 else ("", "", "")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, key = base64.b64decode(text.strip(), validate=True).partition(b":")
        return Basic(user.decode(), key) if colon else None
    except (binascii.Error, ValueError):
        return None


class CredentialCheck:
    """Asks for the proof that a charge point owes. Hashing takes place in `threads`."""

    def __init__(self, keepers: Keepers, hasher: KeyHasher, threads: Executor) -> None:
        self._keepers = keepers
        self._hasher = hasher
        self._threads = threads

    async def prove(self, tenant: Tenant, charge_point: ChargePoint, shown: Presented) -> Proof | Distrust:
        """The proof by its profile, or by the higher one that it was told to use (E4). Raises Retryable."""
        distrust = WRONG_PROFILE
        for profile, is_pending in _profiles(charge_point.security):
            if shown.is_encrypted not in _TRANSPORTS[profile]:
                continue
            found = await self._prove(profile, is_pending, tenant, charge_point, shown)
            if isinstance(found, Proof):
                return found
            distrust = found
        return distrust

    async def _prove(
        self, profile: int, is_pending: bool, tenant: Tenant, charge_point: ChargePoint, shown: Presented
    ) -> Proof | Distrust:
        if profile == 0:
            return Proof(0)
        if profile == 3:
            return await self._by_certificate(is_pending, tenant, charge_point, shown)
        return await self._by_key(profile, is_pending, charge_point, shown.basic)

    async def _by_key(
        self, profile: int, is_pending: bool, charge_point: ChargePoint, basic: Basic | None
    ) -> Proof | Distrust:
        if basic is None:
            return _wrong_key("It sent no Authorization header that can be read.")
        if basic.user.casefold() != charge_point.id.casefold():  # A9; a colon in an identity cannot get here
            return _wrong_key("Its user name is not its identity.")
        use = _key_in_use(charge_point, basic.key, self._hasher.recalls)
        if use is None:
            loop = asyncio.get_running_loop()
            use = await loop.run_in_executor(
                self._threads, _key_in_use, charge_point, basic.key, self._hasher.matches
            )
        if use is None:
            return _wrong_key(_about(charge_point.security, basic.key))
        deviations = (Quirk.KEY_AS_HEX_TEXT,) if use.is_hex_text else ()
        return Proof(profile, is_pending, use.is_pending, deviations=deviations)

    async def _by_certificate(
        self, is_pending: bool, tenant: Tenant, charge_point: ChargePoint, shown: Presented
    ) -> Proof | Distrust:
        if shown.certificate is None:
            return _wrong_certificate("It showed no certificate.")
        wrong = _wrong_subject(shown.certificate, tenant.configuration.cpo_name, charge_point)
        if wrong:
            return _wrong_certificate(wrong)
        serial_hex = str(shown.certificate["serialNumber"])
        ref = ChargePointRef(charge_point.tenant_id, charge_point.id)
        loop = asyncio.get_running_loop()
        wrong = await loop.run_in_executor(
            self._threads, self._known_against, ref, serial_hex, shown.fingerprint
        )
        return _wrong_certificate(wrong) if wrong else Proof(3, is_pending, serial_hex=serial_hex)

    def _known_against(self, ref: ChargePointRef, serial_hex: str, fingerprint: str | None) -> str | None:
        """What the store has against a certificate that names the charge point (E17, E18)."""
        certificates = self._keepers.certificates
        if fingerprint is not None and certificates.is_others(ref, fingerprint):
            return f"Its certificate {serial_hex} was signed for another charge point."
        if certificates.is_revoked(ref, serial_hex):
            return f"Its certificate {serial_hex} is revoked."
        return None


def promotion(security: ChargePointSecurity, proof: Proof) -> dict[str, Any]:
    """What becomes the rule now that it was used: a higher profile (E4), a new key (E6). Empty if nothing."""
    changes: dict[str, Any] = {}
    if proof.uses_pending_profile:
        changes |= {"profile": proof.profile, "pending_profile": None}
    if proof.uses_pending_key:
        changes |= {"key_hash": security.pending_key_hash, "pending_key_hash": None, "pending_key_from": None}
    return changes


def _profiles(security: ChargePointSecurity) -> Iterator[tuple[int, bool]]:
    """Those it may use, the higher first. A lower one is never asked for over OCPP (E2)."""
    pending = security.pending_profile
    if pending is not None and security.profile < pending in _TRANSPORTS:
        yield pending, True
    yield security.profile, False


@dataclass(frozen=True, slots=True)
class _KeyUse:
    is_pending: bool
    is_hex_text: bool


def _key_in_use(charge_point: ChargePoint, presented: bytes, matches: Matches) -> _KeyUse | None:
    """Which of its keys this is. As bytes, then, unless the charge point is strict, as hex text (G4)."""
    security = charge_point.security
    keys = ((security.key_hash, False), (security.pending_key_hash, True))
    stored = [(hashed, is_pending) for hashed, is_pending in keys if hashed is not None]
    forms = [(presented, False)]
    if not charge_point.settings.strict and _HEX_TEXT.fullmatch(presented):
        forms.append((bytes.fromhex(presented.decode()), True))
    for form, is_hex_text in forms:
        for hashed, is_pending in stored:
            if matches(hashed, form):
                return _KeyUse(is_pending, is_hex_text)
    return None


def _about(security: ChargePointSecurity, key: bytes) -> str:
    if security.key_hash is None and security.pending_key_hash is None:
        return "No key is set for it yet."
    return "Its key is wrong." if key else "Its key is empty."


def _wrong_subject(certificate: Mapping[str, Any], cpo_name: str, charge_point: ChargePoint) -> str | None:
    """What the certificate's subject lacks: the operator's name in O, the charge point's own in CN (E17)."""
    if cpo_name and not any(cpo_name in name for name in _of_subject(certificate, "organizationName")):
        return f"Its certificate does not name the organization '{cpo_name}'."
    names = _of_subject(certificate, "commonName")
    if len(names) != 1 or names[0].strip() not in charge_point.certificate_names:
        return "Its certificate is another charge point's."
    return None


def _of_subject(certificate: Mapping[str, Any], wanted: str) -> list[str]:
    return [value for part in certificate["subject"] for name, value in part if name == wanted]


def _wrong_key(detail: str) -> Distrust:
    return Distrust(
        HTTPStatus.UNAUTHORIZED,
        "ChargePointFailedToAuthenticate",
        RefusalReason.WRONG_CREDENTIALS,
        detail,
    )


def _wrong_certificate(detail: str) -> Distrust:
    return Distrust(
        HTTPStatus.FORBIDDEN,
        "InvalidChargePointCertificate",
        RefusalReason.WRONG_CERTIFICATE,
        detail,
    )
