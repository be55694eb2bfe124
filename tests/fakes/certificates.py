"""Certificates in memory."""

from collections.abc import Sequence

from app.domain.certificate import Certificate, CertificateKind, CertificateState
from app.domain.context import ChargePointRef
from app.services.ports import Page, PageRequest
from tests.fakes.paging import page_of


class FakeCertificateRepository:
    """`CertificateRepository` in memory."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Certificate] = {}
        self._signed: dict[str, ChargePointRef] = {}

    def insert(self, certificate: Certificate) -> bool:
        """False if it was there."""
        key = (certificate.tenant_id, certificate.id)
        if key in self._known:
            return False
        self._known[key] = certificate
        return True

    def find(self, tenant_id: str, certificate_id: str) -> Certificate | None:
        """By id."""
        return self._known.get((tenant_id, certificate_id))

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[Certificate]:
        """Newest first."""
        return page_of(self._of(tenant_id), page)

    def of_charge_point(self, ref: ChargePointRef, kind: CertificateKind) -> list[Certificate]:
        """Newest first."""
        return [one for one in self._of(ref.tenant_id) if one.charge_point == ref and one.kind is kind]

    def with_serial(self, ref: ChargePointRef, serial_number: str) -> Certificate | None:
        """The charge point's own."""
        own = self.of_charge_point(ref, CertificateKind.CHARGE_POINT)
        return next((one for one in own if one.serial_number == serial_number), None)

    def move(self, certificate: Certificate, came_from: Sequence[CertificateState]) -> bool:
        """Conditional on the state."""
        key = (certificate.tenant_id, certificate.id)
        known = self._known.get(key)
        if known is None or known.state not in came_from:
            return False
        self._known[key] = certificate
        return True

    def in_states(self, tenant_id: str, states: Sequence[CertificateState], limit: int) -> list[Certificate]:
        """Longest unchanged first."""
        found = [one for one in self._of(tenant_id) if one.state in states]
        return sorted(found, key=lambda one: one.changed_at)[:limit]

    def record_signed(self, ref: ChargePointRef, fingerprint: str) -> None:
        """The first one counts."""
        self._signed.setdefault(fingerprint, ref)

    def was_signed_for_another(self, ref: ChargePointRef, fingerprint: str) -> bool:
        """False for what was never signed here."""
        return self._signed.get(fingerprint, ref) != ref

    def _of(self, tenant_id: str) -> list[Certificate]:
        found = [one for (tenant, _), one in self._known.items() if tenant == tenant_id]
        return sorted(found, key=lambda one: (one.created_at, one.id), reverse=True)
