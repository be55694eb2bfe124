"""ChangeConfiguration (OCPP 1.6 5.3): RebootRequired is a yes that waits for a reset (C8)."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from app.domain import configuration_keys as keys
from app.domain.command import Command, CommandStatus, Outcome
from app.domain.configuration import ConfigurationMirror, words_in
from app.domain.errors import InvalidInput
from app.ocpp.outgoing import charge_point_refused, judge_by_status
from app.services.configuration import text_of
from app.services.keepers import Keepers
from app.services.keys import KEY_DIGITS
from app.services.ports import Asked

ACTION = "ChangeConfiguration"
FEATURE_PROFILE = "Core"
on_result = judge_by_status({"Accepted", "RebootRequired"})
_NUMBER = re.compile(r"-?\d{1,10}")


def changes_security(parameters: Mapping[str, Any]) -> bool:
    """Of the keys that do, in any case."""
    key = str(parameters.get("key", ""))
    return keys.is_secret(key) or key.strip().casefold() == keys.SECURITY_PROFILE


def complete(asked: Asked, keepers: Keepers) -> dict[str, Any]:
    """`known_as`: the key as the charge point itself spells it (G26)."""
    if not asked.parameters.keys().isdisjoint(("known_as", "knownAs")):
        problems = {"parameters.known_as": ["Unknown parameter."]}
        raise InvalidInput("The parameters of ChangeConfiguration are not valid.", problems=problems)
    key = asked.parameters.get("key")
    known = keepers.configuration.mirror(asked.ref).find(key) if isinstance(key, str) else None
    return {"known_as": known.key} if known and known.key != key and len(known.key) <= 50 else {}


def parameters(payload: dict[str, Any]) -> dict[str, Any]:
    """The charge point's own spelling; numbers, true and false as texts."""
    payload["key"] = payload.pop("knownAs", payload.get("key"))
    if isinstance(payload.get("value"), bool | int | float):
        payload["value"] = text_of(payload["value"])
    return {name: value for name, value in payload.items() if value is not None}


def concerns(asked: Asked, payload: Mapping[str, Any], keepers: Keepers) -> list[str]:
    """What the charge point would refuse (C9, C10). A lower security profile is refused here (E2)."""
    key, value = payload["key"], payload["value"]
    if key.casefold() == keys.SECURITY_PROFILE:
        _check_profile(value, asked.charge_point.security.profile)
    mirror = keepers.configuration.mirror(asked.ref)
    return [
        *_about_key(mirror, key),
        *_about_value(key.casefold(), value),
        *_about_length(mirror, key, value),
        *_about_security(asked, key.casefold(), value, keepers),
    ]


def _check_profile(value: str, current: int) -> None:
    """A05.FR.01, A00.FR.005: only upwards, and no forcing."""
    if not _NUMBER.fullmatch(value) or not current < int(value) <= 3:
        sentence = f"Must be from {current + 1} to 3: a security profile is only ever raised."
        if current >= 3:
            sentence = "The charge point has the highest security profile."
        raise InvalidInput("The security profile is not valid.", problems={"parameters.value": [sentence]})


def _about_key(mirror: ConfigurationMirror, key: str) -> Iterator[str]:
    known = mirror.find(key)
    if known is not None and known.readonly:
        yield f"The charge point says that {known.key} can only be read."
    if mirror.is_unknown(key):
        yield f"The charge point says that it does not know {key}."


def _about_value(key: str, value: str) -> Iterator[str]:
    if key == keys.AUTHORIZATION_KEY and not KEY_DIGITS.fullmatch(value):
        yield "An AuthorizationKey has 32 to 40 hexadecimal digits."
    if key in keys.WHOLE_NUMBERS and not _NUMBER.fullmatch(value):
        yield "This key takes a whole number."
    if key in keys.TRUE_OR_FALSE and value.casefold() not in ("true", "false"):
        yield "This key takes true or false."


def _about_length(mirror: ConfigurationMirror, key: str, value: str) -> Iterator[str]:
    """C9. Where the charge point has no `<key>MaxLength`, it promises to take one item, or what it has."""
    if key.casefold() not in keys.LISTS:
        return
    name = f"{key}MaxLength"
    silent = mirror.read_at is not None or mirror.is_unknown(name)
    has_now = max(1, len(mirror.words(key) or ()))
    longest = mirror.number(name) or (has_now if silent and mirror.find(name) is None else None)
    if longest is not None and len(words_in(value)) > longest:
        yield f"The charge point promises to take at most {longest} item(s) in {key}."


def _about_security(asked: Asked, key: str, value: str, keepers: Keepers) -> list[str]:
    if key == keys.AUTHORIZATION_KEY:
        return keepers.security.key_concerns(asked.charge_point)
    if key == keys.SECURITY_PROFILE:
        return keepers.security.profile_concerns(asked.charge_point, value)
    return []


def taken(command: Command, keepers: Keepers) -> None:
    """The charge point may use a new key or profile before we hear that it took it (E4, E6)."""
    key = command.payload["key"].casefold()
    if key == keys.AUTHORIZATION_KEY:
        keepers.security.note_key_sent(command)
    elif key == keys.SECURITY_PROFILE:
        keepers.security.note_profile_sent(command)


def ended(command: Command, outcome: Outcome, keepers: Keepers) -> None:
    """Mirror what the charge point took, and remember what it did not."""
    key, value = command.payload["key"], command.payload["value"]
    if key.casefold() == keys.AUTHORIZATION_KEY:
        keepers.security.note_key_outcome(command, outcome)
    elif key.casefold() == keys.SECURITY_PROFILE:
        keepers.security.note_profile_outcome(command, outcome)
    answer = (outcome.result or {}).get("status")
    if outcome.status is CommandStatus.ACCEPTED:
        reboot = answer == "RebootRequired"
        keepers.configuration.note_changed(command.charge_point, key, value, reboot_required=reboot)
    elif answer == "NotSupported":
        keepers.configuration.note_unknown(command.charge_point, key)
    elif charge_point_refused(outcome) or outcome.status.leaves_it_open:
        answered = not outcome.status.leaves_it_open
        keepers.configuration.note_refused(command.charge_point, key, value, answered=answered)
