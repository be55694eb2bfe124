"""GetLocalListVersion (OCPP 1.6 5.10): 0 is an empty list, -1 no list at all; each update begins so (C20)."""

import re

from app.domain.command import Command, FollowUp, Outcome
from app.ocpp.local_list import follow_ups, note_trouble
from app.ocpp.outgoing import accept_any_answer
from app.services.keepers import Keepers

ACTION = "GetLocalListVersion"
FEATURE_PROFILE = "LocalAuthListManagement"
on_result = accept_any_answer
_WHOLE = re.compile(r"-?[0-9]{1,9}")


def taken(command: Command, keepers: Keepers) -> None:
    """It is on its way."""
    keepers.local_lists.note_taken(command)


def ended(command: Command, outcome: Outcome, keepers: Keepers) -> list[FollowUp]:
    """Keep the version, and send the first part of a list that waited for it."""
    version = _number((outcome.result or {}).get("list_version"))
    if version is not None:
        return follow_ups("send", keepers.local_lists.note_version(command, version))
    note_trouble(command, outcome, keepers, None)
    return []


def _number(told: object) -> int | None:
    """A whole number, also one that comes as text (G11)."""
    text = told if isinstance(told, str) else repr(told)
    return int(text) if _WHOLE.fullmatch(text.strip()) else None
