"""Contract of `BatchStore`."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from pymongo.errors import BulkWriteError, PyMongoError

from app.domain.charge_point import ChargePoint, Connector
from app.domain.context import ChargePointRef, fence_of
from app.domain.errors import Retryable
from app.domain.id_tag import IdTag
from app.domain.meter import MeterReading
from app.domain.session import EnergyValue, Session, SessionStatus
from app.services.batch import (
    Batch,
    BatchNeeds,
    ConnectorChange,
    Exchange,
    LateEnergy,
    MeterRecord,
    ReadingsNeed,
    SessionChange,
)
from app.storage.batches import MongoBatches
from app.storage.messages import MongoMessages
from app.storage.mongo import Databases, Document, store_errors
from app.storage.outbox import MongoOutbox
from app.storage.untold import Untold
from tests.builders import NOON, a_connector, a_reading, a_session, an_event, at
from tests.contract.stores import Stores


def ref(stores: Stores, name: str = "CP-1") -> ChargePointRef:
    return ChargePointRef(stores.id, name)


def insert_session(stores: Stores, number: int = 1, **fields: Any) -> Session:
    made = a_session(number, ref(stores), **fields)
    stores.sessions.insert(made, [an_event("started")], 1)
    return made


def a_record(stores: Stores, call: int, owner: str, reading: MeterReading, digest: str) -> MeterRecord:
    return MeterRecord(call, owner, ref(stores), 1, 1, reading, digest, NOON)


def connectors_of(stores: Stores, name: str = "CP-1") -> tuple[Connector, ...]:
    found = stores.charge_points.find(ref(stores, name))
    assert found is not None
    return found.connectors


def change(stores: Stores, fence: int, status: str, call: int = 0, name: str = "CP-1") -> ConnectorChange:
    return ConnectorChange(call, ref(stores, name), (a_connector(1, status),), fence)


def published(stores: Stores) -> list[str]:
    return [e.body["event_id"] for entry in stores.outbox.head(stores.id, 100) for e in entry.events]


# --- reading -----------------------------------------------------------------------------------------


def test_a_batch_holds_what_its_calls_need_and_exists(stores: Stores) -> None:
    stores.charge_points.insert(ChargePoint(stores.id, "CP-1", None, created_at=NOON))
    stores.id_tags.put(stores.id, IdTag("tag", "TAG"))
    stores.id_tags.put(stores.id, IdTag("not needed", "X"))
    made = insert_session(stores, 7)
    batch = stores.batches.load(stores.tenant, BatchNeeds({"CP-1", "nobody"}, {"tag", "unknown"}, {7, 8}))
    assert batch.tenant == stores.tenant
    assert list(batch.charge_points) == ["CP-1"]
    assert batch.id_tags == {"tag": IdTag("tag", "TAG")}
    assert batch.sessions == {7: made}


def test_a_batch_that_needs_nothing_is_empty(stores: Stores) -> None:
    batch = stores.batches.load(stores.tenant, BatchNeeds())
    assert (batch.charge_points, batch.id_tags, batch.sessions) == ({}, {}, {})


def nearby(stores: Stores, *needs: ReadingsNeed, transactions: Iterable[int] = ()) -> dict[str, list[int]]:
    batch = stores.batches.load(
        stores.tenant, BatchNeeds(transactions=set(transactions), readings=list(needs))
    )
    found = batch.nearby_sessions.items()
    return {cp: sorted(session.transaction_id for session in sessions) for cp, sessions in found}


def test_readings_that_name_no_transaction_get_the_sessions_around_their_time(stores: Stores) -> None:
    completed = {"status": SessionStatus.COMPLETED, "stop_meter_value": 2}
    insert_session(stores, 1, start_time=at(0), stop_time=at(100), **completed)
    insert_session(stores, 2, start_time=at(200), stop_time=at(300), **completed)
    insert_session(stores, 3, start_time=at(400))
    elsewhere = a_session(4, ref(stores, "CP-2"))
    stores.sessions.insert(elsewhere, [an_event()], 1)
    stores.sessions.insert(a_session(5, ref(stores, "CP-3")), [an_event()], 1)
    needs = [ReadingsNeed("CP-1", None, at(250)), ReadingsNeed("CP-2", None, at(300))]
    assert nearby(stores, *needs) == {"CP-1": [2, 3], "CP-2": [4]}
    assert nearby(stores, ReadingsNeed("CP-1", None, at(100))) == {"CP-1": [1, 2, 3]}
    assert nearby(stores, ReadingsNeed("CP-9", None, at(100))).get("CP-9", []) == []


def test_what_began_after_a_session_that_runs_is_there_though_it_ended_long_ago(stores: Stores) -> None:
    """A session that runs lasts until the next start on its connector, whatever became of that one."""
    insert_session(stores, 1, start_time=at(0), stop_time=at(5), status=SessionStatus.COMPLETED)
    insert_session(stores, 2, start_time=at(10))
    insert_session(stores, 3, start_time=at(20), stop_time=at(30), status=SessionStatus.COMPLETED)
    assert nearby(stores, ReadingsNeed("CP-1", None, at(1000))) == {"CP-1": [2, 3]}


def test_readings_of_a_known_transaction_need_no_other_sessions(stores: Stores) -> None:
    insert_session(stores, 7)
    stores.sessions.insert(a_session(8, ref(stores, "CP-2")), [an_event()], 1)
    assert nearby(stores, ReadingsNeed("CP-1", 7, at(0)), transactions=[7]) == {}
    assert nearby(stores, ReadingsNeed("CP-1", 99, at(0)), transactions=[99]) == {"CP-1": [7]}
    assert nearby(stores, ReadingsNeed("CP-1", 8, at(0)), transactions=[8]) == {"CP-1": [7]}, "another's"


# --- writing -----------------------------------------------------------------------------------------


def test_an_empty_batch_leaves_nothing(stores: Stores) -> None:
    assert stores.batches.flush(Batch(stores.tenant)) == {}
    assert published(stores) == []


def test_readings_are_appended_and_the_same_again_is_no_failure(stores: Stores) -> None:
    made = insert_session(stores)
    for _ in range(2):
        batch = Batch(stores.tenant)
        batch.meter_records += [
            a_record(stores, 0, made.id, a_reading(1, {"value": "1100", "unit": "Wh"}), "d-1"),
            a_record(stores, 1, made.id, a_reading(2, {"value": "1.2", "unit": "kWh"}), "d-2"),
        ]
        assert stores.batches.flush(batch) == {}
    assert stores.sessions.energy_values(made) == (EnergyValue(at(1), 1100), EnergyValue(at(2), 1200))


@pytest.mark.parametrize("value", ["1e30", "99999999999999999999"])
def test_a_reading_beyond_all_reason_is_stored_and_the_session_can_still_stop(
    stores: Stores, value: str
) -> None:
    made = insert_session(stores)
    batch = Batch(stores.tenant)
    batch.meter_records.append(a_record(stores, 0, made.id, a_reading(1, {"value": value}), "d-1"))
    assert stores.batches.flush(batch) == {}
    values = stores.sessions.energy_values(made)
    stopped = replace(made, meter_values=values, status=SessionStatus.COMPLETED)
    last = Batch(stores.tenant, 2)
    last.completed.append(SessionChange(0, stopped, (an_event("stopped"),)))
    assert stores.batches.flush(last) == {}
    assert published(stores) == ["started", "stopped"]


def test_late_readings_reach_the_session_once(stores: Stores) -> None:
    insert_session(stores, 1, status=SessionStatus.COMPLETED, stop_time=at(60), stop_meter_value=2000)
    late = LateEnergy(0, "session-1", (EnergyValue(at(1), 1100), EnergyValue(at(2), 1200.5)))
    for _ in range(2):
        batch = Batch(stores.tenant)
        batch.late_energy += [late, LateEnergy(1, "session-nobody", late.values)]
        assert stores.batches.flush(batch) == {}
    found = stores.sessions.find(stores.id, "session-1")
    assert found is not None
    assert set(found.meter_values) == set(late.values)
    assert len(found.meter_values) == 2


def test_a_late_reading_moves_an_end_that_was_estimated(stores: Stores) -> None:
    end = {"status": SessionStatus.FAULTED, "stop_time": at(60), "stop_meter_value": 2000}
    insert_session(stores, 1, estimated=True, **end)
    insert_session(stores, 2, **end)
    for values in ([EnergyValue(at(90), 2100.4), EnergyValue(at(80), 2050)], [EnergyValue(at(70), 2030)]):
        batch = Batch(stores.tenant)
        batch.late_energy += [LateEnergy(0, f"session-{n}", tuple(values), estimated=True) for n in (1, 2)]
        assert stores.batches.flush(batch) == {}
    found = [stores.sessions.find(stores.id, f"session-{number}") for number in (1, 2)]
    assert [(s.stop_time, s.stop_meter_value) for s in found if s] == [(at(90), 2100), (at(60), 2000)]
    assert [len(session.meter_values) for session in found if session] == [3, 3]


def test_the_newest_fence_wins_whatever_the_order(stores: Stores) -> None:
    stores.charge_points.insert(ChargePoint(stores.id, "CP-1", None))
    for fence, status in (
        (fence_of(1, 5), "Preparing"),
        (fence_of(1, 4), "late copy"),
        (fence_of(1, 5), "the same again"),
        (fence_of(2, 1), "new connection"),
        (fence_of(1, 900), "old connection"),
    ):
        batch = Batch(stores.tenant)
        batch.connector_changes.append(change(stores, fence, status))
        assert stores.batches.flush(batch) == {}
    assert [connector.status for connector in connectors_of(stores)] == ["new connection"]


def test_a_connector_is_kept_with_everything_it_said(stores: Stores) -> None:
    stores.charge_points.insert(ChargePoint(stores.id, "CP-1", None))
    full = a_connector(
        2, "Faulted", error_code="GroundFailure", info="i", vendor_id="v", vendor_error_code="e"
    )
    batch = Batch(stores.tenant)
    batch.connector_changes.append(ConnectorChange(0, ref(stores), (a_connector(0), full), 1))
    stores.batches.flush(batch)
    assert connectors_of(stores) == (a_connector(0), full)
    found = stores.charge_points.find(ref(stores))
    assert found is not None
    assert found.status_fence == 1


def test_a_status_of_nobody_creates_nobody(stores: Stores) -> None:
    batch = Batch(stores.tenant)
    batch.connector_changes.append(change(stores, 1, "Available", name="nobody"))
    assert stores.batches.flush(batch) == {}
    assert stores.charge_points.find(ref(stores, "nobody")) is None


def test_events_leave_as_one_entry_in_order(stores: Stores) -> None:
    batch = Batch(stores.tenant, order_key=5)
    batch.publish(0, [an_event("a"), an_event("b")])
    batch.publish(1, [an_event("c")])
    assert stores.batches.flush(batch) == {}
    assert published(stores) == ["a", "b", "c"]
    assert stores.outbox.depth(stores.id) == 1


# --- what only a real store can show -----------------------------------------------------------------


@pytest.mark.integration
def test_one_failing_write_fails_one_call_and_its_events(real: Stores, databases: Databases) -> None:
    """Resolved item by item (design section 3)."""
    for number in (1, 2, 3):
        insert_session(real, number, status=SessionStatus.COMPLETED)
    databases.collection(real.id, "sessions").update_one(
        {"_id": "session-2"}, {"$set": {"meter_values": "broken"}}
    )
    for entry in real.outbox.head(real.id, 10):
        real.outbox.remove(real.id, [entry.id])
    batch = Batch(real.tenant, order_key=9)
    for call in (0, 1, 2):
        batch.late_energy.append(LateEnergy(call, f"session-{call + 1}", (EnergyValue(at(call), 1),)))
        batch.publish(call, [an_event(f"of call {call}")])
    assert list(real.batches.flush(batch)) == [1]
    assert published(real) == ["of call 0", "of call 2"]
    for number in (1, 3):
        found = real.sessions.find(real.id, f"session-{number}")
        assert found is not None
        assert len(found.meter_values) == 1


@pytest.mark.integration
def test_a_batch_with_large_events_is_stored(real: Stores) -> None:
    """One charge point's megabyte must not fail the others' calls."""
    batch = Batch(real.tenant, order_key=1)
    for call in range(40):
        batch.publish(call, [an_event(f"{call}-{'x' * 500_000}")])
    assert real.batches.flush(batch) == {}
    assert len(published(real)) == 40


def exchange(stores: Stores, number: int, received_at: datetime = NOON) -> Exchange:
    return Exchange(ref(stores), "in", "Heartbeat", f"u-{number}", received_at, f'[2,"u-{number}"]', "[3]")


@pytest.mark.integration
def test_the_message_log_holds_one_document_per_exchange_as_raw_text(
    real: Stores, databases: Databases
) -> None:
    batch = Batch(real.tenant)
    batch.exchanges += [exchange(real, number) for number in range(3)]
    assert real.batches.flush(batch) == {}
    kept = list(databases.collection(real.id, "ocpp_messages").find().sort("_id", 1))
    assert [document.pop("unique_id") for document in kept] == ["u-0", "u-1", "u-2"]
    kept[0].pop("_id")
    assert kept[0] == {
        "charge_point_id": "CP-1",
        "direction": "in",
        "action": "Heartbeat",
        "received_at": NOON,
        "request": '[2,"u-0"]',
        "response": "[3]",
    }


@pytest.mark.integration
def test_the_message_log_is_pruned_by_age(real: Stores, databases: Databases) -> None:
    batch = Batch(real.tenant)
    batch.exchanges += [exchange(real, number) for number in range(3)]
    real.batches.flush(batch)
    messages = MongoMessages(databases)
    assert messages.prune(real.id, at(-1)) == 0
    assert messages.prune(real.id, datetime.max.replace(year=2100, tzinfo=NOON.tzinfo)) == 3


@pytest.mark.integration
@pytest.mark.parametrize("failure", [PyMongoError("full"), ZeroDivisionError()])
@pytest.mark.parametrize("beside", ["ocpp_messages", "deviations"])
def test_what_stands_beside_the_way_of_answers_costs_no_reading(
    real: Stores, databases: Databases, monkeypatch: pytest.MonkeyPatch, beside: str, failure: Exception
) -> None:
    """The message log and the count of deviations go with the readings, and may fail in any way."""
    collection = Databases.collection

    def fail_beside(self: Databases, tenant_id: str, name: str) -> Any:
        if name == beside:
            with store_errors():
                raise failure
        return collection(self, tenant_id, name)

    batch = Batch(real.tenant)
    batch.meter_records.append(a_record(real, 0, "session-1", a_reading(1), "digest"))
    batch.exchanges.append(exchange(real, 1))
    batch.deviated("CP-1", ["stray_frame"])
    monkeypatch.setattr(Databases, "collection", fail_beside)
    assert real.batches.flush(batch) == {}
    assert databases.of(real.id)["meter_values"].count_documents({}) == 1


@pytest.mark.integration
def test_what_a_majority_has_not_confirmed_is_not_answered(
    real: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Persist, then answer: a primary that steps down while it writes may lose what it wrote."""

    def unconfirmed(*_: object) -> None:
        raise BulkWriteError({"writeErrors": [], "writeConcernErrors": [{"code": 189}]})

    monkeypatch.setattr("app.storage.batches._bulk", unconfirmed)
    batch = Batch(real.tenant)
    batch.meter_records.append(a_record(real, 3, "session-1", a_reading(1), "digest"))
    assert set(real.batches.flush(batch)) == {3}


