"""SignedUpdateFirmware (security white paper 5, L01): firmware that can be verified (C37, E29)."""

from collections.abc import Mapping
from typing import Any

from app.domain.command import Command, Outcome
from app.domain.job import FIRMWARE_KINDS, JobKind
from app.ocpp.outgoing import SECURITY, judge_by_status
from app.ocpp.transfers import doubts_about_location, firmware_version_of, gathered, given, request_id_of
from app.services.keepers import Keepers
from app.services.ports import Asked

ACTION = "SignedUpdateFirmware"
FEATURE_PROFILE = SECURITY
on_result = judge_by_status({"Accepted", "AcceptedCanceled"})
_INSIDE = "firmware"
_MEMBERS = ("location", "retrieveDateTime", "installDateTime", "signingCertificate", "signature")


def complete(asked: Asked, keepers: Keepers) -> dict[str, Any]:
    """A request id, a link to the firmware file that is named, and at once if no date is given.

    What stands in `firmware` on the wire may be given there or at the top.
    """
    added: dict[str, Any] = {}
    if "request_id" not in asked.parameters:
        added["request_id"] = request_id_of(asked.command_id)
    file_id = asked.parameters.get("firmware_file_id")
    if file_id is not None and given(asked.parameters, _INSIDE, "location") is None:
        added["location"] = keepers.firmware.location_of(asked.ref.tenant_id, file_id)
    if given(asked.parameters, _INSIDE, "retrieve_date_time") is None:
        added["retrieve_date_time"] = keepers.firmware.now()
    return added


def parameters(payload: dict[str, Any]) -> dict[str, Any]:
    """Everything in its place; the file's id is ours."""
    wire = gathered(payload, _INSIDE, _MEMBERS)
    wire.pop("firmwareFileId", None)
    return wire


def concerns(asked: Asked, payload: Mapping[str, Any], keepers: Keepers) -> list[str]:
    """A protocol that the charge point does not list; a certificate or signature that it will not like."""
    firmware = payload[_INSIDE]
    return [
        *doubts_about_location(asked, firmware["location"], keepers),
        *keepers.firmware.doubts_about_signature(
            asked.ref.tenant_id,
            firmware["signingCertificate"],
            firmware["signature"],
            asked.parameters.get("firmware_file_id"),
        ),
    ]


def taken(command: Command, keepers: Keepers) -> None:
    """The job begins."""
    firmware = command.payload[_INSIDE]
    keepers.firmware.begin(
        command,
        JobKind.SIGNED_FIRMWARE,
        location=firmware["location"],
        request_id=command.payload["requestId"],
        not_before=firmware.get("installDateTime", firmware["retrieveDateTime"]),
        firmware_version=firmware_version_of(command, keepers),
    )


def ended(command: Command, outcome: Outcome, keepers: Keepers) -> None:
    """It goes on, or never began: also for a bad certificate. AcceptedCanceled ends what ran before."""
    taken(command, keepers)
    keepers.firmware.settle(command, outcome, cancels=FIRMWARE_KINDS)
