"""Certificates of CP-1 for tests."""

from datetime import timedelta
from typing import Any

from app.domain.certificate import Certificate, CertificateKind, CertificateState
from app.domain.context import ChargePointRef
from tests.builders import NOON
from tests.fakes.world import World

REF = ChargePointRef("acme", "CP-1")


def put_own(world: World, serial: str | None, state: CertificateState, **fields: Any) -> Certificate:
    """One of its own; each newer than the one before."""
    count = len(world.certificates.of_charge_point(REF, CertificateKind.CHARGE_POINT))
    at = NOON + timedelta(seconds=count)
    put = Certificate(
        f"cert-{count}",
        REF.tenant_id,
        REF.charge_point_id,
        CertificateKind.CHARGE_POINT,
        state,
        at,
        at,
        serial_number=serial,
        **fields,
    )
    assert world.certificates.insert(put)
    return put


def own(world: World) -> dict[str | None, CertificateState]:
    """Its own by serial number."""
    found = world.certificates.of_charge_point(REF, CertificateKind.CHARGE_POINT)
    return {one.serial_number: one.state for one in found}
