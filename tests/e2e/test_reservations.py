"""Reservations, from REST to the charge point and to their end (TC_046-049, 051-053)."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ocpp.v16 import call

from bench.charge_point import SimulatedChargePoint
from bench.station_calls import wire_time
from tests.e2e.conftest import RestClient

pytestmark = pytest.mark.e2e


async def reserve(rest: RestClient, charge_point: SimulatedChargePoint, **fields: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "charge_point_id": charge_point.identity,
        "connector_id": 1,
        "id_tag": "GOOD-TAG",
        "expires_at": wire_time(datetime.now(UTC) + timedelta(hours=1)),
    }
    made: dict[str, Any] = await rest.send("POST", "/reservations?wait=20", body | fields, 200)
    return made


async def start(charge_point: SimulatedChargePoint, tag: str, **fields: Any) -> int:
    request = call.StartTransaction(
        connector_id=1, id_tag=tag, meter_start=0, timestamp=wire_time(), **fields
    )
    started = await charge_point.call(request)
    transaction_id: int = started.transaction_id
    return transaction_id


async def state(rest: RestClient, made: dict[str, Any]) -> tuple[str, str | None, int | None]:
    shown = await rest.get(f"/reservations/{made['id']}")
    return shown["status"], shown["reason"], shown["transaction_id"]


async def test_the_start_that_names_it_uses_it_up(
    rest: RestClient, charge_point: SimulatedChargePoint
) -> None:
    """TC_046."""
    made = await reserve(rest, charge_point)
    assert (made["status"], made["reservation_id"]) == (
        "accepted",
        next(iter(charge_point.reservations.held)),
    )
    transaction_id = await start(charge_point, "GOOD-TAG", reservation_id=made["reservation_id"])
    assert await state(rest, made) == ("used", None, transaction_id)
    session = await rest.get(f"/sessions/session-{transaction_id}")
    assert session["reservation_id"] == made["reservation_id"]


async def test_a_tag_of_the_group_uses_it_without_naming_it(
    rest: RestClient, charge_point: SimulatedChargePoint
) -> None:
    """TC_049, TC_053: on connector 0, for a parent id tag."""
    group = charge_point.identity[-8:]
    await rest.send("PUT", f"/id-tags/{group}-1", {"parent_id_tag": group}, 200, 201)
    made = await reserve(rest, charge_point, connector_id=0, parent_id_tag=group)
    verdict = await charge_point.authorize(f"{group}-1")
    assert verdict.id_tag_info == {"status": "Accepted", "parent_id_tag": group}
    transaction_id = await start(charge_point, f"{group}-1")
    assert await state(rest, made) == ("used", None, transaction_id)


@pytest.mark.parametrize("word", ["Faulted", "Occupied", "Unavailable", "Rejected"])
async def test_a_refusal_keeps_its_word(
    rest: RestClient, charge_point: SimulatedChargePoint, word: str
) -> None:
    """TC_048_1 to TC_048_4."""
    charge_point.reservations.script.append(word)
    made = await reserve(rest, charge_point)
    assert (made["status"], made["reason"]) == ("refused", word)


async def test_it_expires_by_our_own_clock(rest: RestClient, charge_point: SimulatedChargePoint) -> None:
    """TC_047, C28."""
    made = await reserve(rest, charge_point, expires_at=wire_time(datetime.now(UTC) + timedelta(seconds=2)))
    assert made["status"] == "accepted"
    for _ in range(100):
        if (await state(rest, made))[0] == "expired":
            break
        await asyncio.sleep(0.1)
    assert await state(rest, made) == ("expired", None, None)


async def test_cancelling(rest: RestClient, charge_point: SimulatedChargePoint) -> None:
    """TC_051, TC_052: also what the charge point does not know is over."""
    first, second = await reserve(rest, charge_point), await reserve(rest, charge_point, connector_id=2)
    cancelled = await rest.send("DELETE", f"/reservations/{first['id']}?wait=20", None, 200)
    assert (cancelled["status"], cancelled["reason"]) == ("cancelled", None)
    charge_point.reservations.held.clear()
    cancelled = await rest.send("DELETE", f"/reservations/{second['id']}?wait=20", None, 200)
    assert (cancelled["status"], cancelled["reason"]) == ("cancelled", "Rejected")
    await rest.send("DELETE", f"/reservations/{second['id']}", None, 409)


async def test_a_connector_out_of_service_keeps_nothing(
    rest: RestClient, charge_point: SimulatedChargePoint
) -> None:
    """B40."""
    made = await reserve(rest, charge_point)
    await charge_point.status(1, "Reserved")
    await charge_point.status(1, "Faulted", error_code="OtherError")
    assert await state(rest, made) == ("ended", "Faulted", None)


async def test_the_same_number_replaces_what_it_stood_for(
    rest: RestClient, charge_point: SimulatedChargePoint
) -> None:
    """C27; the number is the operator's own."""
    first = await reserve(rest, charge_point, reservation_id=4711)
    second = await reserve(rest, charge_point, reservation_id=4711, connector_id=2)
    assert await state(rest, first) == ("ended", "Replaced", None)
    assert await state(rest, second) == ("accepted", None, None)
    assert list(charge_point.reservations.held) == [4711]
