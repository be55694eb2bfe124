"""From SignCertificate to CertificateSigned (E22-E24, B55)."""

from datetime import timedelta

import pytest

from app.domain.certificate import CertificateKind, CertificateState
from app.domain.command import CommandStatus
from app.domain.context import ChargePointRef
from app.domain.errors import Conflict, NotFound
from app.domain.tenant import Tenant
from app.ocpp.catalog import load_catalog
from app.services.signing import MAX_ATTEMPTS, SigningService
from app.services.x509 import facts_of, read_chain, serial_of
from tests.builders import a_call
from tests.fakes.authority import a_csr, ec_key
from tests.fakes.world import World, fake_world
from tests.unit.services.certificates import REF

State = CertificateState


@pytest.fixture
def world() -> World:
    world = fake_world(load_catalog())
    world.services.tenants.create("acme", "Acme", ["ACME-"])
    world.services.tenants.directory.refresh()
    world.add_charge_point("acme", "CP-1")
    world.link.gateways.add("gw-1")
    return world


@pytest.fixture
def tenant(world: World) -> Tenant:
    return world.services.tenants.get("acme")


def ask(world: World, tenant: Tenant, csr: str | None = None, sequence: int = 1) -> bool:
    return world.services.signing.request(tenant, a_call(REF, sequence), a_csr() if csr is None else csr)


def connect(world: World) -> None:
    world.services.charge_points.open_connection(REF, "gw-1", "c-1")


def states(world: World) -> list[CertificateState]:
    """Newest first."""
    return [one.state for one in world.certificates.of_charge_point(REF, CertificateKind.CHARGE_POINT)]


def sent_chain(world: World) -> str:
    *_, (_, delivery) = world.link.delivered
    assert delivery.action == "CertificateSigned"
    return str(delivery.payload["certificateChain"])


def end(world: World, status: CommandStatus) -> None:
    """Of the command sent last, by the charge point's answer."""
    *_, (_, delivery) = world.link.delivered
    if status is CommandStatus.TIMED_OUT:
        world.services.commands.mark_sent(REF, delivery.command_id, world.clock.now())
        world.clock.advance(60)
        world.services.commands.sweep("acme")
    else:
        answer = "Accepted" if status is CommandStatus.ACCEPTED else "Rejected"
        world.services.commands.complete(REF, delivery.command_id, {"status": answer})


def test_a_request_is_answered_signed_sent_and_accepted(world: World, tenant: Tenant) -> None:
    connect(world)
    assert ask(world, tenant)
    assert states(world) == [State.REQUESTED]
    assert world.link.delivered == []  # E23: the answer first, then the CA
    assert world.services.signing.sweep(tenant) == 2
    assert states(world) == [State.SENT]
    (leaf,) = read_chain(sent_chain(world))  # C33: no root, though the CA gave one
    end(world, CommandStatus.ACCEPTED)
    (certificate,) = world.services.keepers.certificates.own(REF)
    assert certificate.state is State.ACCEPTED
    assert (certificate.serial_number, certificate.facts) == (serial_of(leaf), facts_of(leaf))
    assert certificate.facts is not None
    validity = certificate.facts.valid_to - certificate.facts.valid_from
    assert validity == timedelta(days=tenant.configuration.certificate_days)
    assert world.services.signing.sweep(tenant) == 0


def test_a_name_that_is_claimed_as_a_serial_number_lets_nobody_in_as_its_owner(
    world: World, tenant: Tenant
) -> None:
    """E17: CP-1 boots with the serial number "CP-2", and asks for a certificate of that name."""
    world.charge_points.change(REF, {"inventory": {"charge_point_serial_number": "CP-2"}})
    assert ask(world, tenant, a_csr("CP-2"))
    world.services.signing.sweep(tenant)
    (certificate,) = world.services.keepers.certificates.own(REF)
    assert certificate.facts is not None
    service, fingerprint = world.services.keepers.certificates, certificate.facts.fingerprint
    assert service.is_others(ChargePointRef("acme", "CP-2"), fingerprint)
    assert service.is_others(ChargePointRef("beta", "CP-1"), fingerprint)
    assert not service.is_others(REF, fingerprint)


def test_the_charge_point_refuses_its_certificate(world: World, tenant: Tenant) -> None:
    """A02.FR.07."""
    connect(world)
    ask(world, tenant)
    world.services.signing.sweep(tenant)
    end(world, CommandStatus.REJECTED)
    assert states(world) == [State.REJECTED]
    assert world.services.signing.sweep(tenant) == 0


def test_the_same_call_twice_is_one_request(world: World, tenant: Tenant) -> None:
    assert ask(world, tenant)
    assert ask(world, tenant)
    assert states(world) == [State.REQUESTED]


def test_the_same_request_in_another_call_is_another_one(world: World, tenant: Tenant) -> None:
    """A charge point may renew with the key that it has."""
    connect(world)
    ask(world, tenant)
    world.services.signing.sweep(tenant)
    end(world, CommandStatus.ACCEPTED)
    world.clock.advance(1)
    ask(world, tenant, sequence=2)
    assert states(world) == [State.REQUESTED, State.ACCEPTED]


