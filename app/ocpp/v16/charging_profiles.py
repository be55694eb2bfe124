"""Charging profiles on their way out, for the actions that carry one (5.11, 5.16)."""

from collections.abc import Mapping
from typing import Any

from app.domain.charging_profile import Purpose, as_fields, profile_of
from app.domain.charging_profile_check import MISSING, Use, problems_of
from app.domain.errors import InvalidInput
from app.ocpp.outgoing import as_result, as_wire, snake_case
from app.services.keepers import Keepers
from app.services.ports import Asked

_FROM_BESIDE = ("chargingProfileId", "transactionId")


def completed(asked: Asked, profile: object, keepers: Keepers) -> dict[str, Any]:
    """The id that the caller left out. It stands beside the profile, which stays as it was given: a request
    that is repeated must look the same."""
    if not isinstance(profile, Mapping) or "charging_profile_id" in {**profile, **asked.parameters}:
        return {}
    return {"charging_profile_id": keepers.charging_profiles.new_charging_profile_id(asked.ref)}


def with_profile(payload: Mapping[str, Any], member: str, use: Use) -> dict[str, Any]:
    """`payload` with its profile complete, exact to one digit, and with times in UTC.

    Raises InvalidInput that names every problem. Without a profile nothing happens: the schema says whether
    there must be one.
    """
    beside = {name: payload[name] for name in _FROM_BESIDE if name in payload}
    rest = {name: value for name, value in payload.items() if name not in beside}
    given = payload.get(member)
    if not isinstance(given, Mapping):
        return rest
    connector_id = payload.get("connectorId")
    fields = as_result({**beside, **given})
    found = problems_of(fields, use, connector_id)
    path = f"parameters.{snake_case(member)}"
    problems = {f"{path}.{inner}": sentences for inner, sentences in found.items()}
    if use is Use.INSTALL and connector_id is None:
        problems["parameters.connector_id"] = [MISSING]
    if problems:
        raise InvalidInput("The charging profile is not valid.", problems=problems)
    return rest | {member: as_wire(as_fields(profile_of(fields)))}


def doubts_about_profile(
    asked: Asked, payload: Mapping[str, Any], member: str, keepers: Keepers
) -> list[str]:
    """What the charge point is known not to take (D7-D9, D18); nothing without a profile."""
    if member not in payload:
        return []
    profile = profile_of(as_result(payload[member]))
    return keepers.charging_profiles.doubts(asked.ref, payload.get("connectorId", 0), profile)


def lacks_transaction(profile: object, asked: Asked) -> bool:
    """Whether it is a TxProfile without its transaction, as far as one can tell before it is checked."""
    return (
        isinstance(profile, Mapping)
        and profile.get("charging_profile_purpose") == Purpose.TX
        and "transaction_id" not in {**profile, **asked.parameters}
    )
