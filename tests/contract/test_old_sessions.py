"""Contract of `OldSessions`."""

from datetime import datetime
from typing import Any

from app.domain.context import ChargePointRef
from app.domain.session import Session, SessionStatus
from app.services.batch import Batch, MeterRecord
from app.services.ports import PageRequest
from app.storage.mongo import Databases
from tests.builders import NOON, a_reading, a_session, an_event, at
from tests.contract.stores import Stores

BEFORE = at(1_000)


def keep(stores: Stores, number: int, stop: datetime | None, start: float = 0, **fields: Any) -> Session:
    """A session with one reading; without a stop it runs."""
    ref = ChargePointRef(stores.id, "CP-1")
    status = SessionStatus.ACTIVE if stop is None else SessionStatus.COMPLETED
    known = {"stop_time": stop, "status": status, "start_time": at(start)}
    session = a_session(number, ref, **(known | fields))
    assert stores.sessions.insert(session, [an_event(f"e-{number}", ref)], number)
    batch = Batch(stores.tenant)
    reading = a_reading(start + 1, {"value": "1"})
    batch.meter_records.append(MeterRecord(0, session.id, ref, 1, number, reading, f"d-{number}", NOON))
    assert stores.batches.flush(batch) == {}
    return session


def kept(stores: Stores) -> set[str]:
    return {session.id for session in stores.sessions.list_page(stores.id, PageRequest()).items}


def readings(stores: Stores, session: Session) -> int:
    return len(stores.meter_values.list_of_session(stores.id, session.id, PageRequest()).items)


def test_what_ended_before_goes_with_its_readings(stores: Stores) -> None:
    old, young = keep(stores, 1, at(500)), keep(stores, 2, at(1_500))
    assert stores.old_sessions.prune(stores.id, BEFORE) == 1
    assert kept(stores) == {young.id}
    assert (readings(stores, old), readings(stores, young)) == (0, 1)
    assert stores.old_sessions.prune(stores.id, BEFORE) == 0


def test_what_runs_is_never_old(stores: Stores) -> None:
    running = keep(stores, 1, None)
    assert stores.old_sessions.prune(stores.id, BEFORE) == 0
    assert kept(stores) == {running.id}


def test_a_stop_whose_start_nobody_knows_is_old_too(stores: Stores) -> None:
    keep(stores, 1, at(500), start_time=None)
    assert stores.old_sessions.prune(stores.id, BEFORE) == 1
    assert kept(stores) == set()


def test_another_tenants_sessions_are_not_touched(stores: Stores) -> None:
    keep(stores, 1, at(500))
    assert stores.old_sessions.prune("t-without-any", BEFORE) == 0
    assert len(kept(stores)) == 1


def test_what_nobody_was_told_yet_is_kept(real: Stores, databases: Databases) -> None:
    """The fake tells at once; the store may have to wait for the sweep."""
    session = keep(real, 1, at(500))
    databases.collection(real.id, "sessions").update_one(
        {"_id": session.id}, {"$set": {"untold": [{"_id": "x"}]}}
    )
    assert real.old_sessions.prune(real.id, BEFORE) == 0
    databases.collection(real.id, "sessions").update_one({"_id": session.id}, {"$set": {"untold": []}})
    assert real.old_sessions.prune(real.id, BEFORE) == 1
