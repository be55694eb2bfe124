"""Certification cases of reservations."""

from typing import Any
from unittest.mock import ANY

import pytest

from app.services import Services
from tests.conformance.central import Operator
from tests.conformance.charge_point import ScriptedChargePoint, at
from tests.e2e.conftest import TestTenant

pytestmark = [pytest.mark.e2e, pytest.mark.conformance]


async def _reserve(
    charge_point: ScriptedChargePoint,
    operator: Operator,
    id_tag: str,
    answer: str = "Accepted",
    connector: int = 1,
    expires_in_s: float = 600,
    **more: str,
) -> Any:
    """The reservation after the charge point has answered."""
    expiry, parent = at(expires_in_s), more.get("parent_id_tag")
    wanted = {"connectorId": connector, "expiryDate": expiry, "idTag": id_tag, "reservationId": ANY}
    body = {
        "charge_point_id": charge_point.identity,
        "connector_id": connector,
        "id_tag": id_tag,
        "expires_at": expiry,
    }
    wanted |= {} if parent is None else {"parentIdTag": parent}
    async with charge_point.expects("ReserveNow", wanted, answer={"status": answer}) as sent:
        reservation = await operator.send("POST", "/reservations", body | more, wait=10)
    assert reservation["reservation_id"] == sent.payload["reservationId"] > 0
    return reservation


async def _shown(operator: Operator, reservation: Any) -> Any:
    return await operator.get(f"/reservations/{reservation['id']}")


async def test_tc_046_reservation_of_a_connector(
    tenant: TestTenant, charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    await charge_point.status(1, "Available")
    reservation = await _reserve(charge_point, operator, tenant.id_tag)
    assert reservation["status"] == "accepted"
    await charge_point.status(1, "Reserved")
    assert (await charge_point.authorize(tenant.id_tag))["status"] == "Accepted"
    await charge_point.status(1, "Preparing")
    transaction_id, info = await charge_point.start(
        tenant.id_tag, reservationId=reservation["reservation_id"]
    )
    assert info["status"] == "Accepted"
    reservation = await _shown(operator, reservation)
    assert (reservation["status"], reservation["transaction_id"]) == ("used", transaction_id)


async def test_tc_047_reservation_expires(
    tenant: TestTenant, charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    """The central system looks at its own clock as well (C28)."""
    await charge_point.status(1, "Available")
    reservation = await _reserve(charge_point, operator, tenant.id_tag, expires_in_s=1)
    await charge_point.status(1, "Reserved")
    await charge_point.status(1, "Available")
    await operator.until(lambda: _shown(operator, reservation), lambda found: found["status"] == "expired")


async def _refused(charge_point: ScriptedChargePoint, operator: Operator, id_tag: str, word: str) -> None:
    reservation = await _reserve(charge_point, operator, id_tag, word)
    assert (reservation["status"], reservation["reason"]) == ("refused", word)


async def test_tc_048_1_reservation_of_a_faulted_connector(
    tenant: TestTenant, charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    await charge_point.status(1, "Faulted", "GroundFailure")
    await _refused(charge_point, operator, tenant.id_tag, "Faulted")


async def test_tc_048_2_reservation_of_an_occupied_connector(
    tenant: TestTenant, charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    await charge_point.status(1, "Preparing")
    await _refused(charge_point, operator, tenant.id_tag, "Occupied")


async def test_tc_048_3_reservation_of_an_unavailable_connector(
    tenant: TestTenant, charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    await charge_point.status(1, "Available")
    wanted = {"connectorId": 1, "type": "Inoperative"}
    async with charge_point.expects("ChangeAvailability", wanted, answer={"status": "Accepted"}):
        parameters = {"connector_id": 1, "type": "Inoperative"}
        assert (await operator.command(charge_point, "change_availability", parameters))["status"] == (
            "accepted"
        )
    await charge_point.status(1, "Unavailable")
    await _refused(charge_point, operator, tenant.id_tag, "Unavailable")


async def test_tc_048_4_reservation_rejected(
    tenant: TestTenant, charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    await charge_point.status(1, "Available")
    await _refused(charge_point, operator, tenant.id_tag, "Rejected")


async def test_tc_049_reservation_of_the_charge_point(
    tenant: TestTenant, charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    """Of connector 0, and used on whichever the driver takes."""
    for connector in (1, 2):
        await charge_point.status(connector, "Available")
    reservation = await _reserve(charge_point, operator, tenant.id_tag, connector=0)
    await charge_point.status(2, "Preparing")
    transaction_id, info = await charge_point.start(
        tenant.id_tag, connector=2, reservationId=reservation["reservation_id"]
    )
    assert info["status"] == "Accepted"
    reservation = await _shown(operator, reservation)
    assert (reservation["status"], reservation["transaction_id"]) == ("used", transaction_id)


async def test_tc_051_cancel_a_reservation(
    tenant: TestTenant, charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    await charge_point.status(1, "Available")
    reservation = await _reserve(charge_point, operator, tenant.id_tag)
    await charge_point.status(1, "Reserved")
    wanted = {"reservationId": reservation["reservation_id"]}
    async with charge_point.expects("CancelReservation", wanted, answer={"status": "Accepted"}):
        await operator.send("DELETE", f"/reservations/{reservation['id']}", wait=10)
    await charge_point.status(1, "Available")
    assert (await _shown(operator, reservation))["status"] == "cancelled"


async def test_tc_052_cancel_a_reservation_rejected(
    charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    """A number that nobody reserved: the system warns, and sends it for who insists."""
    parameters = {"reservation_id": 4711}
    assert await operator.refused(charge_point, "cancel_reservation", parameters) == (409, "needs_force")
    wanted = {"reservationId": 4711}
    async with charge_point.expects("CancelReservation", wanted, answer={"status": "Rejected"}):
        command = await operator.command(charge_point, "cancel_reservation", parameters, force=True)
    assert (command["status"], command["result"]) == ("rejected", {"status": "Rejected"})


async def test_tc_053_reservation_for_a_group(
    tenant: TestTenant, services: Services, charge_point: ScriptedChargePoint, operator: Operator
) -> None:
    """Another tag of the same parent may use it (B7, B32)."""
    for id_tag in ("FAMILY-1", "FAMILY-2"):
        services.id_tags.put(tenant.id, id_tag, parent_id_tag="FAMILY")
    await charge_point.status(1, "Available")
    reservation = await _reserve(charge_point, operator, "FAMILY-1", parent_id_tag="FAMILY")
    await charge_point.status(1, "Reserved")
    family = {"parentIdTag": "FAMILY", "status": "Accepted"}
    assert await charge_point.authorize("FAMILY-2") == family
    transaction_id, info = await charge_point.start("FAMILY-2", reservationId=reservation["reservation_id"])
    assert info == family
    reservation = await _shown(operator, reservation)
    assert (reservation["status"], reservation["transaction_id"]) == ("used", transaction_id)
