"""Id tags as the service sees them; the wire's view is tested with Authorize and StartTransaction."""

from dataclasses import replace

import pytest

from app.domain.context import ChargePointRef
from app.domain.id_tag import AuthorizationStatus
from app.domain.session import SessionStatus
from app.domain.tenant import Tenant
from app.services.batch import Batch
from tests.builders import REF, a_session, a_tenant, at
from tests.fakes.world import World


def a_batch(world: World, tenant: Tenant, *tags: str) -> Batch:
    batch = Batch(tenant)
    for tag in tags:
        known = world.services.id_tags.put(tenant.id, tag)
        batch.id_tags[known.key] = known
    return batch


def test_a_tag_expires_while_the_system_runs(world: World, tenant: Tenant) -> None:
    batch = Batch(tenant)
    known = world.services.id_tags.put("acme", "TAG", expires_at=at(60))
    batch.id_tags[known.key] = known
    assert world.services.authorization.authorize(batch, "TAG").status is AuthorizationStatus.ACCEPTED
    world.clock.advance(60)
    assert world.services.authorization.authorize(batch, "TAG").status is AuthorizationStatus.EXPIRED


def test_the_active_session_of_another_tag_does_not_matter(world: World, tenant: Tenant) -> None:
    batch = a_batch(world, tenant, "TAG", "OTHER")
    world.sessions.insert(a_session(id_tag="OTHER"), [], 1)
    assert (
        world.services.authorization.authorize_start(batch, "TAG", REF, 2).status
        is AuthorizationStatus.ACCEPTED
    )
    assert (
        world.services.authorization.authorize_start(batch, "other", REF, 2).status
        is AuthorizationStatus.CONCURRENT_TX
    )


@pytest.mark.parametrize(
    ("limit", "others", "status"), [(1, 1, "ConcurrentTx"), (2, 1, "Accepted"), (2, 2, "ConcurrentTx")]
)
@pytest.mark.parametrize("tenant_allows", [True, False])
def test_the_tags_own_limit_goes_before_the_tenants(
    world: World, *, limit: int, others: int, status: str, tenant_allows: bool
) -> None:
    """B35."""
    batch = a_batch(world, a_tenant(allow_concurrent_transactions=tenant_allows), "TAG")
    batch.id_tags["tag"] = replace(batch.id_tags["tag"], max_active_transactions=limit)
    for number in range(others):
        world.sessions.insert(a_session(number, id_tag="TAG", connector_id=10 + number), [], 1)
    assert world.services.authorization.authorize_start(batch, "TAG", REF, 2).status == status


def test_a_session_on_the_same_connector_has_lost_its_stop_and_does_not_count(
    world: World, tenant: Tenant
) -> None:
    """B33, B35."""
    batch = a_batch(world, tenant, "TAG")
    world.sessions.insert(a_session(id_tag="TAG", connector_id=2), [], 1)
    assert world.services.authorization.authorize_start(batch, "TAG", REF, 2).status == "Accepted"
    other = ChargePointRef("acme", "CP-2")
    assert world.services.authorization.authorize_start(batch, "TAG", other, 2).status == "ConcurrentTx"


def test_a_session_that_was_found_dead_does_not_count(world: World, tenant: Tenant) -> None:
    """B35."""
    batch = a_batch(world, tenant, "TAG")
    world.sessions.insert(a_session(id_tag="TAG", status=SessionStatus.FAULTED, estimated=True), [], 1)
    assert world.services.authorization.authorize_start(batch, "TAG", REF, 2).status == "Accepted"


def test_where_several_sessions_are_allowed_nobody_is_asked(world: World) -> None:
    tenant = a_tenant(allow_concurrent_transactions=True)
    batch = a_batch(world, tenant, "TAG")
    world.sessions.insert(a_session(id_tag="TAG"), [], 1)
    assert (
        world.services.authorization.authorize_start(batch, "TAG", REF, 2).status
        is AuthorizationStatus.ACCEPTED
    )


def test_a_refused_tag_is_refused_for_its_own_reason_not_as_concurrent(world: World, tenant: Tenant) -> None:
    world.sessions.insert(a_session(id_tag="TAG"), [], 1)
    verdict = world.services.authorization.authorize_start(Batch(tenant), "TAG", REF, 2)
    assert verdict.status is AuthorizationStatus.INVALID


# --- authorization_policy ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("presented", "status"),
    [("DE-PTN-1", "Accepted"), ("de-ptn-2", "Accepted"), ("DE-OTHER", "Invalid"), ("X-DE-PTN-1", "Invalid")],
)
def test_unknown_tags_of_a_partner_may_charge(world: World, presented: str, status: str) -> None:
    tenant = a_tenant(authorization_policy={"accepted_prefixes": ["DE-PTN-"]})
    assert world.services.authorization.authorize(Batch(tenant), presented).status == status
    assert world.services.authorization.look_up(tenant, presented).status == status


def test_a_partners_tag_that_is_known_and_blocked_stays_blocked(world: World) -> None:
    batch = a_batch(world, a_tenant(authorization_policy={"accepted_prefixes": ["T"]}), "TAG")
    batch.id_tags["tag"] = replace(batch.id_tags["tag"], blocked=True)
    assert world.services.authorization.authorize(batch, "TAG").status is AuthorizationStatus.BLOCKED


@pytest.mark.parametrize(("own", "told"), [(None, 60), (30, 30), (90, 60)])
def test_an_accepted_tag_is_remembered_for_a_while_only(world: World, own: int | None, told: int) -> None:
    batch = a_batch(world, a_tenant(authorization_policy={"accepted_for_s": 60}), "TAG")
    batch.id_tags["tag"] = replace(batch.id_tags["tag"], expires_at=None if own is None else at(own))
    assert world.services.authorization.authorize(batch, "TAG").expires_at == at(told)


def test_a_refused_tag_gets_no_expiry_of_ours(world: World) -> None:
    batch = Batch(a_tenant(authorization_policy={"accepted_for_s": 60}))
    assert world.services.authorization.authorize(batch, "TAG").expires_at is None
