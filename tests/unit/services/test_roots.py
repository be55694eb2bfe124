"""Roots that a charge point trusts: sent, reported, deleted (C34, C35)."""

from typing import Any

import pytest

from app.domain.certificate import CertificateHash, CertificateKind, CertificateState
from app.domain.command import NO_ANSWER, Command, CommandStatus, Outcome
from app.domain.errors import Conflict, NotFound
from app.services.roots import RootService
from app.services.x509 import hash_data_of
from tests.builders import a_command
from tests.fakes.authority import a_root, pem
from tests.fakes.world import World
from tests.unit.services.certificates import REF

CSMS = CertificateKind.CENTRAL_SYSTEM_ROOT
ACCEPTED = Outcome(CommandStatus.ACCEPTED, result={"status": "Accepted"})
FAILED = Outcome(CommandStatus.REJECTED, error={"code": "refused", "message": "Answered Failed."})
ROOT, OTHER = a_root("One", serial=0x0A1), a_root("Two", serial=0x0B2)


@pytest.fixture
def roots(world: World) -> RootService:
    return world.services.keepers.roots


def install(certificate: Any = ROOT, command_id: str = "cmd-1", kind: str = "CentralSystem") -> Command:
    text = certificate if isinstance(certificate, str) else pem(certificate)
    payload = {"certificateType": f"{kind}RootCertificate", "certificate": text}
    return a_command(command_id, action="InstallCertificate", payload=payload)


def states(world: World) -> list[CertificateState]:
    return [root.state for kind in CertificateKind for root in world.certificates.of_charge_point(REF, kind)]


def test_a_root_is_sent_then_installed(world: World, roots: RootService) -> None:
    roots.note_install_sent(install())
    assert states(world) == [CertificateState.SENT]
    assert roots.installed(REF, CSMS) == []
    for _ in range(2):  # told twice
        roots.note_install_outcome(install(), ACCEPTED)
    (root,) = roots.installed(REF, CSMS)
    assert (root.serial_number, root.pem, root.command_id) == ("a1", pem(ROOT), "cmd-1")
    assert root.hash_data == hash_data_of(ROOT, "SHA256", ROOT)
    assert roots.of_command(install()) == root


def test_a_root_that_is_refused_or_of_which_nothing_is_heard(world: World, roots: RootService) -> None:
    roots.note_install_sent(install())
    roots.note_install_outcome(install(), NO_ANSWER)
    assert states(world) == [CertificateState.SENT]
    roots.note_install_outcome(install(), FAILED)
    assert states(world) == [CertificateState.REJECTED]
    roots.note_install_sent(install(command_id="cmd-2"))
    assert states(world) == [CertificateState.SENT]


def test_an_installed_root_stays_so_if_it_is_refused_the_second_time(
    world: World, roots: RootService
) -> None:
    roots.note_install_outcome(install(), ACCEPTED)
    roots.note_install_sent(install(command_id="cmd-2"))
    roots.note_install_outcome(install(command_id="cmd-2"), FAILED)
    assert states(world) == [CertificateState.INSTALLED]


def test_nonsense_that_an_operator_insisted_on_has_its_record_too(world: World, roots: RootService) -> None:
    """O TC_075: an invalid certificate, and the charge point's no."""
    roots.note_install_sent(install("nonsense"))
    roots.note_install_outcome(install("nonsense"), FAILED)
    assert states(world) == [CertificateState.REJECTED]


@pytest.mark.parametrize("algorithm", ["SHA256", "SHA384", "SHA512"])
def test_what_the_charge_point_reports_is_what_it_has(
    world: World, roots: RootService, algorithm: str
) -> None:
    """And by the names that it uses, whatever algorithm that takes."""
    roots.note_install_outcome(install(ROOT), ACCEPTED)
    roots.note_install_outcome(install(OTHER), ACCEPTED)
    reported = hash_data_of(ROOT, algorithm, ROOT)
    roots.note_reported(REF, CSMS, [reported])
    (root,) = roots.installed(REF, CSMS)
    assert (root.pem, root.hash_data) == (pem(ROOT), reported)
    assert sorted(states(world)) == [CertificateState.DELETED, CertificateState.INSTALLED]


def test_a_root_of_unknown_origin_is_kept_by_its_hashes(world: World, roots: RootService) -> None:
    reported = CertificateHash("SHA256", "AA", "BB", "00C")
    for _ in range(2):
        roots.note_reported(REF, CSMS, [reported])
    (root,) = roots.installed(REF, CSMS)
    assert (root.pem, root.hash_data, root.serial_number) == (None, reported, "c")
    roots.note_reported(REF, CSMS, [])
    assert roots.installed(REF, CSMS) == []


def test_installing_what_was_reported_before_gives_it_its_pem(world: World, roots: RootService) -> None:
    roots.note_reported(REF, CSMS, [hash_data_of(ROOT, "SHA512", ROOT)])
    roots.note_install_sent(install())
    roots.note_install_outcome(install(), ACCEPTED)
    (root,) = roots.installed(REF, CSMS)
    assert root.pem == pem(ROOT)
    assert root.hash_data == hash_data_of(ROOT, "SHA512", ROOT)


def test_reports_of_one_type_leave_the_other_alone(world: World, roots: RootService) -> None:
    roots.note_install_outcome(install(ROOT, kind="Manufacturer"), ACCEPTED)
    roots.note_reported(REF, CSMS, [])
    assert len(roots.installed(REF, CertificateKind.MANUFACTURER_ROOT)) == 1


def test_deleted(world: World, roots: RootService) -> None:
    roots.note_install_outcome(install(ROOT), ACCEPTED)
    roots.note_install_outcome(install(OTHER), ACCEPTED)
    for _ in range(2):
        roots.note_deleted(REF, hash_data_of(ROOT, "SHA384", ROOT))
    assert [root.serial_number for root in roots.installed(REF, CSMS)] == ["b2"]


def test_a_root_is_named_by_id_serial_fingerprint_or_key_hash(world: World, roots: RootService) -> None:
    roots.note_install_outcome(install(), ACCEPTED)
    (root,) = roots.installed(REF, CSMS)
    assert root.facts is not None
    assert root.hash_data is not None
    for name in (root.id, "00A1", root.facts.fingerprint.upper(), root.hash_data.issuer_key_hash):
        assert roots.get(REF, name) == root
    with pytest.raises(NotFound):
        roots.get(REF, "b2")


def test_an_ambiguous_name_is_refused(world: World, roots: RootService) -> None:
    roots.note_install_outcome(install(ROOT), ACCEPTED)
    roots.note_install_outcome(install(a_root("Three", serial=0xA1)), ACCEPTED)
    with pytest.raises(Conflict, match="Several"):
        roots.get(REF, "a1")


def test_the_last_root_of_the_central_system_is_known_as_such(world: World, roots: RootService) -> None:
    """W M04: double-check before deleting it."""
    described = hash_data_of(ROOT, "SHA256", ROOT)
    roots.note_install_outcome(install(ROOT), ACCEPTED)
    assert roots.is_last(REF, described)
    roots.note_install_outcome(install(OTHER), ACCEPTED)
    assert not roots.is_last(REF, described)


def test_doubts_about_a_root(world: World, roots: RootService) -> None:
    assert roots.doubts_about(pem(ROOT)) == []
    assert roots.doubts_about("nonsense") == ["This is no certificate in PEM."]
    assert len(roots.doubts_about(pem(ROOT, OTHER))) == 1
    assert len(roots.doubts_about(pem(a_root(ca=False)))) == 1
    assert len(roots.doubts_about(pem(a_root(days=1)))) == 1
