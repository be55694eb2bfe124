"""Contract of `StatsRepository`."""

from typing import Any

from app.domain.charge_point import ChargePoint
from app.domain.context import ChargePointRef
from app.domain.session import EnergyValue, SessionStatus
from tests.builders import a_session, at
from tests.contract.stores import Stores


def ref(stores: Stores, name: str = "CP-1") -> ChargePointRef:
    return ChargePointRef(stores.id, name)


def test_sessions_of_a_time_come_with_all_that_their_energy_takes(stores: Stores) -> None:
    ended: dict[str, Any] = {"status": SessionStatus.COMPLETED, "stop_time": at(60)}
    readings = (EnergyValue(at(5), 1900), EnergyValue(at(6), 200))
    made: dict[int, dict[str, Any]] = {
        1: {"stop_meter_value": 3500, **ended},
        2: {"stop_meter_value": 500, "meter_values": readings, **ended},
        3: {"stop_meter_value": 1900, "meter_values": readings[:1], "estimated": True, **ended},
        4: {},
        5: {"start_time": at(100)},
    }
    for number, fields in made.items():
        started = {"start_time": at(number)} | fields
        stores.sessions.insert(a_session(number, ref(stores), start_key=f"k{number}", **started), [], number)
    found = {session.id: session for session in stores.stats.begun(stores.id, at(0), at(100), None)}
    assert {name: session.energy_wh for name, session in found.items()} == {
        "session-1": 2500,
        "session-2": 1200,
        "session-3": 900,
        "session-4": 0,
    }
    assert found["session-1"].start_time == at(1)
    assert [s.id for s in stores.stats.begun(stores.id, at(2), at(3), "CP-1")] == ["session-2"]
    assert list(stores.stats.begun(stores.id, at(0), at(100), "CP-2")) == []
    assert list(stores.stats.begun("t-without-any", at(0), at(100), None)) == []


def test_running_sessions_are_counted(stores: Stores) -> None:
    for number, name in ((1, "CP-1"), (2, "CP-1"), (3, "CP-2")):
        stores.sessions.insert(a_session(number, ref(stores, name), start_key=f"k{number}"), [], number)
    done = a_session(4, ref(stores), start_key="k4", status=SessionStatus.COMPLETED)
    stores.sessions.insert(done, [], 4)
    assert stores.stats.count_active(stores.id, None) == 3
    assert stores.stats.count_active(stores.id, "CP-1") == 2
    assert stores.stats.count_active("t-without-any", None) == 0


def test_charge_points_come_with_their_state(stores: Stores) -> None:
    for name in ("CP-1", "CP-2"):
        stores.charge_points.insert(ChargePoint(stores.id, name, None, created_at=at(0)))
    found = {one.id: one for one in stores.stats.charge_points(stores.id, None)}
    assert set(found) == {"CP-1", "CP-2"}
    assert not found["CP-1"].is_live
    assert [one.id for one in stores.stats.charge_points(stores.id, "CP-2")] == ["CP-2"]
    assert list(stores.stats.charge_points("t-without-any", None)) == []
