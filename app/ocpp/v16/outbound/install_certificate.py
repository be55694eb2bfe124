"""InstallCertificate (white paper 5.11): a root for the charge point to trust (C34)."""

from collections.abc import Mapping
from typing import Any

from app.domain.certificate import ROOT_KINDS
from app.domain.command import Command, Outcome
from app.ocpp.outgoing import ACCEPTED, SECURITY, judge_by_status
from app.services.keepers import Keepers
from app.services.ports import Asked

ACTION = "InstallCertificate"
FEATURE_PROFILE = SECURITY
on_result = judge_by_status(ACCEPTED)


def changes_security(_: Mapping[str, Any]) -> bool:
    """Always."""
    return True


def concerns(asked: Asked, payload: Mapping[str, Any], keepers: Keepers) -> list[str]:
    """What the charge point would refuse: no good root (Rejected), or no place for one (white paper 7.4)."""
    found = keepers.roots.doubts_about(payload["certificate"])
    places = keepers.configuration.mirror(asked.ref).number("CertificateStoreMaxLength")
    installed = [root for kind in ROOT_KINDS for root in keepers.roots.installed(asked.ref, kind)]
    if places is not None and len(installed) >= places:
        found.append(f"The charge point has {len(installed)} roots and place for {places}.")
    return found


def taken(command: Command, keepers: Keepers) -> None:
    """A root on its way."""
    keepers.roots.note_install_sent(command)


def ended(command: Command, outcome: Outcome, keepers: Keepers) -> None:
    """Installed, or not."""
    keepers.roots.note_install_outcome(command, outcome)
