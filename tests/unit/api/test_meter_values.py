"""Meter values over HTTP: of a session, and without one."""

from app.domain.context import ChargePointRef
from app.domain.meter import Attribution
from app.services.batch import Batch, MeterRecord
from tests.builders import NOON, a_reading, a_session, a_tenant
from tests.fakes.world import World
from tests.unit.api.calls import Api, assert_problem

REF = ChargePointRef("acme", "CP-1")


def keep(world: World, owner: str, seconds: int, how: Attribution | None = None, connector: int = 1) -> None:
    batch = Batch(a_tenant())
    reading = a_reading(
        seconds, {"value": "1.5", "unit": "kWh"}, {"value": "16", "measurand": "Current.Import"}
    )
    batch.meter_records.append(MeterRecord(0, owner, REF, connector, 7, reading, f"d{seconds}", NOON, how))
    assert world.batches.flush(batch) == {}


def test_a_sessions_meter_values_as_they_were_sent(operator: Api, world: World) -> None:
    world.sessions.insert(a_session(7), [], 1)
    keep(world, "session-7", 1, Attribution.TRANSACTION)
    keep(world, "session-7", 2, Attribution.TIME)
    body = operator.get("/api/v1/sessions/session-7/meter-values").get_json()
    assert [item["attributed"] for item in body["items"]] == ["time", "transaction"]
    assert body["next_cursor"] is None
    assert body["items"][1] == {
        "id": "session-7|d1",
        "timestamp": "2026-03-01T12:00:01.000Z",
        "received_at": "2026-03-01T12:00:00.000Z",
        "connector_id": 1,
        "transaction_id": 7,
        "session_id": "session-7",
        "attributed": "transaction",
        "register_wh": 1500,
        "sampled_values": [
            {"value": "1.5", "unit": "kWh"},
            {"value": "16", "measurand": "Current.Import"},
        ],
    }
    assert operator.get("/api/v1/sessions/session-7").get_json()["attributed"] == {
        "transaction": 1,
        "time": 1,
    }


def test_they_come_in_pages(operator: Api, world: World) -> None:
    world.sessions.insert(a_session(7), [], 1)
    for seconds in range(3):
        keep(world, "session-7", seconds, Attribution.TRANSACTION)
    page = operator.get("/api/v1/sessions/session-7/meter-values?limit=2").get_json()
    path = f"/api/v1/sessions/session-7/meter-values?limit=2&cursor={page['next_cursor']}"
    ids = [item["id"] for item in page["items"] + operator.get(path).get_json()["items"]]
    assert ids == ["session-7|d2", "session-7|d1", "session-7|d0"]


def test_meter_values_without_a_session_by_connector(operator: Api, world: World) -> None:
    world.add_charge_point("acme", "CP-1")
    keep(world, "CP-1#0", 1, connector=0)
    keep(world, "CP-1#1", 2)
    keep(world, "session-7", 3, Attribution.TRANSACTION)
    path = "/api/v1/chargepoints/CP-1/meter-values"
    assert [item["connector_id"] for item in operator.get(path).get_json()["items"]] == [1, 0]
    (item,) = operator.get(f"{path}?connector_id=0").get_json()["items"]
    assert (item["connector_id"], item["session_id"], item["attributed"]) == (0, None, None)


def test_what_is_not_there_or_not_yours_is_not_found(operator: Api, world: World) -> None:
    world.add_charge_point("beta", "CP-9")
    assert_problem(operator.get("/api/v1/sessions/session-9/meter-values"), 404, "not_found")
    assert_problem(operator.get("/api/v1/chargepoints/CP-9/meter-values"), 404, "not_found")


def test_a_wrong_connector_is_told(operator: Api, world: World) -> None:
    world.add_charge_point("acme", "CP-1")
    path = "/api/v1/chargepoints/CP-1/meter-values?connector_id=-1"
    assert_problem(operator.get(path), 422, "invalid_input", "connector_id")
