"""GetInstalledCertificateIds (white paper 5.7): which roots the charge point has; NotFound: none (C35)."""

from app.domain.certificate import WIRE_TYPES, CertificateHash
from app.domain.command import Command, CommandStatus, Outcome
from app.ocpp.outgoing import SECURITY, judge_by_status
from app.services.keepers import Keepers

ACTION = "GetInstalledCertificateIds"
FEATURE_PROFILE = SECURITY
on_result = judge_by_status({"Accepted", "NotFound"})
_FIELDS = ("hash_algorithm", "issuer_name_hash", "issuer_key_hash", "serial_number")


def ended(command: Command, outcome: Outcome, keepers: Keepers) -> None:
    """The answer is all there is of this type; what charge points leave out of an entry, it is not kept."""
    kind = WIRE_TYPES.get(command.payload["certificateType"])
    if kind is None or outcome.status is not CommandStatus.ACCEPTED:
        return
    entries = (outcome.result or {}).get("certificate_hash_data")
    listed = entries if isinstance(entries, list) else []
    hashes = [
        CertificateHash(*(str(entry[name])[:128] for name in _FIELDS))
        for entry in listed
        if isinstance(entry, dict) and all(entry.get(name) for name in _FIELDS)
    ]
    keepers.roots.note_reported(command.charge_point, kind, hashes)
