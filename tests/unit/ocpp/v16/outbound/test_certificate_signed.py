"""CertificateSigned: the chain goes out, and what becomes of it is kept (C33)."""

from datetime import timedelta
from typing import Any

import pytest

from app.domain.certificate import CertificateState
from tests.fakes.authority import a_csr, a_root, pem
from tests.unit.ocpp.conftest import Station
from tests.unit.ocpp.v16.outbound.kinds import allowed_while_pending, outcome, payload, wrong
from tests.unit.ocpp.v16.outbound.submitting import answer, doubts, refuse, submit


def chain(station: Station) -> str:
    station.world.authority.with_root = False
    return station.world.authority.sign(a_csr(), 365, station.ref)


def states(station: Station) -> list[CertificateState]:
    return [one.state for one in station.world.services.keepers.certificates.own(station.ref)]


@pytest.mark.parametrize("command_type", ["certificate_signed", "CertificateSigned"])
def test_it_goes_by_every_name(command_type: str) -> None:
    assert payload(command_type, {"certificate_chain": "pem"}) == {"certificateChain": "pem"}


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({}, {"parameters.certificate_chain"}),
        ({"certificate_chain": "x" * 10_001}, {"parameters.certificate_chain"}),
        ({"certificate_chain": "x", "other": 1}, {"parameters.other"}),
    ],
)
def test_wrong_missing_and_unknown_parameters_are_named(parameters: dict[str, Any], named: set[str]) -> None:
    assert wrong("certificate_signed", parameters) == named


def test_yes_and_no() -> None:
    assert outcome("certificate_signed", status="Accepted") == "accepted"
    assert outcome("certificate_signed", status="Rejected") == "rejected"
    assert outcome("certificate_signed") == "rejected"


def test_it_may_be_sent_while_the_registration_is_pending() -> None:
    """E19: before other traffic."""
    assert allowed_while_pending("certificate_signed")


def test_a_good_chain_raises_no_doubts(station: Station) -> None:
    assert submit(station, "CertificateSigned", {"certificate_chain": chain(station)}).warnings == ()


def test_what_the_charge_point_would_refuse_takes_force(station: Station) -> None:
    """The certification sends invalid certificates on purpose."""
    good = chain(station)
    assert len(doubts(station, "CertificateSigned", {"certificate_chain": "nonsense"})) == 1
    assert len(doubts(station, "CertificateSigned", {"certificate_chain": good + pem(a_root())})) == 1
    station.world.clock.advance(timedelta(days=400).total_seconds())
    assert len(doubts(station, "CertificateSigned", {"certificate_chain": good})) == 1
    forced = submit(station, "CertificateSigned", {"certificate_chain": "nonsense"}, force=True)
    assert forced.payload == {"certificateChain": "nonsense"}
    answer(station, forced, status="Rejected")
    assert states(station) == []


def test_a_chain_longer_than_the_charge_point_takes(station: Station) -> None:
    keys = [{"key": "CertificateSignedMaxChainSize", "value": "200", "readonly": True}]
    station.world.services.keepers.configuration.note_reported(station.ref, keys, [])
    (doubt,) = doubts(station, "CertificateSigned", {"certificate_chain": chain(station)})
    assert "200" in doubt


def test_what_an_operator_sent_himself_is_kept_when_it_is_accepted(station: Station) -> None:
    sent = submit(station, "CertificateSigned", {"certificate_chain": chain(station)})
    refuse(station, sent, "NotImplemented")
    assert states(station) == []
    sent = submit(station, "CertificateSigned", {"certificate_chain": chain(station)})
    answer(station, sent, status="Accepted")
    assert states(station) == [CertificateState.ACCEPTED]
