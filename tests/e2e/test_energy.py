"""Energy is never lost: whatever a charge point sends late, twice, or under no name, over a real socket."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from ocpp.v16 import call

from app.services import Services
from bench.charge_point import SimulatedChargePoint
from bench.station_calls import wire_time
from tests.e2e.conftest import RestClient, TestTenant, make_tenant
from tests.e2e.mqtt_listener import Heard, MqttListener
from tests.e2e.system import RunningSystem

pytestmark = pytest.mark.e2e
TAG, FRIEND, STRANGER = "GOOD-TAG", "FRIEND-TAG", "STRANGER-TAG"


@pytest.fixture(scope="module", params=["queue", "bypass"])
def tenant(request: pytest.FixtureRequest, system: RunningSystem, services: Services) -> TestTenant:
    """One session per tag, and a short patience with sessions that cannot be alive."""
    made = make_tenant(
        system, services, request.param, allow_concurrent_transactions=False, session_available_s=1
    )
    for tag in (TAG, FRIEND):
        services.id_tags.put(made.id, tag, parent_id_tag="FAMILY", max_active_transactions=100)
    services.id_tags.put(made.id, STRANGER)
    return made


@pytest_asyncio.fixture
async def charge_point(system: RunningSystem, tenant: TestTenant) -> AsyncIterator[SimulatedChargePoint]:
    """Without a word about its connectors."""
    async with SimulatedChargePoint(system.ws_url, tenant.identity()) as connected:
        await connected.boot()
        yield connected


def ago(minutes: float) -> datetime:
    """A moment that the store and the wire spell alike."""
    return datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=minutes)


def reading(minutes_ago: float, value: str, **fields: str) -> dict[str, Any]:
    return {"timestamp": wire_time(ago(minutes_ago)), "sampled_value": [{"value": value} | fields]}


async def measure(
    charge_point: SimulatedChargePoint, *readings: dict[str, Any], connector: int = 1, transaction: int | None
) -> None:
    await charge_point.call(
        call.MeterValues(connector_id=connector, transaction_id=transaction, meter_value=list(readings))
    )


async def start(charge_point: SimulatedChargePoint, minutes_ago: float, **fields: Any) -> int:
    known: dict[str, Any] = {"connector": 1, "tag": TAG, "meter_start": 1000}
    started = await charge_point.start(**(known | fields), timestamp=ago(minutes_ago))
    return int(started.transaction_id)


async def stop(
    charge_point: SimulatedChargePoint, transaction: int, meter: int, minutes_ago: float = 0, **fields: Any
) -> Any:
    return await charge_point.stop(transaction, meter, timestamp=ago(minutes_ago), **fields)


async def sessions_of(rest: RestClient, charge_point: SimulatedChargePoint, **filters: Any) -> list[Any]:
    page = await rest.get("/sessions", charge_point_id=charge_point.identity, **filters)
    return list(page["items"])


async def session(rest: RestClient, transaction: int) -> Any:
    return await rest.get(f"/sessions/session-{transaction}")


def says(session_id: str, **data: Any) -> Any:
    def wanted(heard: Heard) -> bool:
        body = heard.body
        told = body.get("data", {})
        is_stop = body.get("session_id") == session_id and body.get("event_type") == "session_stopped"
        return is_stop and all(told[name] == value for name, value in data.items())

    return wanted


async def test_what_was_charged_offline_is_told_later_and_counts_as_of_then(
    charge_point: SimulatedChargePoint, rest: RestClient
) -> None:
    """B31, A44: an hour without network, then all of it at once, in order."""
    for hour in (3, 2):
        transaction = await start(charge_point, hour * 60)
        await measure(charge_point, reading(hour * 60 - 10, "1500"), transaction=transaction)
        await stop(charge_point, transaction, 2000, hour * 60 - 30)
    told = await sessions_of(rest, charge_point)
    assert [(s["status"], s["energy_wh"], s["duration_seconds"], s["review"]) for s in told] == [
        ("completed", 1000, pytest.approx(1800, abs=1), []),
        ("completed", 1000, pytest.approx(1800, abs=1), []),
    ]


async def test_a_stop_without_id_ends_the_one_session_that_fits(
    charge_point: SimulatedChargePoint, rest: RestClient
) -> None:
    """B46, E 3.18: the answer to the start was lost on its way."""
    transaction = await start(charge_point, 30)
    at = ago(1)
    for _ in range(2):
        await charge_point.stop(-1, 2500, timestamp=at)
    (ended,) = await sessions_of(rest, charge_point)
    assert ended["transaction_id"] == transaction
    assert (ended["status"], ended["energy_wh"], ended["review"]) == ("completed", 1500, ["matched_by_time"])


@pytest.mark.parametrize("number", [-1, 0, 2_000_000_000])
async def test_a_stop_that_fits_no_session_or_two_is_kept_alone(
    charge_point: SimulatedChargePoint, rest: RestClient, number: int
) -> None:
    """B46: nobody guesses."""
    running = [await start(charge_point, 30, connector=connector) for connector in (1, 2)]
    await stop(charge_point, number, 2500)
    (kept,) = await sessions_of(rest, charge_point, status="faulted")
    assert (kept["fault_reason"], kept["stop_meter_value"], kept["energy_wh"]) == (
        "stop_without_start",
        2500,
        None,
    )
    assert len(await sessions_of(rest, charge_point, status="active")) == 2
    for transaction in running:
        await stop(charge_point, transaction, 3000)


@pytest.mark.parametrize("number", [None, -1, 0, 2_000_000_000])
async def test_readings_without_a_known_id_belong_to_what_ran_at_their_time(
    charge_point: SimulatedChargePoint, rest: RestClient, number: int | None
) -> None:
    """B20-B22, G17."""
    transaction = await start(charge_point, 30)
    await measure(charge_point, reading(40, "900"), reading(20, "1500"), transaction=number)
    await measure(charge_point, reading(20, "77"), connector=0, transaction=number)
    await stop(charge_point, transaction, 2000, 10)
    await measure(charge_point, reading(15, "1.8", unit="kWh"), reading(5, "2000"), transaction=number)
    ended = await session(rest, transaction)
    assert [value["value"] for value in ended["meter_values"]] == [1500, 1800]
    assert (ended["energy_wh"], ended["attributed"]) == (1000, {"transaction": 0, "time": 2})
    kept = await rest.get(f"/sessions/session-{transaction}/meter-values")
    assert [(one["attributed"], one["transaction_id"]) for one in kept["items"]] == [("time", number)] * 2
    alone = await rest.get(f"/chargepoints/{charge_point.identity}/meter-values")
    assert [one["register_wh"] for one in alone["items"]] == [2000, 77, 900]
    main = await rest.get(f"/chargepoints/{charge_point.identity}/meter-values", connector_id=0)
    assert [one["register_wh"] for one in main["items"]] == [77]


async def test_readings_after_the_stop_reach_their_session(
    charge_point: SimulatedChargePoint, rest: RestClient, mqtt: MqttListener
) -> None:
    """B20, G20."""
    transaction = await start(charge_point, 30)
    await stop(charge_point, transaction, 2000, 10)
    await measure(charge_point, reading(12, "1900"), transaction=transaction)
    ended = await session(rest, transaction)
    assert (ended["status"], [v["value"] for v in ended["meter_values"]]) == ("completed", [1900])
    told = await mqtt.wait_for(lambda m: m.body.get("data", {}).get("register_wh") == 1900)
    assert (told.body["session_id"], told.body["data"]["attributed"]) == (
        f"session-{transaction}",
        "transaction",
    )


async def test_transaction_data_repeats_nothing_also_in_another_unit(
    charge_point: SimulatedChargePoint, rest: RestClient
) -> None:
    """B50."""
    transaction = await start(charge_point, 30)
    at = wire_time(ago(20))
    one = {"timestamp": at, "sampled_value": [{"value": "1100", "unit": "Wh"}]}
    same = {
        "timestamp": at,
        "sampled_value": [{"value": "1.1", "unit": "kWh", "context": "Transaction.Begin"}],
    }
    await measure(charge_point, one, transaction=transaction)
    data = [same, reading(10, "1.9", unit="kWh")]
    await charge_point.call(
        call.StopTransaction(
            transaction_id=transaction, meter_stop=2000, timestamp=wire_time(), transaction_data=data
        )
    )
    ended = await session(rest, transaction)
    assert [value["value"] for value in ended["meter_values"]] == [1100, 1900]


async def test_a_second_stop_changes_nothing_and_is_noted(
    charge_point: SimulatedChargePoint, rest: RestClient
) -> None:
    """B47."""
    transaction = await start(charge_point, 30)
    first = await stop(charge_point, transaction, 2000, 10, tag=TAG)
    assert (await stop(charge_point, transaction, 9000, 10, tag=TAG)).id_tag_info == first.id_tag_info
    ended = await session(rest, transaction)
    assert (ended["energy_wh"], ended["review"]) == (1000, ["second_stop_differs"])
    assert await sessions_of(rest, charge_point, status="faulted") == []


@pytest.mark.parametrize(("tag", "review"), [(FRIEND, []), (STRANGER, ["stopped_by_other_tag"])])
async def test_a_stop_by_another_tag(
    charge_point: SimulatedChargePoint, rest: RestClient, tag: str, review: list[str]
) -> None:
    """B3, B4, B49: the group is in all three answers."""
    assert (await charge_point.authorize(TAG)).id_tag_info["parent_id_tag"] == "FAMILY"
    started = await charge_point.start(1, TAG, 1000, timestamp=ago(5))
    assert started.id_tag_info["parent_id_tag"] == "FAMILY"
    stopped = await stop(charge_point, started.transaction_id, 2000, tag=tag)
    assert stopped.id_tag_info.get("parent_id_tag") == ("FAMILY" if tag == FRIEND else None)
    assert (await session(rest, started.transaction_id))["review"] == review


async def test_a_register_that_starts_anew_counts_from_its_own_first_value(
    charge_point: SimulatedChargePoint, rest: RestClient
) -> None:
    """G21."""
    transaction = await start(charge_point, 30, meter_start=50_000)
    await measure(charge_point, reading(20, "0"), reading(10, "700"), transaction=transaction)
    await stop(charge_point, transaction, 900)
    ended = await session(rest, transaction)
    assert ended["energy_wh"] == 900
    assert ended["review"] == ["meter_stop_below_start", "register_restarted"]


async def test_a_power_loss_is_told_after_the_next_boot(
    charge_point: SimulatedChargePoint, rest: RestClient
) -> None:
    """B11, B52."""
    transaction = await start(charge_point, 30)
    await charge_point.drop()
    await charge_point.connect()
    await charge_point.boot()
    assert (await session(rest, transaction))["status"] == "active"
    await stop(charge_point, transaction, 2000, 25, reason="PowerLoss")
    ended = await session(rest, transaction)
    assert (ended["status"], ended["stop_reason"], ended["review"]) == ("completed", "PowerLoss", [])


async def test_times_of_a_clock_that_was_not_set_are_those_of_receipt(
    charge_point: SimulatedChargePoint, rest: RestClient
) -> None:
    """G15."""
    started = await charge_point.start(1, TAG, 1000, timestamp="1970-01-01T00:00:07Z")
    await charge_point.stop(started.transaction_id, 2000, timestamp="1970-01-01T00:10:07Z")
    ended = await session(rest, started.transaction_id)
    assert ended["start_time"] > wire_time(ago(5))
    assert (ended["raw_start_time"], ended["raw_stop_time"]) == (
        "1970-01-01T00:00:07Z",
        "1970-01-01T00:10:07Z",
    )
    assert ended["review"] == ["clock_wrong_at_start", "clock_wrong_at_stop"]


async def test_one_tag_one_session_unless_its_stop_was_lost(
    charge_point: SimulatedChargePoint, rest: RestClient
) -> None:
    """B33, B35."""
    first = await charge_point.start(1, STRANGER, 1000, timestamp=ago(30))
    assert first.id_tag_info["status"] == "Accepted"
    second = await charge_point.start(2, STRANGER, 1000, timestamp=ago(20))
    assert second.id_tag_info["status"] == "ConcurrentTx"
    await stop(charge_point, second.transaction_id, 1000, reason="DeAuthorized")
    again = await charge_point.start(1, STRANGER, 3000, timestamp=ago(10))
    assert again.id_tag_info["status"] == "Accepted"
    await stop(charge_point, first.transaction_id, 3000, 11)
    await stop(charge_point, again.transaction_id, 4000)
    told = await sessions_of(rest, charge_point)
    assert [s["status"] for s in told] == ["completed"] * 3


async def test_a_newer_start_ends_the_older_session_with_an_estimate_that_a_late_stop_overwrites(
    charge_point: SimulatedChargePoint, rest: RestClient, mqtt: MqttListener
) -> None:
    """B33, and what an integrator hears of it."""
    older = await start(charge_point, 60)
    await measure(charge_point, reading(50, "1700"), transaction=older)
    newer = await start(charge_point, 30, meter_start=2000)
    estimate = await mqtt.wait_for(says(f"session-{older}", status="faulted", estimated=True), timeout_s=30)
    assert estimate.body["data"]["fault_reason"] == "replaced_by_newer_start"
    ended = await session(rest, older)
    assert (ended["status"], ended["estimated"], ended["energy_wh"]) == ("faulted", True, 700)
    assert ended["review"] == ["stop_missing"]
    await stop(charge_point, older, 2000, 45)
    final = await mqtt.wait_for(says(f"session-{older}", status="completed", estimated=False))
    assert final.body["event_id"] != estimate.body["event_id"]
    ended = await session(rest, older)
    assert (ended["status"], ended["energy_wh"], ended["review"]) == ("completed", 1000, ["stop_came_late"])
    assert (await session(rest, newer))["status"] == "active"
    await stop(charge_point, newer, 3000)


async def test_a_session_whose_connector_is_free_is_closed(
    charge_point: SimulatedChargePoint, rest: RestClient, mqtt: MqttListener
) -> None:
    transaction = await start(charge_point, 60)
    await measure(charge_point, reading(50, "1700"), transaction=transaction)
    await charge_point.status(1, "Charging", timestamp=ago(59))
    await charge_point.status(1, "Available", timestamp=ago(30))
    told = await mqtt.wait_for(says(f"session-{transaction}", status="faulted"), timeout_s=30)
    assert told.body["data"]["fault_reason"] == "connector_available"
    await measure(charge_point, reading(40, "1800"), transaction=transaction)
    ended = await session(rest, transaction)
    assert (ended["energy_wh"], ended["stop_meter_value"], ended["estimated"]) == (800, 1800, True)
    for_review = await sessions_of(rest, charge_point, review="true")
    assert [found["transaction_id"] for found in for_review] == [transaction]


async def test_sessions_leave_as_a_file(charge_point: SimulatedChargePoint, rest: RestClient) -> None:
    transaction = await start(charge_point, 30)
    await stop(charge_point, transaction, 2000)
    file = await rest.read_file(f"/sessions.csv?charge_point_id={charge_point.identity}")
    (row,) = csv.DictReader(io.StringIO(file.decode()))
    assert (row["transaction_id"], row["energy_wh"], row["status"]) == (str(transaction), "1000", "completed")
