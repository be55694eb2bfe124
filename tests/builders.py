"""Values for tests, with every field that does not matter already filled in."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from app.domain.charge_point import ChargePoint, Connection, Connector, Registration
from app.domain.charging_profile import InstalledProfile, profile_of
from app.domain.command import Command, CommandStatus
from app.domain.context import CallContext, ChargePointRef
from app.domain.dead_letter import DeadLetter, DeadLetterKind
from app.domain.events import Event, EventChannel
from app.domain.meter import MeterReading
from app.domain.reservation import Reservation
from app.domain.session import Session, SessionStatus, session_id_of
from app.domain.tenant import Tenant, new_tenant
from app.domain.tenant_configuration import TenantConfiguration, configured

NOON = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
REF = ChargePointRef("acme", "CP-1")


def at(seconds: float) -> datetime:
    """So many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def a_tenant(tenant_id: str = "acme", prefixes: tuple[str, ...] = (), **settings: Any) -> Tenant:
    return new_tenant(
        tenant_id, tenant_id.title(), prefixes, configured(TenantConfiguration(), settings), NOON
    )


def a_connector(connector_id: int = 1, status: str = "Available", **fields: Any) -> Connector:
    known: dict[str, Any] = {"error_code": "NoError", "last_update": NOON}
    return Connector(connector_id, status, **(known | fields))


def a_connection(
    epoch: int = 1, gateway_id: str = "gw-1", connection_id: str = "c-1", *, silent: bool = False
) -> Connection:
    return Connection(gateway_id, connection_id, epoch, NOON, silent)


def a_charge_point(ref: ChargePointRef = REF, **fields: Any) -> ChargePoint:
    return ChargePoint(
        ref.tenant_id, ref.charge_point_id, **({"registration": Registration.ACCEPTED} | fields)
    )


def a_call(
    ref: ChargePointRef = REF,
    sequence: int = 1,
    epoch: int = 1,
    unique_id: str = "u-1",
    received_at: datetime = NOON,
) -> CallContext:
    return CallContext(ref, f"c-{epoch}", epoch, sequence, unique_id, received_at)


def a_session(transaction_id: int = 1, ref: ChargePointRef = REF, **fields: Any) -> Session:
    known: dict[str, Any] = {
        "connector_id": 1,
        "id_tag": "TAG-1",
        "start_time": NOON,
        "start_meter_value": 1000,
        "status": SessionStatus.ACTIVE,
        "authorization_status": "Accepted",
        "start_key": f"key-{transaction_id}",
    }
    return Session(
        id=session_id_of(transaction_id),
        tenant_id=ref.tenant_id,
        charge_point_id=ref.charge_point_id,
        transaction_id=transaction_id,
        **(known | fields),
    )


def a_reading(seconds: float = 0, *samples: Mapping[str, Any]) -> MeterReading:
    """A reading so many seconds after noon; without samples, of 1500 Wh."""
    return MeterReading(at(seconds), samples or ({"value": "1500"},))


def a_command(command_id: str = "cmd-1", ref: ChargePointRef = REF, **fields: Any) -> Command:
    known: dict[str, Any] = {
        "command_type": "reset",
        "action": "Reset",
        "parameters": {"type": "Soft"},
        "payload": {"type": "Soft"},
        "status": CommandStatus.QUEUED,
        "created_at": NOON,
        "expires_at": at(60),
        "timeout_s": 30.0,
        "requested_by": "tests",
    }
    return Command(
        id=command_id, tenant_id=ref.tenant_id, charge_point_id=ref.charge_point_id, **(known | fields)
    )


def a_reservation(name: str = "r-1", ref: ChargePointRef = REF, **fields: Any) -> Reservation:
    known: dict[str, Any] = {
        "reservation_id": 7,
        "connector_id": 1,
        "id_tag": "TAG-1",
        "expires_at": at(3600),
        "created_at": NOON,
        "changed_at": NOON,
    }
    return Reservation(
        id=name, tenant_id=ref.tenant_id, charge_point_id=ref.charge_point_id, **(known | fields)
    )


def an_event(name: str = "e-1", ref: ChargePointRef = REF) -> Event:
    return Event(EventChannel.SESSION, ref, {"event_id": name, "event_type": "session_started"})


def a_profile(charging_profile_id: int = 1, **fields: Any) -> dict[str, Any]:
    """An hour of 16.1 A by default, as a TxDefaultProfile; with OCPP's names in our spelling."""
    known: dict[str, Any] = {
        "charging_profile_id": charging_profile_id,
        "stack_level": 0,
        "charging_profile_purpose": "TxDefaultProfile",
        "charging_profile_kind": "Absolute",
        "charging_schedule": a_schedule(),
    }
    return {name: value for name, value in (known | fields).items() if value is not None}


def a_schedule(*periods: tuple[int, float], **fields: Any) -> dict[str, Any]:
    """Periods as (start, limit), from noon on."""
    known: dict[str, Any] = {
        "start_schedule": "2026-03-01T12:00:00.000Z",
        "charging_rate_unit": "A",
        "charging_schedule_period": [
            {"start_period": start, "limit": limit} for start, limit in periods or ((0, 16.1),)
        ],
    }
    return {name: value for name, value in (known | fields).items() if value is not None}


def an_installed_profile(
    charging_profile_id: int = 1, ref: ChargePointRef = REF, connector_id: int = 1, **fields: Any
) -> InstalledProfile:
    beside: dict[str, Any] = {"installed_at": NOON}
    beside |= {name: fields.pop(name) for name in ("installed_at", "template") if name in fields}
    return InstalledProfile(
        tenant_id=ref.tenant_id,
        charge_point_id=ref.charge_point_id,
        connector_id=connector_id,
        profile=profile_of(a_profile(charging_profile_id, **fields)),
        command_id="cmd-1",
        **beside,
    )


def a_dead_letter(dead_letter_id: str = "dead-1", ref: ChargePointRef = REF, **fields: Any) -> DeadLetter:
    """A meter value that broke at noon."""
    known: dict[str, Any] = {
        "kind": DeadLetterKind.CALL,
        "action": "MeterValues",
        "frame": '[2,"u-1","MeterValues",{"connectorId":1,"meterValue":[]}]',
        "error": "ZeroDivisionError",
        "reason": "division by zero",
        "received_at": NOON,
        "first_at": NOON,
        "last_at": NOON,
        "connection_id": "c-1",
        "epoch": 1,
        "sequence": 1,
        "registration": "Accepted",
    }
    return DeadLetter(dead_letter_id, ref.tenant_id, ref.charge_point_id, **(known | fields))
