"""SendLocalList (OCPP 1.6 5.15): a list in full, or what changes in it (C21-C25)."""

from collections.abc import Mapping
from typing import Any

from app.domain.command import Command, CommandStatus, FollowUp, Outcome
from app.ocpp.local_list import check, follow_ups, note_trouble, update_of
from app.ocpp.outgoing import ACCEPTED, judge_by_status
from app.services.keepers import Keepers
from app.services.ports import Asked

ACTION = "SendLocalList"
FEATURE_PROFILE = "LocalAuthListManagement"
on_result = judge_by_status(ACCEPTED)
_SEND_IN_FULL = frozenset({"Failed", "VersionMismatch"})


def complete(asked: Asked, keepers: Keepers) -> dict[str, Any]:
    """The next version, where none is given."""
    if "list_version" in asked.parameters:
        return {}
    return {"list_version": keepers.local_lists.get(asked.ref).next_version}


def parameters(payload: dict[str, Any]) -> dict[str, Any]:
    """As they are, if a charge point may get them. Raises InvalidInput."""
    check(payload)
    return payload


def concerns(asked: Asked, payload: Mapping[str, Any], keepers: Keepers) -> list[str]:
    """Too long, not enabled, not above the version that the charge point has."""
    return keepers.local_lists.doubts(asked.ref, update_of(payload))


def taken(command: Command, keepers: Keepers) -> None:
    """It is on its way."""
    keepers.local_lists.note_taken(command)


def ended(command: Command, outcome: Outcome, keepers: Keepers) -> list[FollowUp]:
    """Keep what the list is now; go on with the next part, or with the whole list (C24)."""
    lists, update = keepers.local_lists, update_of(command.payload)
    if outcome.status is CommandStatus.ACCEPTED:
        return follow_ups("next", lists.note_accepted(command, update))
    status = str((outcome.result or {}).get("status"))
    if status in _SEND_IN_FULL:
        return follow_ups("full", lists.note_refused(command, update, status))
    if outcome.status is CommandStatus.REJECTED:
        lists.note_failed(command, status, update, unsupported=status == "NotSupported")
    else:
        note_trouble(command, outcome, keepers, update)
    return []