def test_one_request_is_open_for_each_charge_point_and_the_newer_one_counts(
    world: World, tenant: Tenant
) -> None:
    """E24."""
    ask(world, tenant)
    world.clock.advance(1)
    ask(world, tenant, a_csr(key=ec_key("new")), sequence=2)
    assert states(world) == [State.REQUESTED, State.REPLACED]
    ask(world, tenant)  # a late copy of the first call
    assert states(world) == [State.REQUESTED, State.REPLACED]


@pytest.mark.parametrize("csr", [a_csr("CP-2"), "nonsense", ""])
def test_a_bad_request_is_rejected_and_the_operator_told(world: World, tenant: Tenant, csr: str) -> None:
    assert not ask(world, tenant, csr)
    assert states(world) == []
    (told,) = world.outbox.events("acme")
    assert told.body["data"]["type"] == "CertificateRequestRejected"


def test_the_name_of_the_operator_is_demanded_where_it_is_set(world: World) -> None:
    tenant = world.services.tenants.configure("acme", {"cpo_name": "CPO Inc"})
    assert not ask(world, tenant, a_csr(organisation="Other"))
    assert ask(world, tenant, a_csr(organisation="CPO Inc"))


@pytest.mark.parametrize("key", ["charge_point_serial_number", "charge_box_serial_number"])
def test_the_serial_number_of_the_last_boot_may_stand_for_the_identity(
    world: World, tenant: Tenant, key: str
) -> None:
    """E17."""
    assert not ask(world, tenant, a_csr("SN-1"))
    world.charge_points.change(REF, {"inventory": {key: "SN-1"}})
    assert ask(world, tenant, a_csr("SN-1"))


def test_without_a_ca_every_request_is_rejected_and_the_operator_told(world: World, tenant: Tenant) -> None:
    services = world.services
    alone = SigningService(
        world.certificates,
        world.charge_points,
        services.commands,
        services.keepers.security_events,
        None,
        world.clock,
    )
    assert not alone.request(tenant, a_call(REF), a_csr())
    (told,) = world.outbox.events("acme")
    assert "CA" in told.body["data"]["tech_info"]
    with pytest.raises(NotFound):
        alone.root()


def test_what_the_ca_will_not_sign_is_for_the_operator_who_tries_again(world: World, tenant: Tenant) -> None:
    """E23."""
    connect(world)
    ask(world, tenant)
    world.authority.failure = "The CA's command ended with 1: no disk"
    world.services.signing.sweep(tenant)
    (failed,) = world.services.keepers.certificates.own(REF)
    assert (failed.state, failed.reason) == (State.FAILED, world.authority.failure)
    assert world.security_events.types() == ["CertificateNotIssued"]
    assert world.services.signing.sweep(tenant) == 0  # nobody asks again by itself
    world.authority.failure = None
    assert world.services.signing.sign_again("acme", failed.id).state is State.REQUESTED
    world.services.signing.sweep(tenant)
    assert states(world) == [State.SENT]
    with pytest.raises(Conflict):
        world.services.signing.sign_again("acme", failed.id)
    with pytest.raises(NotFound):
        world.services.signing.sign_again("acme", "cert-nothing")


def test_a_certificate_waits_for_its_charge_point(world: World, tenant: Tenant) -> None:
    ask(world, tenant)
    world.services.signing.sweep(tenant)
    assert states(world) == [State.SIGNED]
    connect(world)
    world.services.signing.sweep(tenant)
    assert states(world) == [State.SENT]


def test_without_an_answer_it_is_sent_again_but_not_for_ever(world: World, tenant: Tenant) -> None:
    """E24."""
    connect(world)
    ask(world, tenant)
    chains = set()
    for _ in range(MAX_ATTEMPTS):
        world.services.signing.sweep(tenant)
        chains.add(sent_chain(world))
        end(world, CommandStatus.TIMED_OUT)
        assert states(world) == [State.SIGNED]
    world.services.signing.sweep(tenant)
    assert len(chains) == 1
    assert len(world.link.delivered) == MAX_ATTEMPTS
    (failed,) = world.services.keepers.certificates.own(REF)
    assert failed.state is State.FAILED
    assert world.services.signing.sign_again("acme", failed.id).state is State.SIGNED


def test_a_chain_that_is_too_long_for_the_charge_point_fails(world: World, tenant: Tenant) -> None:
    """C33: CertificateSignedMaxChainSize."""
    connect(world)
    keys = [{"key": "CertificateSignedMaxChainSize", "value": "100", "readonly": True}]
    world.services.keepers.configuration.note_reported(REF, keys, [])
    ask(world, tenant)
    world.services.signing.sweep(tenant)
    (failed,) = world.services.keepers.certificates.own(REF)
    assert failed.state is State.FAILED
    assert "100" in (failed.reason or "")


def test_what_was_never_sent_although_it_was_about_to_be_is_sent_later(world: World, tenant: Tenant) -> None:
    """Its sender died in between."""
    connect(world)
    ask(world, tenant)
    world.services.signing.sweep(tenant)
    world.clock.advance(timedelta(minutes=21).total_seconds())
    world.services.signing.sweep(tenant)
    assert states(world) == [State.SIGNED]
    world.services.signing.sweep(tenant)
    assert states(world) == [State.SENT]


def test_the_root_is_the_authoritys(world: World) -> None:
    assert world.services.signing.root() == world.authority.root()
