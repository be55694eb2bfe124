"""RemoteStartTransaction (OCPP 1.6 5.11): Accepted means it will try; StartTransaction proves it (C14)."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.domain.charging_profile_check import Use
from app.domain.id_tag import AuthorizationStatus
from app.ocpp.outgoing import ACCEPTED, above_zero, judge_by_status
from app.ocpp.v16.charging_profiles import completed, doubts_about_profile, with_profile
from app.services.keepers import Keepers
from app.services.ports import Asked

ACTION = "RemoteStartTransaction"
FEATURE_PROFILE = "Core"
ALIASES = ("remote_start",)
ALLOWED_WHILE_PENDING = False
on_result = judge_by_status(ACCEPTED)
_NOT_FREE = frozenset({"Charging", "SuspendedEV", "SuspendedEVSE", "Unavailable", "Faulted"})


def complete(asked: Asked, keepers: Keepers) -> dict[str, Any]:
    """An id for the charging profile, where one is given without."""
    return completed(asked, asked.parameters.get("charging_profile"), keepers)


def parameters(payload: dict[str, Any]) -> dict[str, Any]:
    """A connector is one of 1 and up; a profile is for the transaction to come (5.16.2)."""
    above_zero(payload, "connectorId")
    return with_profile(payload, "chargingProfile", Use.REMOTE_START)


def concerns(asked: Asked, payload: Mapping[str, Any], keepers: Keepers) -> list[str]:
    """What would end in a refusal: of the id tag by us, of connector or profile by the charge point."""
    return [
        *_about_tag(asked, payload["idTag"], keepers),
        *_about_connector(asked, payload),
        *_about_reservation(asked, payload, keepers),
        *doubts_about_profile(asked, payload, "chargingProfile", keepers),
    ]


def _about_tag(asked: Asked, id_tag: str, keepers: Keepers) -> Iterator[str]:
    tenant = keepers.tenants.find(asked.ref.tenant_id)
    if tenant is None:
        return
    status = keepers.authorization.look_up(tenant, id_tag).status
    if status is not AuthorizationStatus.ACCEPTED:
        yield f"The id tag {id_tag} would be answered {status}."


def _about_reservation(asked: Asked, payload: Mapping[str, Any], keepers: Keepers) -> Iterator[str]:
    """C14; nobody looks for reservations where there are none."""
    tenant = keepers.tenants.find(asked.ref.tenant_id) if asked.charge_point.has_reservations else None
    if tenant is None or "connectorId" not in payload:
        return
    id_tag, connector_id = payload["idTag"], payload["connectorId"]
    group = keepers.authorization.look_up(tenant, id_tag).parent_id_tag
    for one in keepers.reservations.held_for_others(asked.ref, connector_id, id_tag, group):
        yield f"Connector {connector_id} is reserved for {one.id_tag}."


def _about_connector(asked: Asked, payload: Mapping[str, Any]) -> Iterator[str]:
    """Of a charge point that is offline nobody knows what it does by now."""
    if not asked.charge_point.is_live:
        return
    for connector in asked.charge_point.connectors:
        if connector.id == payload.get("connectorId") and connector.status in _NOT_FREE:
            yield f"Connector {connector.id} is {connector.status}."
