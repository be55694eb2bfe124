"""SetChargingProfile (OCPP 1.6 5.16): a limit over time (C30, section D).

Besides OCPP's own parameters: `template` in place of `cs_charging_profiles`; `charging_profile_id` and
`transaction_id` beside it, found by themselves where they are left out; `retry_lower` tries lower stack
levels after a refusal (G28).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from app.domain.charging_profile import InstalledProfile, profile_of
from app.domain.charging_profile_check import Use
from app.domain.command import Command, CommandStatus, FollowUp, Outcome
from app.domain.errors import InvalidInput
from app.domain.session import SessionStatus, session_id_of
from app.ocpp.outgoing import ACCEPTED, as_result, judge_by_status
from app.ocpp.v16.charging_profiles import completed, doubts_about_profile, lacks_transaction, with_profile
from app.services.keepers import Keepers
from app.services.ports import Asked

ACTION = "SetChargingProfile"
FEATURE_PROFILE = "SmartCharging"
on_result = judge_by_status(ACCEPTED)
_PROFILE = "csChargingProfiles"
_OURS = ("template", "retryLower")
_MAX_RETRIES = 10


def complete(asked: Asked, keepers: Keepers) -> dict[str, Any]:
    """Profile of a template, id, and the transaction that runs on the connector. Raises NotFound."""
    given = asked.parameters
    added: dict[str, Any] = {}
    profile, name = given.get("cs_charging_profiles"), given.get("template")
    if isinstance(name, str) and profile is None:
        profile = keepers.profile_templates.get(asked.ref.tenant_id, name).profile
        added["cs_charging_profiles"] = profile
    added |= completed(asked, profile, keepers)
    return added | _running_transaction(asked, profile, keepers)


def _running_transaction(asked: Asked, profile: object, keepers: Keepers) -> dict[str, Any]:
    """D4: a TxProfile names its transaction."""
    connector_id = asked.parameters.get("connector_id")
    if not lacks_transaction(profile, asked) or not isinstance(connector_id, int):
        return {}
    session = keepers.charging_profiles.running_session(asked.ref, connector_id)
    return {} if session is None else {"transaction_id": session.transaction_id}


def parameters(payload: dict[str, Any]) -> dict[str, Any]:
    """Only OCPP's own members, the profile checked. Raises InvalidInput."""
    if not isinstance(payload.get("retryLower", False), bool):
        problems = {"parameters.retry_lower": ["Must be true or false."]}
        raise InvalidInput("The parameters of SetChargingProfile are not valid.", problems=problems)
    own = {name: value for name, value in payload.items() if name not in _OURS}
    return with_profile(own, _PROFILE, Use.INSTALL)


def concerns(asked: Asked, payload: Mapping[str, Any], keepers: Keepers) -> list[str]:
    """D4, D7-D9, D18."""
    doubts = doubts_about_profile(asked, payload, _PROFILE, keepers)
    transaction_id = payload[_PROFILE].get("transactionId")
    if transaction_id is not None:
        doubts += _about_transaction(asked, transaction_id, payload["connectorId"], keepers)
    return doubts


def _about_transaction(
    asked: Asked, transaction_id: int, connector_id: int, keepers: Keepers
) -> Iterator[str]:
    session = keepers.sessions.find(asked.ref.tenant_id, session_id_of(transaction_id))
    if session is None or session.charge_point != asked.ref:
        yield f"No transaction {transaction_id} of this charge point is known."
    elif session.status is not SessionStatus.ACTIVE:
        yield f"The transaction {transaction_id} is over."
    elif session.connector_id != connector_id:
        yield f"The transaction {transaction_id} runs on connector {session.connector_id}."


def ended(command: Command, outcome: Outcome, keepers: Keepers) -> list[FollowUp]:
    """Installed, or tried again one level lower where that is wanted."""
    wire = command.payload
    if outcome.status is CommandStatus.ACCEPTED:
        installed = InstalledProfile(
            tenant_id=command.tenant_id,
            charge_point_id=command.charge_point_id,
            connector_id=wire["connectorId"],
            profile=profile_of(as_result(wire[_PROFILE])),
            installed_at=command.created_at,
            command_id=command.id,
            template=command.parameters.get("template"),
        )
        keepers.charging_profiles.note_installed(installed)
    level = wire[_PROFILE]["stackLevel"]
    if outcome.status is not CommandStatus.REJECTED or not command.parameters.get("retry_lower") or not level:
        return []
    lower = as_result(wire[_PROFILE]) | {"stack_level": min(level, _MAX_RETRIES) - 1}
    again = {"connector_id": wire["connectorId"], "cs_charging_profiles": lower, "retry_lower": True}
    return [FollowUp("lower", "set_charging_profile", again)]
