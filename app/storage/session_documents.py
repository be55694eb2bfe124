"""A session as MongoDB keeps it."""

from collections.abc import Sequence
from typing import Any

from app.domain.id_tag import id_tag_key
from app.domain.meter import MeterReading, energy_wh
from app.domain.session import EnergyValue, Session, SessionStatus
from app.storage.mongo import Document, members_of

_PLAIN = (
    "tenant_id",
    "charge_point_id",
    "connector_id",
    "transaction_id",
    "id_tag",
    "start_time",
    "start_meter_value",
    "authorization_status",
    "start_key",
    "stop_time",
    "stop_meter_value",
    "stop_reason",
    "stop_id_tag",
    "fault_reason",
    "reservation_id",
    "raw_start_time",
    "raw_stop_time",
    "received_at",
    "parent_id_tag",
    "stop_key",
)


def energy_document(value: EnergyValue) -> Document:
    """As stored in a session's `meter_values`."""
    return {"timestamp": value.timestamp, "value": value.value, "unit": value.unit}


def session_document(session: Session) -> Document:
    """`opened_at` is what lists are sorted by: the start, or the stop where there is no start."""
    document: Document = {name: getattr(session, name) for name in _PLAIN}
    return document | {
        "_id": session.id,
        "status": session.status.value,
        "estimated": session.estimated,
        "review": list(session.review),
        "meter_values": [energy_document(value) for value in session.meter_values],
        "id_tag_key": id_tag_key(session.id_tag) if session.id_tag is not None else None,
        "opened_at": session.start_time or session.stop_time,
    }


def session_of(document: Document) -> Session:
    """The session a document describes."""
    plain: dict[str, Any] = {name: document.get(name) for name in _PLAIN}
    return Session(
        id=document["_id"],
        status=SessionStatus(document["status"]),
        estimated=document.get("estimated", False),
        review=tuple(document.get("review", ())),
        meter_values=tuple(
            EnergyValue(**members_of(EnergyValue, value)) for value in document.get("meter_values", ())
        ),
        **plain,
    )


def energy_values(readings: Sequence[MeterReading]) -> tuple[EnergyValue, ...]:
    """Those of the energy register."""
    values = ((reading.timestamp, energy_wh(reading.sampled_values)) for reading in readings)
    return tuple(EnergyValue(at, wh) for at, wh in values if wh is not None)
