"""A tenant's past: sessions and their meter values, as the system itself stores them."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from pymongo import MongoClient

from app.domain.charge_point import ChargePoint, Registration
from app.domain.context import ChargePointRef
from app.domain.meter import Attribution, MeterReading
from app.domain.session import EnergyValue, Session, SessionStatus, session_id_of
from app.services.batch import MeterRecord
from app.storage.charge_point_documents import new_document
from app.storage.meter_values import meter_document
from app.storage.session_documents import session_document

READINGS_OF_SESSION = 10
CHARGE_POINTS = 10_000
FIRST_TRANSACTION = 1_000_000_000  # far from those that the run is given
AT_ONCE = 10_000
OLD = datetime(2025, 1, 1, tzinfo=UTC)


def fill(client: MongoClient[dict[str, Any]], tenant_id: str, database: str, readings: int) -> None:
    """Store `readings` meter values, and one session for every ten of them."""
    sessions = (old_session(tenant_id, number) for number in range(readings // READINGS_OF_SESSION))
    documents = (session_document(session) | {"untold": []} for session in sessions)
    while chunk := list(islice(documents, AT_ONCE // READINGS_OF_SESSION)):
        client[database]["sessions"].insert_many(chunk, ordered=False)
    values = old_readings(tenant_id, readings)
    while chunk := list(islice(values, AT_ONCE)):
        client[database]["meter_values"].insert_many(chunk, ordered=False)


def make_known(
    client: MongoClient[dict[str, Any]], tenant_id: str, database: str, names: Sequence[str]
) -> None:
    """Charge points as they are after an outage: known, accepted, and booted once before."""
    now = datetime.now(UTC)
    booted = {"inventory": {"firmware_version": "1.0"}, "last_boot": now, "last_seen": now}
    documents = (
        new_document(ChargePoint(tenant_id, name, Registration.ACCEPTED, created_at=now)) | booted
        for name in names
    )
    while chunk := list(islice(documents, AT_ONCE)):
        client[database]["charge_points"].insert_many(chunk, ordered=False)
    client[database]["counters"].update_one({"_id": "charge_points"}, {"$inc": {"value": len(names)}})


def old_session(tenant_id: str, number: int) -> Session:
    """The one of this number: an hour long, completed."""
    start = OLD + timedelta(seconds=10 * number)
    values = tuple(
        EnergyValue(start + timedelta(minutes=6 * count), 1000.0 + 100 * count)
        for count in range(READINGS_OF_SESSION)
    )
    transaction_id = FIRST_TRANSACTION + number
    return Session(
        id=session_id_of(transaction_id),
        tenant_id=tenant_id,
        charge_point_id=f"OLD-{number % CHARGE_POINTS:05d}",
        connector_id=1,
        transaction_id=transaction_id,
        id_tag=f"OLD-{number % CHARGE_POINTS:05d}",
        start_time=start,
        start_meter_value=1000,
        status=SessionStatus.COMPLETED,
        authorization_status="Accepted",
        start_key=f"old|{number}",
        stop_time=start + timedelta(hours=1),
        stop_meter_value=2000,
        stop_reason="Local",
        received_at=start,
        meter_values=values,
    )


def old_readings(tenant_id: str, readings: int) -> Iterator[dict[str, Any]]:
    """Those of all old sessions, one after the other."""
    template = meter_document(_record(tenant_id))
    for number in range(readings):
        session, count = divmod(number, READINGS_OF_SESSION)
        owner, at = (
            session_id_of(FIRST_TRANSACTION + session),
            OLD + timedelta(seconds=10 * session + 360 * count),
        )
        yield template | {
            "_id": f"{owner}|{number:032x}",
            "owner": owner,
            "charge_point_id": f"OLD-{session % CHARGE_POINTS:05d}",
            "transaction_id": FIRST_TRANSACTION + session,
            "timestamp": at,
            "received_at": at,
        }


def _record(tenant_id: str) -> MeterRecord:
    energy = {
        "value": "1000",
        "context": "Sample.Periodic",
        "measurand": "Energy.Active.Import.Register",
        "unit": "Wh",
    }
    power = {"value": "11000", "context": "Sample.Periodic", "measurand": "Power.Active.Import", "unit": "W"}
    current = {"value": "47.8", "context": "Sample.Periodic", "measurand": "Current.Import", "unit": "A"}
    ref = ChargePointRef(tenant_id, "OLD-00000")
    reading = MeterReading(OLD, (energy, power, current))
    return MeterRecord(0, "", ref, 1, 0, reading, "", OLD, Attribution.TRANSACTION)
