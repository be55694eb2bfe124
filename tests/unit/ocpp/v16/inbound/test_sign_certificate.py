"""SignCertificate: the answer comes at once, the CA's certificate later (B55, E22-E24)."""

import pytest

from app.domain.certificate import CertificateState
from tests.fakes.authority import a_csr
from tests.unit.ocpp.conftest import Station


def states(station: Station) -> list[CertificateState]:
    own = station.world.services.keepers.certificates.own(station.ref)
    return [one.state for one in own]


def test_a_good_request_is_accepted_and_waits_for_the_ca(station: Station) -> None:
    station.world.authority.failure = "away"  # E23: nobody asks it now
    assert station.ask("SignCertificate", {"csr": a_csr()}) == {"status": "Accepted"}
    assert states(station) == [CertificateState.REQUESTED]
    assert station.world.link.delivered == []


@pytest.mark.parametrize("csr", ["nonsense", "", a_csr("CP-2"), "x" * 6000])
def test_a_bad_request_is_rejected(station: Station, csr: str) -> None:
    assert station.ask("SignCertificate", {"csr": csr}) == {"status": "Rejected"}
    assert states(station) == []
    assert len(station.events("security_event")) == 1


def test_the_operators_name_is_that_of_the_tenant(station: Station) -> None:
    station.configure(cpo_name="CPO Inc")
    assert station.ask("SignCertificate", {"csr": a_csr()}) == {"status": "Rejected"}
    assert station.ask("SignCertificate", {"csr": a_csr("CP-1", "CPO Inc")}) == {"status": "Accepted"}


def test_a_request_without_csr_is_no_request(station: Station) -> None:
    assert station.refusal("SignCertificate", {}) == "ProtocolError"
