"""Certificates: what charge points hold, as they say and as we sent it, and which of them lets them in."""

import hashlib
from collections.abc import Sequence
from typing import Protocol

from cryptography import x509

from app.domain.certificate import (
    Certificate,
    CertificateFacts,
    CertificateKind,
    CertificateState,
    plain_serial,
)
from app.domain.command import Command, CommandStatus, Outcome
from app.domain.context import ChargePointRef
from app.domain.errors import Conflict, InvalidInput, NotFound
from app.services.ports import Clock, Page, PageRequest
from app.services.security_events import SecurityEventService
from app.services.x509 import facts_of, is_self_issued, is_valid_at, read_chain, serial_of

State = CertificateState


class CertificateRepository(Protocol):
    """Certificates of a tenant's charge points."""

    def insert(self, certificate: Certificate) -> bool:
        """False if one of this id exists."""
        ...

    def find(self, tenant_id: str, certificate_id: str) -> Certificate | None: ...

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[Certificate]:
        """Newest first."""
        ...

    def of_charge_point(self, ref: ChargePointRef, kind: CertificateKind) -> list[Certificate]:
        """Newest first, a few hundred at most."""
        ...

    def with_serial(self, ref: ChargePointRef, serial_number: str) -> Certificate | None:
        """The charge point's own of this serial number (plain)."""
        ...

    def move(self, certificate: Certificate, came_from: Sequence[CertificateState]) -> bool:
        """Store all of `certificate` if the stored one's state is in `came_from`; False otherwise."""
        ...

    def in_states(self, tenant_id: str, states: Sequence[CertificateState], limit: int) -> list[Certificate]:
        """Those that changed longest ago first."""
        ...

    def record_signed(self, ref: ChargePointRef, fingerprint: str) -> None:
        """Keep for whom this one was signed, beside all tenants': one CA may serve several of them."""
        ...

    def was_signed_for_another(self, ref: ChargePointRef, fingerprint: str) -> bool:
        """Signed through this system, but for another charge point, of whatever tenant."""
        ...


def first_of(pem: str) -> x509.Certificate | None:
    """The leaf of a chain, or the root itself; None of what is no PEM, as operators may insist on sending."""
    try:
        return read_chain(pem)[0]
    except InvalidInput:
        return None


def id_of(prefix: str, ref: ChargePointRef, *parts: str) -> str:
    """The same for the same thing, told twice."""
    text = "\n".join((ref.charge_point_id, *parts))
    return f"{prefix}-{hashlib.sha256(text.encode()).hexdigest()[:24]}"