# --- sessions that begin and end -----------------------------------------------------------------------


def a_change(stores: Stores, call: int, session: Session, told: str) -> SessionChange:
    return SessionChange(call, session, (an_event(told),))


def test_many_sessions_begin_and_end_together_each_with_its_event(stores: Stores) -> None:
    running = insert_session(stores, 1)
    batch = Batch(stores.tenant, 5)
    for number in (2, 3):
        began = a_session(number, ref(stores, f"CP-{number}"))
        batch.begun.append(a_change(stores, number, began, f"began-{number}"))
    ended = replace(running, status=SessionStatus.COMPLETED, stop_time=at(60), stop_meter_value=2000)
    batch.completed.append(a_change(stores, 1, ended, "ended-1"))
    assert stores.batches.flush(batch) == {}
    assert stores.sessions.find(stores.id, "session-1") == ended
    assert stores.sessions.find(stores.id, "session-3") == batch.begun[1].session
    assert sorted(published(stores)) == ["began-2", "began-3", "ended-1", "started"]
    assert batch.repeated == {}


def test_a_start_that_is_known_is_found_and_the_others_begin(stores: Stores) -> None:
    """B30: it is answered as the first time, and tells nothing a second time."""
    known = insert_session(stores, 1)
    batch = Batch(stores.tenant, 5)
    again = replace(a_session(2, ref(stores)), start_key=known.start_key)
    batch.begun.append(a_change(stores, 0, again, "again"))
    batch.begun.append(a_change(stores, 1, a_session(3, ref(stores, "CP-3")), "began-3"))
    assert stores.batches.flush(batch) == {}
    assert {call: session.id for call, session in batch.repeated.items()} == {0: "session-1"}
    assert stores.sessions.find(stores.id, "session-2") is None
    assert published(stores) == ["started", "began-3"]


