"""Certificates of charge points: their own, from request to retirement, and roots they trust (E16-E27)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from app.domain.context import ChargePointRef

FALLBACK = timedelta(days=30)
"""A charge point may come back with the certificate before for a month (A02.FR.10)."""


class CertificateKind(StrEnum):
    """What a certificate proves: the charge point itself, or whom it trusts."""

    CHARGE_POINT = "charge_point"
    CENTRAL_SYSTEM_ROOT = "central_system_root"
    MANUFACTURER_ROOT = "manufacturer_root"


ROOT_KINDS = (CertificateKind.CENTRAL_SYSTEM_ROOT, CertificateKind.MANUFACTURER_ROOT)
WIRE_TYPES = {
    "CentralSystemRootCertificate": CertificateKind.CENTRAL_SYSTEM_ROOT,
    "ManufacturerRootCertificate": CertificateKind.MANUFACTURER_ROOT,
}
"""OCPP's certificateType (white paper 6.2)."""


class CertificateState(StrEnum):
    """A charge point's own: requested -> signed -> sent -> accepted -> in_use -> retired, or one of the ends
    failed (no CA would sign), rejected, replaced (by a newer request), revoked. A root: sent -> installed ->
    deleted, or rejected.
    """

    REQUESTED = "requested"
    SIGNED = "signed"
    SENT = "sent"
    ACCEPTED = "accepted"
    IN_USE = "in_use"
    RETIRED = "retired"
    REVOKED = "revoked"
    FAILED = "failed"
    REJECTED = "rejected"
    REPLACED = "replaced"
    INSTALLED = "installed"
    DELETED = "deleted"


OPEN = (CertificateState.REQUESTED, CertificateState.SIGNED, CertificateState.SENT)
"""The way to the charge point is not over yet."""


@dataclass(frozen=True, slots=True)
class CertificateHash:
    """CertificateHashData (white paper 6.1), spelt as the charge point spells it."""

    hash_algorithm: str
    issuer_name_hash: str
    issuer_key_hash: str
    serial_number: str

    def is_same(self, other: "CertificateHash") -> bool:
        """Whether both name one certificate: hexadecimal digits in any case, zeros before it do not count."""
        return self._plain() == other._plain()

    def _plain(self) -> tuple[str, ...]:
        hashes = (self.hash_algorithm, self.issuer_name_hash, self.issuer_key_hash)
        return (*(text.casefold() for text in hashes), plain_serial(self.serial_number))


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What an X.509 certificate says. `fingerprint` (SHA-256) is in hexadecimal."""

    subject: str
    issuer: str
    fingerprint: str
    valid_from: datetime
    valid_to: datetime


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate of one charge point. `pem` is a chain where it is the charge point's own.

    `serial_number` is plain (see `plain_serial`). Where somebody else installed or signed it, `pem` and
    `facts` are not known. `fence` is that of the call that asked for it, `attempts` how often it was sent,
    `reason` why it is in its state.
    """

    id: str
    tenant_id: str
    charge_point_id: str
    kind: CertificateKind
    state: CertificateState
    created_at: datetime
    changed_at: datetime
    serial_number: str | None = None
    facts: CertificateFacts | None = None
    pem: str | None = None
    csr: str | None = None
    hash_data: CertificateHash | None = None
    reason: str | None = None
    fence: int = 0
    attempts: int = 0
    command_id: str | None = None

    @property
    def charge_point(self) -> ChargePointRef:
        """Whose it is."""
        return ChargePointRef(self.tenant_id, self.charge_point_id)

    def moved(self, state: CertificateState, at: datetime, reason: str | None = None) -> Self:
        """In another state since `at`."""
        return replace(self, state=state, changed_at=at, reason=reason)

    def is_refused(self, now: datetime) -> bool:
        """Nobody gets in with it any more: revoked, or retired for longer than it may be a fallback (E25)."""
        if self.state is CertificateState.RETIRED:
            return now > self.changed_at + FALLBACK
        return self.state is CertificateState.REVOKED


def plain_serial(text: str) -> str:
    """A serial number in hexadecimal as we compare it: small letters, without leading zeros or colons."""
    return text.strip().replace(":", "").casefold().removeprefix("0x").lstrip("0") or "0"
