"""UpdateFirmware (OCPP 1.6 5.19): the answer says nothing; notifications and a boot do (C19)."""

from collections.abc import Mapping
from typing import Any

from app.domain.command import Command, Outcome
from app.domain.job import JobKind
from app.ocpp.outgoing import accept_any_answer
from app.ocpp.transfers import doubts_about_location, firmware_version_of
from app.services.keepers import Keepers
from app.services.ports import Asked

ACTION = "UpdateFirmware"
FEATURE_PROFILE = "FirmwareManagement"
on_result = accept_any_answer
_ONLY_SIGNED = "NotSupported"  # L01.FR.20
_ADVICE = "The charge point takes signed firmware only: use SignedUpdateFirmware."


def complete(asked: Asked, keepers: Keepers) -> dict[str, Any]:
    """A link to the firmware file that is named; at once, if no date is given."""
    added: dict[str, Any] = {}
    file_id = asked.parameters.get("firmware_file_id")
    if file_id is not None and "location" not in asked.parameters:
        added["location"] = keepers.firmware.location_of(asked.ref.tenant_id, file_id)
    if "retrieve_date" not in asked.parameters:
        added["retrieve_date"] = keepers.firmware.now()
    return added


def parameters(payload: dict[str, Any]) -> dict[str, Any]:
    """The file's id is ours."""
    return {name: value for name, value in payload.items() if name != "firmwareFileId"}


def concerns(asked: Asked, payload: Mapping[str, Any], keepers: Keepers) -> list[str]:
    """A protocol that the charge point does not list."""
    return doubts_about_location(asked, payload["location"], keepers)


def taken(command: Command, keepers: Keepers) -> None:
    """The job begins."""
    keepers.firmware.begin(
        command,
        JobKind.FIRMWARE,
        location=command.payload["location"],
        not_before=command.payload["retrieveDate"],
        firmware_version=firmware_version_of(command, keepers),
    )


def ended(command: Command, outcome: Outcome, keepers: Keepers) -> None:
    """It goes on, or it never began."""
    taken(command, keepers)
    only_signed = (outcome.error or {}).get("code") == _ONLY_SIGNED
    keepers.firmware.settle(command, outcome, advice=_ADVICE if only_signed else None)
