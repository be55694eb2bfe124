"""GetConfiguration (OCPP 1.6 5.8): the answer is the information, and the mirror keeps it (C13).

More keys than the charge point takes at once are asked for in turn, and so are those it left out. One that
chokes on the question for everything is asked for the standard's keys, a few at a time (G25).
"""

from collections.abc import Mapping
from typing import Any

from app.domain.command import NO_ANSWER, Command, CommandStatus, FollowUp, Outcome
from app.domain.configuration_keys import STANDARD_KEYS
from app.domain.context import ChargePointRef
from app.domain.errors import InvalidInput
from app.ocpp.outgoing import accept_any_answer, charge_point_refused
from app.services.keepers import Keepers
from app.services.ports import Asked

ACTION = "GetConfiguration"
FEATURE_PROFILE = "Core"
on_result = accept_any_answer
FEW_KEYS = 4


def complete(asked: Asked, keepers: Keepers) -> dict[str, Any]:
    """`max_keys`: how many to ask for at once; else as many as the charge point says it takes (9.1.9)."""
    keys, wanted = asked.parameters.get("key"), asked.parameters.get("max_keys")
    if wanted is not None:
        if isinstance(wanted, bool) or not isinstance(wanted, int) or wanted < 1:
            problems = {"parameters.max_keys": ["Must be a whole number above 0."]}
            raise InvalidInput("max_keys is not valid.", problems=problems)
        return {}
    limit = _limit(asked.ref, keepers)
    return {"max_keys": limit} if limit and isinstance(keys, list) and len(keys) > limit else {}


def _limit(ref: ChargePointRef, keepers: Keepers) -> int | None:
    return keepers.configuration.mirror(ref).number("GetConfigurationMaxKeys")


def parameters(payload: dict[str, Any]) -> dict[str, Any]:
    """The first of the keys, as many as go at once."""
    limit = payload.pop("maxKeys", None)
    if limit and isinstance(payload.get("key"), list):
        payload["key"] = payload["key"][:limit]
    return payload


def ended(command: Command, outcome: Outcome, keepers: Keepers) -> list[FollowUp]:
    """Keep what was told; ask for the rest."""
    asked = command.parameters.get("key") or []
    if outcome.status is CommandStatus.ACCEPTED:
        answered = _keep(command, outcome.result or {}, keepers)
        return _ask_for(_rest(command, answered), command)
    if outcome != NO_ANSWER and not charge_point_refused(outcome):
        return []
    if not asked:
        few = min(FEW_KEYS, _limit(command.charge_point, keepers) or FEW_KEYS)
        return [FollowUp("standard", ACTION, {"key": list(STANDARD_KEYS), "max_keys": few})]
    return _ask_for(_rest(command, set()), command) if outcome != NO_ANSWER else []


def _keep(command: Command, result: Mapping[str, Any], keepers: Keepers) -> set[str]:
    """Into the mirror; answers the names that the charge point said anything about, in small letters."""
    keys = [item for item in _list(result.get("configuration_key")) if isinstance(item, dict)]
    unknown = [name for name in _list(result.get("unknown_key")) if isinstance(name, str) and name]
    everything = not command.parameters.get("key")
    keepers.configuration.note_reported(command.charge_point, keys, unknown, everything=everything)
    return {str(name).casefold() for name in (*(item.get("key") for item in keys), *unknown)}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _rest(command: Command, answered: set[str]) -> list[str]:
    """What is still to be asked for: what had no room, and what was left out of an answer that had some.

    Each time it is less than before, so this comes to an end.
    """
    asked = _list(command.parameters.get("key"))
    sent = _list(command.payload.get("key"))
    left_out = [key for key in sent if key.casefold() not in answered]
    again = left_out if len(left_out) < len(sent) else []
    return again + [key for key in asked[len(sent) :] if key.casefold() not in answered]


def _ask_for(rest: list[str], command: Command) -> list[FollowUp]:
    if not rest:
        return []
    limit = command.parameters.get("max_keys")
    return [FollowUp("rest", ACTION, {"key": rest} | ({"max_keys": limit} if limit else {}))]
