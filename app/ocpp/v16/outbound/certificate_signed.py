"""CertificateSigned (white paper 5.1): the chain for a charge point's request; it may refuse it (C33)."""

from collections.abc import Mapping
from typing import Any

from app.domain.command import Command, Outcome
from app.ocpp.outgoing import ACCEPTED, SECURITY, judge_by_status
from app.services.keepers import Keepers
from app.services.ports import Asked

ACTION = "CertificateSigned"
FEATURE_PROFILE = SECURITY
on_result = judge_by_status(ACCEPTED)


def changes_security(_: Mapping[str, Any]) -> bool:
    """Always."""
    return True


def concerns(asked: Asked, payload: Mapping[str, Any], keepers: Keepers) -> list[str]:
    """What the charge point would refuse: a chain that is none, or longer than it takes (white paper 7.3)."""
    chain = payload["certificateChain"]
    limit = keepers.configuration.mirror(asked.ref).number("CertificateSignedMaxChainSize")
    found = keepers.certificates.doubts_about(chain)
    if limit is not None and len(chain) > limit:
        found.append(f"The charge point takes {limit} characters at most; the chain has {len(chain)}.")
    return found


def ended(command: Command, outcome: Outcome, keepers: Keepers) -> None:
    """The certificate is accepted, rejected, or to be sent again."""
    keepers.certificates.note_signed_outcome(command, outcome)
