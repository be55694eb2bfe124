"""DeleteCertificate (white paper 5.3): a root less to trust; one in use is kept by the charge point (C35)."""

from collections.abc import Mapping
from typing import Any

from app.domain.certificate import CertificateHash
from app.domain.command import Command, CommandStatus, Outcome
from app.ocpp.outgoing import ACCEPTED, SECURITY, judge_by_status
from app.services.keepers import Keepers
from app.services.ports import Asked

ACTION = "DeleteCertificate"
FEATURE_PROFILE = SECURITY
on_result = judge_by_status(ACCEPTED)


def changes_security(_: Mapping[str, Any]) -> bool:
    """Always."""
    return True


def concerns(asked: Asked, payload: Mapping[str, Any], keepers: Keepers) -> list[str]:
    """The last root of the central system: without one the charge point cannot check who we are (M04)."""
    if keepers.roots.is_last(asked.ref, _hash_in(payload)):
        return ["It is the last root of the central system that the charge point is known to have."]
    return []


def ended(command: Command, outcome: Outcome, keepers: Keepers) -> None:
    """NotFound is a no that makes it as sure as a yes."""
    gone = (outcome.result or {}).get("status") == "NotFound"
    if outcome.status is CommandStatus.ACCEPTED or gone:
        keepers.roots.note_deleted(command.charge_point, _hash_in(command.payload))


def _hash_in(payload: Mapping[str, Any]) -> CertificateHash:
    data = payload["certificateHashData"]
    return CertificateHash(
        data["hashAlgorithm"], data["issuerNameHash"], data["issuerKeyHash"], data["serialNumber"]
    )
