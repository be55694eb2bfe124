"""GetLog (security white paper 5, N01): upload the diagnostics log or the security log (C36)."""

from collections.abc import Mapping
from typing import Any

from app.domain.command import Command, CommandStatus, Outcome
from app.domain.job import LOG_KINDS, JobKind
from app.ocpp.outgoing import SECURITY, judge_by_status
from app.ocpp.transfers import doubts_about_location, gathered, given, request_id_of
from app.services.keepers import Keepers
from app.services.ports import Asked

ACTION = "GetLog"
FEATURE_PROFILE = SECURITY
on_result = judge_by_status({"Accepted", "AcceptedCanceled"})
_INSIDE = "log"
_MEMBERS = ("remoteLocation", "oldestTimestamp", "latestTimestamp")
_KINDS = {"DiagnosticsLog": JobKind.DIAGNOSTICS_LOG, "SecurityLog": JobKind.SECURITY_LOG}


def complete(asked: Asked, keepers: Keepers) -> dict[str, Any]:
    """A request id, and a link of ours if no location is given.

    What stands in `log` on the wire may be given there or at the top.
    """
    added: dict[str, Any] = {}
    if "request_id" not in asked.parameters:
        added["request_id"] = request_id_of(asked.command_id)
    if given(asked.parameters, _INSIDE, "remote_location") is None:
        location = keepers.diagnostics.upload_location(asked.ref.tenant_id, asked.command_id)
        added["remote_location"] = location
    return added


def parameters(payload: dict[str, Any]) -> dict[str, Any]:
    """Everything in its place."""
    return gathered(payload, _INSIDE, _MEMBERS)


def concerns(asked: Asked, payload: Mapping[str, Any], keepers: Keepers) -> list[str]:
    """A protocol that the charge point does not list."""
    return doubts_about_location(asked, payload[_INSIDE]["remoteLocation"], keepers)


def taken(command: Command, keepers: Keepers) -> None:
    """The job begins."""
    keepers.diagnostics.begin(
        command,
        _KINDS[command.payload["logType"]],
        location=command.payload[_INSIDE]["remoteLocation"],
        request_id=command.payload["requestId"],
    )


def ended(command: Command, outcome: Outcome, keepers: Keepers) -> None:
    """It goes on, or never began. AcceptedCanceled ends the upload that ran before."""
    taken(command, keepers)
    keepers.diagnostics.settle(command, outcome, cancels=LOG_KINDS)
    if outcome.status is CommandStatus.ACCEPTED:
        file_name = (outcome.result or {}).get("filename")
        keepers.diagnostics.note_file_name(command, file_name, may_be_none=False)
