"""Keys, profiles and security events over HTTP."""

from dataclasses import dataclass
from typing import Any

from app.api.blueprint import Blueprint, also_answers, problems
from app.api.commands import request_for, submit
from app.api.current import services
from app.api.paging import page_request
from app.api.permissions import requires
from app.api.schemas.command import WaitQuery
from app.api.schemas.security import (
    ChargePointSecuritySchema,
    KeySchema,
    NewKeySchema,
    NewProfileSchema,
    SecurityEventPageSchema,
    SecurityEventQuery,
)
from app.api.tenancy import charge_point_ref, current_tenant
from app.domain.certificate import Certificate
from app.domain.charge_point import ChargePoint
from app.domain.errors import ChargePointUnavailable, InvalidInput
from app.domain.permissions import Permission
from app.domain.security_event import SecurityEvent
from app.services.ports import Page
from app.services.security import new_key

security = Blueprint(
    "security", __name__, url_prefix="/api/v1", description="How charge points prove who they are."
)
_OF_ONE = "/chargepoints/<charge_point_id>/security"


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the schemas show."""

    charge_point: ChargePoint
    certificates: tuple[Certificate, ...]
    roots: tuple[Certificate, ...]
    command_id: str | None = None
    key: str | None = None


@security.get(_OF_ONE)
@requires(Permission.SECURITY_READ)
@security.answers(200, ChargePointSecuritySchema, "How it proves who it is.")
def get_security(charge_point_id: str) -> _Shown:
    """Show a charge point's security

    Its profile, whether it has a key, its certificates and the roots it trusts.
    """
    return _shown(charge_point_id)


@security.put(_OF_ONE)
@requires(Permission.SECURITY_MANAGE)
@security.body(NewProfileSchema)
@security.answers(200, ChargePointSecuritySchema, "It is demanded from the next connection on.")
@problems(400, 409, 415)
def set_profile(body: dict[str, Any], charge_point_id: str) -> _Shown:
    """Demand a security profile of a charge point

    Without telling it: for one that was set up by hand. May also lower it, which OCPP never does. Takes
    `force` if the charge point could not connect with it, as far as is known here.
    """
    ref = charge_point_ref(charge_point_id)
    services().keepers.security.set_profile(ref, body["profile"], force=body["force"])
    return _shown(charge_point_id)


@security.post(f"{_OF_ONE}/key")
@requires(Permission.SECURITY_MANAGE)
@security.query(WaitQuery)
@security.body(NewKeySchema)
@security.answers(202, KeySchema, "The new key is on its way.")
@also_answers(200, KeySchema, "The key is set, or the charge point has answered.")
@problems(400, 409, 415)
def change_key(query: dict[str, float], body: dict[str, Any], charge_point_id: str) -> tuple[_Shown, int]:
    """Change a charge point's key

    `rotate`: a random key is made and sent by ChangeConfiguration; nobody sees it. The charge point must be
    connected, so that the key lies nowhere; what it answered, the command of `command_id` shows. `set`: the
    key is valid here from now on, and is shown this once.
    """
    ref = charge_point_ref(charge_point_id)
    if body["mode"] == "set":
        return _shown(charge_point_id, key=services().keepers.security.set_key(ref, body.get("key"))), 200
    if "key" in body:
        raise InvalidInput("A rotated key is made here.", problems={"key": ["Leave it out."]})
    if services().charge_points.get(ref).connection is None:
        raise ChargePointUnavailable("The charge point is not connected: a key is not left waiting for it.")
    return _configure(charge_point_id, "AuthorizationKey", new_key(), query, body)


@security.post(f"{_OF_ONE}/upgrade")
@requires(Permission.SECURITY_MANAGE)
@security.query(WaitQuery)
@security.body(NewProfileSchema)
@security.answers(202, ChargePointSecuritySchema, "The charge point is being asked.")
@also_answers(200, ChargePointSecuritySchema, "It has answered; see the command of `command_id`.")
@problems(400, 409, 415)
def upgrade_profile(
    query: dict[str, float], body: dict[str, Any], charge_point_id: str
) -> tuple[_Shown, int]:
    """Raise a charge point's security profile

    By ChangeConfiguration of SecurityProfile. Takes `force` if the charge point would refuse it, as far as is
    known here. Once it has agreed, it comes back with the new profile: `pending_profile` until then. The old
    profile is valid until the new one is used, then never again.
    """
    return _configure(charge_point_id, "SecurityProfile", str(body["profile"]), query, body)


@security.get("/security-events")
@requires(Permission.SECURITY_READ)
@security.query(SecurityEventQuery)
@security.answers(200, SecurityEventPageSchema, "A page of security events.")
def list_security_events(query: dict[str, Any]) -> Page[SecurityEvent]:
    """List security events

    What charge points notified, and what this system noticed itself. Newest first.
    """
    return services().keepers.security_events.list_page(current_tenant().id, page_request(query))


def _configure(
    charge_point_id: str, key: str, value: str, query: dict[str, float], body: dict[str, Any]
) -> tuple[_Shown, int]:
    ref = charge_point_ref(charge_point_id)
    parameters = {"key": key, "value": value}
    request = request_for(ref, "ChangeConfiguration", parameters, body)
    command, status, _ = submit(request, query["wait"])
    return _shown(charge_point_id, command_id=command.id), status


def _shown(charge_point_id: str, command_id: str | None = None, key: str | None = None) -> _Shown:
    """Raises NotFound."""
    view = services().keepers.security.view(charge_point_ref(charge_point_id))
    return _Shown(view.charge_point, view.certificates, view.roots, command_id, key)
