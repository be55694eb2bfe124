"""Id tags as the service sees them; the wire's view is tested with Authorize and StartTransaction."""

from app.domain.id_tag import AuthorizationStatus
from app.domain.tenant import Tenant
from app.services.batch import Batch
from tests.builders import a_session, a_tenant, at
from tests.fakes.world import World


def a_batch(world: World, tenant: Tenant, *tags: str) -> Batch:
    batch = Batch(tenant)
    for tag in tags:
        known = world.services.authorization.register(tenant.id, tag)
        batch.id_tags[known.key] = known
    return batch


def test_registering_again_changes_the_tag(world: World) -> None:
    service = world.services.authorization
    service.register("acme", "TAG", blocked=True)
    service.register("acme", "tag", expires_at=at(60))
    known = world.id_tags.find("acme", "tag")
    assert known is not None
    assert (known.id_tag, known.blocked, known.expires_at) == ("tag", False, at(60))


def test_a_tag_expires_while_the_system_runs(world: World, tenant: Tenant) -> None:
    batch = Batch(tenant)
    known = world.services.authorization.register("acme", "TAG", expires_at=at(60))
    batch.id_tags[known.key] = known
    assert world.services.authorization.authorize(batch, "TAG").status is AuthorizationStatus.ACCEPTED
    world.clock.advance(60)
    assert world.services.authorization.authorize(batch, "TAG").status is AuthorizationStatus.EXPIRED


def test_the_active_session_of_another_tag_does_not_matter(world: World, tenant: Tenant) -> None:
    batch = a_batch(world, tenant, "TAG", "OTHER")
    world.sessions.insert(a_session(id_tag="OTHER"), [], 1)
    assert world.services.authorization.authorize_start(batch, "TAG").status is AuthorizationStatus.ACCEPTED
    assert (
        world.services.authorization.authorize_start(batch, "other").status
        is AuthorizationStatus.CONCURRENT_TX
    )


def test_where_several_sessions_are_allowed_nobody_is_asked(world: World) -> None:
    tenant = a_tenant(allow_concurrent_transactions=True)
    batch = a_batch(world, tenant, "TAG")
    world.sessions.insert(a_session(id_tag="TAG"), [], 1)
    assert world.services.authorization.authorize_start(batch, "TAG").status is AuthorizationStatus.ACCEPTED


def test_a_refused_tag_is_refused_for_its_own_reason_not_as_concurrent(world: World, tenant: Tenant) -> None:
    world.sessions.insert(a_session(id_tag="TAG"), [], 1)
    verdict = world.services.authorization.authorize_start(Batch(tenant), "TAG")
    assert verdict.status is AuthorizationStatus.INVALID