class CertificateService:
    """Use cases of certificates. What sends any to charge points is in `SigningService` and in commands."""

    def __init__(
        self, certificates: CertificateRepository, events: SecurityEventService, clock: Clock
    ) -> None:
        self._certificates = certificates
        self._events = events
        self._clock = clock

    def get(self, tenant_id: str, certificate_id: str) -> Certificate:
        """Raises NotFound."""
        found = self._certificates.find(tenant_id, certificate_id)
        if found is None:
            raise NotFound(f"There is no certificate '{certificate_id}'.")
        return found

    def own(self, ref: ChargePointRef) -> Sequence[Certificate]:
        """The charge point's own, newest first."""
        return self._certificates.of_charge_point(ref, CertificateKind.CHARGE_POINT)

    def is_revoked(self, ref: ChargePointRef, serial_hex: str) -> bool:
        """Whether a handshake with the charge point's certificate of this serial number is to be refused.

        Revoked, or retired for longer than a fallback lasts. What is not known here is for the CA to judge.
        """
        found = self._certificates.with_serial(ref, plain_serial(serial_hex))
        return found is not None and found.is_refused(self._clock.now())

    def is_others(self, ref: ChargePointRef, fingerprint: str) -> bool:
        """Whether this certificate, which names the charge point, was signed here for another one.

        A serial number is what a charge point says it is, and names are free in each tenant: names alone
        would let one that asks for the right certificate come in as another (E17).
        """
        return self._certificates.was_signed_for_another(ref, fingerprint)

    def note_seen(self, ref: ChargePointRef, serial_hex: str) -> None:
        """A charge point came in with this certificate; the first use of a new one retires the old (E25).

        Also those before it that were never used: one may be with somebody who spoke for the charge point
        while it had no proof to show.
        """
        serial = plain_serial(serial_hex)
        seen = self._certificates.with_serial(ref, serial) or self._made_elsewhere(ref, serial)
        if seen.state in (State.IN_USE, State.REVOKED):
            return
        if seen.state is State.RETIRED:
            self._events.note_own(ref, "RetiredCertificateUsed", f"Serial number {serial}.")
            return
        if not self._moved(seen, State.IN_USE, (seen.state,)):
            return
        for other in self.own(ref):
            is_older = other.state is State.ACCEPTED and other.created_at < seen.created_at
            if other.id != seen.id and (other.state is State.IN_USE or is_older):
                self._moved(other, State.RETIRED, (other.state,), f"A newer one, {serial}, is in use.")

    def _made_elsewhere(
        self, ref: ChargePointRef, serial: str, facts: CertificateFacts | None = None
    ) -> Certificate:
        """Kept under its serial number, so that it can be retired and revoked as well (E19)."""
        now = self._clock.now()
        made = Certificate(
            id_of("cert", ref, "serial", serial),
            ref.tenant_id,
            ref.charge_point_id,
            CertificateKind.CHARGE_POINT,
            State.ACCEPTED,
            now,
            now,
            serial_number=serial,
            facts=facts,
            reason="Not signed through this system.",
        )
        self._certificates.insert(made)
        return made

    def doubts_about(self, chain: str) -> list[str]:
        """Why a charge point would not take this as its certificate, in sentences (A02.FR.06)."""
        try:
            certificates = read_chain(chain)
        except InvalidInput:
            return ["The chain is no certificates in PEM."]
        doubts = []
        if any(is_self_issued(one) for one in certificates):
            doubts.append("The chain holds a root; it should be the certificate and its sub-CAs.")
        if not is_valid_at(certificates[0], self._clock.now()):
            doubts.append("The certificate is not valid at this time.")
        return doubts

    def revoke(self, tenant_id: str, certificate_id: str) -> Certificate:
        """Never let anybody in with it again. Raises NotFound, Conflict."""
        found = self.get(tenant_id, certificate_id)
        if found.kind is not CertificateKind.CHARGE_POINT or found.serial_number is None:
            raise Conflict("Only a charge point's own certificate, once it is signed, can be revoked.")
        self._moved(found, State.REVOKED, tuple(State), "Revoked by an operator.")
        return self.get(tenant_id, certificate_id)

    def note_signed_outcome(self, command: Command, outcome: Outcome) -> None:
        """CertificateSigned ended (A02.FR.06-07). Without an answer it will be sent again (E24)."""
        leaf = first_of(str(command.payload.get("certificateChain", "")))
        if leaf is None:
            return
        ref, serial = command.charge_point, serial_of(leaf)
        known = self._certificates.with_serial(ref, serial)
        if known is None:
            if outcome.status is CommandStatus.ACCEPTED:
                self._made_elsewhere(ref, serial, facts_of(leaf))
        elif outcome.status is CommandStatus.ACCEPTED:
            self._moved(known, State.ACCEPTED, (State.SIGNED, State.SENT, State.REJECTED, State.FAILED))
        elif outcome.status.leaves_it_open or outcome.status is CommandStatus.EXPIRED:
            self._moved(known, State.SIGNED, (State.SENT,), "Not answered; it is sent again.")
        else:
            reason = str((outcome.error or {}).get("message") or outcome.status.value)
            self._moved(known, State.REJECTED, (State.SIGNED, State.SENT), reason)

    def _moved(
        self,
        certificate: Certificate,
        state: CertificateState,
        came_from: Sequence[CertificateState],
        reason: str | None = None,
    ) -> bool:
        return self._certificates.move(certificate.moved(state, self._clock.now(), reason), came_from)

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[Certificate]:
        """Newest first."""
        return self._certificates.list_page(tenant_id, page)
