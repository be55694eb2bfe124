"""Charge points' own certificates: who is let in, and what CertificateSigned becomes (E18, E24, E25)."""

from datetime import timedelta

import pytest

from app.domain.certificate import CertificateKind, CertificateState
from app.domain.command import CONNECTION_LOST, NO_ANSWER, CommandStatus, Outcome
from app.domain.context import ChargePointRef
from app.domain.errors import Conflict, NotFound
from app.services.certificates import CertificateService
from app.services.x509 import read_chain, serial_of
from tests.builders import a_command
from tests.fakes.authority import a_csr, a_root, pem
from tests.fakes.world import World
from tests.unit.services.certificates import REF, own, put_own

State = CertificateState
ACCEPTED = Outcome(CommandStatus.ACCEPTED, result={"status": "Accepted"})
REJECTED = Outcome(CommandStatus.REJECTED, error={"code": "refused", "message": "Answered Rejected."})


@pytest.fixture
def service(world: World) -> CertificateService:
    return world.services.keepers.certificates


def test_the_first_use_of_a_new_certificate_retires_the_old(
    world: World, service: CertificateService
) -> None:
    """E25."""
    put_own(world, "1a", State.IN_USE)
    put_own(world, "2b", State.ACCEPTED)
    service.note_seen(REF, "1A")  # both are good until the new one is seen
    assert own(world) == {"1a": State.IN_USE, "2b": State.ACCEPTED}
    service.note_seen(REF, "002B")
    assert own(world) == {"1a": State.RETIRED, "2b": State.IN_USE}
    assert not service.is_revoked(REF, "2b")


def test_an_older_one_that_was_never_used_is_retired_with_it(
    world: World, service: CertificateService
) -> None:
    """Whoever got it in the charge point's name, before that had a profile, shall not keep a way in."""
    put_own(world, "1a", State.ACCEPTED)
    put_own(world, "2b", State.ACCEPTED)
    put_own(world, "3c", State.ACCEPTED)
    service.note_seen(REF, "2b")
    assert own(world) == {"1a": State.RETIRED, "2b": State.IN_USE, "3c": State.ACCEPTED}


def test_a_retired_one_is_a_fallback_for_a_month_and_its_use_is_noted(
    world: World, service: CertificateService
) -> None:
    """A02.FR.10."""
    put_own(world, "1a", State.RETIRED)
    put_own(world, "2b", State.IN_USE)
    service.note_seen(REF, "1a")
    assert own(world) == {"1a": State.RETIRED, "2b": State.IN_USE}
    assert world.security_events.types() == ["RetiredCertificateUsed"]
    assert not service.is_revoked(REF, "1a")
    world.clock.advance(timedelta(days=31).total_seconds())
    assert service.is_revoked(REF, "1a")


@pytest.mark.parametrize("state", [State.SIGNED, State.SENT, State.REJECTED])
def test_one_that_is_used_is_in_use_whatever_the_answer_was(
    world: World, service: CertificateService, state: State
) -> None:
    put_own(world, "1a", state)
    service.note_seen(REF, "1a")
    assert own(world) == {"1a": State.IN_USE}


def test_one_that_was_not_signed_here_is_kept_too_and_so_can_be_revoked(
    world: World, service: CertificateService
) -> None:
    """E19: of the factory, to be replaced."""
    service.note_seen(REF, "FA")
    (made,) = service.own(REF)
    assert (made.state, made.serial_number, made.pem) == (State.IN_USE, "fa", None)
    service.revoke("acme", made.id)
    assert service.is_revoked(REF, "fa")


def test_revoked_for_good(world: World, service: CertificateService) -> None:
    put_own(world, "1a", State.IN_USE)
    assert not service.is_revoked(REF, "1a")
    (known,) = service.own(REF)
    assert service.revoke("acme", known.id).state is State.REVOKED
    assert service.is_revoked(REF, "01:A")
    service.note_seen(REF, "1a")
    assert own(world) == {"1a": State.REVOKED}


def test_another_charge_points_certificate_is_another_one(world: World, service: CertificateService) -> None:
    put_own(world, "1a", State.REVOKED)
    assert not service.is_revoked(ChargePointRef("acme", "CP-2"), "1a")
    assert not service.is_revoked(ChargePointRef("beta", "CP-1"), "1a")


def test_only_what_is_signed_can_be_revoked(world: World, service: CertificateService) -> None:
    put_own(world, None, State.REQUESTED)
    with pytest.raises(Conflict):
        service.revoke("acme", service.own(REF)[0].id)
    with pytest.raises(NotFound):
        service.revoke("acme", "cert-nothing")


# --- CertificateSigned -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (ACCEPTED, State.ACCEPTED),
        (REJECTED, State.REJECTED),
        (Outcome(CommandStatus.FAILED, error={"code": "NotImplemented", "message": ""}), State.REJECTED),
        (NO_ANSWER, State.SIGNED),
        (Outcome(CommandStatus.EXPIRED), State.SIGNED),
        (CONNECTION_LOST, State.SIGNED),
    ],
)
def test_how_it_ends(world: World, service: CertificateService, outcome: Outcome, state: State) -> None:
    """E24: without an answer it is sent again."""
    chain = world.authority.sign(a_csr(), 365, REF)
    serial = serial_of(read_chain(chain)[0])
    put_own(world, serial, State.SENT, pem=chain)
    command = a_command(action="CertificateSigned", payload={"certificateChain": chain})
    for _ in range(2):  # told twice
        service.note_signed_outcome(command, outcome)
    assert own(world) == {serial: state}


def test_a_late_yes_counts(world: World, service: CertificateService) -> None:
    chain = world.authority.sign(a_csr(), 365, REF)
    serial = serial_of(read_chain(chain)[0])
    put_own(world, serial, State.SENT)
    command = a_command(action="CertificateSigned", payload={"certificateChain": chain})
    service.note_signed_outcome(command, NO_ANSWER)
    service.note_signed_outcome(command, ACCEPTED)
    assert own(world) == {serial: State.ACCEPTED}


def test_a_chain_that_an_operator_sent_is_kept_once_it_is_accepted(
    world: World, service: CertificateService
) -> None:
    chain = world.authority.sign(a_csr(), 365, REF)
    command = a_command(action="CertificateSigned", payload={"certificateChain": chain})
    service.note_signed_outcome(command, REJECTED)
    assert own(world) == {}
    service.note_signed_outcome(command, ACCEPTED)
    (kept,) = service.own(REF)
    assert (kept.state, kept.kind) == (State.ACCEPTED, CertificateKind.CHARGE_POINT)
    assert kept.facts is not None


def test_nonsense_that_an_operator_insisted_on_changes_nothing(
    world: World, service: CertificateService
) -> None:
    service.note_signed_outcome(a_command(payload={"certificateChain": "nonsense"}), ACCEPTED)
    assert own(world) == {}


def test_doubts_about_a_chain(world: World, service: CertificateService) -> None:
    leaf = read_chain(world.authority.sign(a_csr(), 365, REF))[0]
    assert service.doubts_about(pem(leaf)) == []
    assert len(service.doubts_about(pem(leaf, a_root()))) == 1
    assert len(service.doubts_about("nonsense")) == 1
    world.clock.advance(timedelta(days=400).total_seconds())
    assert service.doubts_about(pem(leaf)) == ["The certificate is not valid at this time."]