def test_what_stops_brings_its_readings_along(stores: Stores) -> None:
    made = insert_session(stores, 7)
    reading = Batch(stores.tenant)
    reading.meter_records.append(a_record(stores, 0, made.id, a_reading(10, {"value": "1500"}), "d-1"))
    stores.batches.flush(reading)
    batch = stores.batches.load(stores.tenant, BatchNeeds(transactions={7, 8}, ending={7, 8}))
    assert batch.energy == {"session-7": (EnergyValue(at(10), 1500),)}


@pytest.mark.integration
def test_a_session_that_somebody_else_has_completed_is_told_as_they_completed_it(
    real: Stores, databases: Databases
) -> None:
    """Their process died before it told anybody (found by a soak); ours comes second and changes nothing."""
    running = insert_session(real, 1)
    theirs = replace(running, status=SessionStatus.COMPLETED, stop_time=at(60), stop_meter_value=2000)
    dying = MongoBatches(databases, DyingUntold(databases))
    first = Batch(real.tenant, 5)
    first.completed.append(a_change(real, 0, theirs, "theirs"))
    assert list(dying.flush(first)) == [0]
    assert published(real) == ["started"]
    second = Batch(real.tenant, 6)
    second.completed.append(a_change(real, 0, replace(theirs, stop_meter_value=9), "ours"))
    assert real.batches.flush(second) == {}
    assert published(real) == ["started", "theirs"]
    assert real.sessions.find(real.id, "session-1") == theirs


class DyingUntold(Untold):
    """Dies between the session and the outbox."""

    def __init__(self, databases: Databases) -> None:
        super().__init__(databases, MongoOutbox(databases), ("sessions",))

    def tell_all(
        self, tenant_id: str, collection: str, documents: Sequence[Document], along: Sequence[Document] = ()
    ) -> None:
        raise Retryable("killed here")
