"""GetDiagnostics (OCPP 1.6 5.9): upload diagnostics; without a file name there are none (C18)."""

from collections.abc import Mapping
from typing import Any

from app.domain.command import Command, CommandStatus, Outcome
from app.domain.job import JobKind
from app.ocpp.outgoing import accept_any_answer
from app.ocpp.transfers import doubts_about_location
from app.services.keepers import Keepers
from app.services.ports import Asked

ACTION = "GetDiagnostics"
FEATURE_PROFILE = "FirmwareManagement"
on_result = accept_any_answer


def complete(asked: Asked, keepers: Keepers) -> dict[str, Any]:
    """A link of ours, if no location is given."""
    if "location" in asked.parameters:
        return {}
    return {"location": keepers.diagnostics.upload_location(asked.ref.tenant_id, asked.command_id)}


def concerns(asked: Asked, payload: Mapping[str, Any], keepers: Keepers) -> list[str]:
    """A protocol that the charge point does not list."""
    return doubts_about_location(asked, payload["location"], keepers)


def taken(command: Command, keepers: Keepers) -> None:
    """The job begins."""
    keepers.diagnostics.begin(command, JobKind.DIAGNOSTICS, location=command.payload["location"])


def ended(command: Command, outcome: Outcome, keepers: Keepers) -> None:
    """It goes on with a file's name, ends without one, or never began."""
    taken(command, keepers)
    keepers.diagnostics.settle(command, outcome)
    if outcome.status is CommandStatus.ACCEPTED:
        file_name = (outcome.result or {}).get("file_name")
        keepers.diagnostics.note_file_name(command, file_name, may_be_none=True)
