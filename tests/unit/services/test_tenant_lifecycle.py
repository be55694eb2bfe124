"""Tenants come whole or not at all, are suspended and resumed, and go with all that is theirs."""

from datetime import timedelta
from typing import Any

import pytest

from app.domain.errors import Conflict, InvalidInput, NotAuthenticated, NotFound, Retryable
from app.domain.tenant import Tenant, TenantStatus
from app.domain.user import Role
from app.services.tenant_lifecycle import FirstAdmin, TenantLifecycle
from tests.builders import NOON
from tests.fakes.world import World, fake_world

ADMIN = FirstAdmin("boss@acme.example", "correct horse battery")
DAY = 86_400


@pytest.fixture
def world() -> World:
    return fake_world()


@pytest.fixture
def lifecycle(world: World) -> TenantLifecycle:
    return world.services.tenant_lifecycle


def created(world: World, tenant_id: str = "acme", admin: FirstAdmin | None = ADMIN) -> Tenant:
    return world.services.tenant_lifecycle.create(tenant_id, "Acme", ["A-"], {}, admin)


def status(world: World, tenant_id: str = "acme") -> TenantStatus:
    return world.services.tenants.get(tenant_id).status


def test_a_tenant_comes_with_its_first_admin(world: World) -> None:
    assert created(world).status is TenantStatus.ACTIVE
    admin = world.users.find_by_email(ADMIN.email)
    assert admin is not None
    assert (admin.tenant_id, admin.role) == ("acme", Role.TENANT_ADMIN)
    assert world.services.tenants.get("acme").delete_at is None


def test_a_tenant_may_come_without_one(world: World) -> None:
    assert created(world, admin=None).status is TenantStatus.ACTIVE


def test_a_password_is_not_shown(world: World) -> None:
    assert ADMIN.password not in repr(ADMIN)


@pytest.mark.parametrize("admin", [FirstAdmin("nonsense", ADMIN.password), FirstAdmin(ADMIN.email, "short")])
def test_an_admin_that_cannot_be_made_leaves_no_tenant(world: World, admin: FirstAdmin) -> None:
    with pytest.raises(InvalidInput):
        created(world, admin=admin)
    assert world.tenants.all() == []
    assert created(world).id == "acme"


def test_a_taken_id_leaves_no_admin_and_the_tenant_as_it_was(world: World) -> None:
    before = created(world)
    with pytest.raises(Conflict):
        created(world, admin=FirstAdmin("other@acme.example", ADMIN.password))
    assert world.users.find_by_email("other@acme.example") is None
    assert world.services.tenants.get("acme") == before


def test_a_store_that_fails_in_between_leaves_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise Retryable("MongoDB: no primary")

    with monkeypatch.context() as broken:
        broken.setattr(world.users, "insert", fail)
        with pytest.raises(Retryable):
            created(world)
    assert world.tenants.all() == []


def test_until_the_admin_is_there_the_tenant_is_one_that_will_go(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should the process die in between, the sweep finds it."""
    insert, seen = world.users.insert, []

    def look(user: Any) -> None:
        seen.append(world.services.tenants.get("acme"))
        insert(user)

    monkeypatch.setattr(world.users, "insert", look)
    created(world)
    (half_made,) = seen
    assert half_made.status is TenantStatus.DELETING
    world.clock.advance(700)
    assert world.services.tenant_lifecycle.remove_due(half_made) == 0, "it was finished since"


def test_suspended_and_resumed(world: World, lifecycle: TenantLifecycle) -> None:
    created(world)
    assert lifecycle.suspend("acme").status is TenantStatus.SUSPENDED
    assert lifecycle.suspend("acme").status is TenantStatus.SUSPENDED
    assert lifecycle.resume("acme").status is TenantStatus.ACTIVE
    assert status(world) is TenantStatus.ACTIVE


def test_after_a_suspension_people_log_in_anew(world: World, lifecycle: TenantLifecycle) -> None:
    """Whatever it was for, no token from before is good again; nor one of a login at the very moment."""
    created(world)
    lifecycle.create("beta", "Beta", ["B-"], {}, FirstAdmin("boss@beta.example", ADMIN.password))
    users, tokens = world.services.users, world.services.tokens
    boss, other = (users.authenticate(f"boss@{name}.example", ADMIN.password) for name in ("acme", "beta"))
    users.open_session(boss)
    lifecycle.suspend("acme")
    late, foreign = users.open_session(boss), users.open_session(other)
    lifecycle.resume("acme")
    assert tokens.of_user(boss.id) == []
    with pytest.raises(NotAuthenticated):
        tokens.check_live({"sid": late.id})
    assert tokens.of_user(other.id) == [foreign]
    again = users.open_session(boss)
    lifecycle.resume("acme")  # repeated, it changes nothing
    assert tokens.of_user(boss.id) == [again]


def test_nobody_suspends_who_is_not_there(lifecycle: TenantLifecycle) -> None:
    for change in (lifecycle.suspend, lifecycle.resume, lifecycle.delete):
        with pytest.raises(NotFound):
            change("nobody")


def test_a_deleted_tenant_waits_for_its_day_and_can_come_back(
    world: World, lifecycle: TenantLifecycle
) -> None:
    created(world)
    deleted = lifecycle.delete("acme", 7)
    assert (deleted.status, deleted.delete_at) == (TenantStatus.DELETING, NOON + timedelta(days=7))
    world.clock.advance(6 * DAY)
    assert lifecycle.remove_due(deleted) == 0
    with pytest.raises(Conflict):
        lifecycle.suspend("acme")
    assert lifecycle.resume("acme").delete_at is None
    world.clock.advance(2 * DAY)
    assert lifecycle.remove_due(deleted) == 0
    assert status(world) is TenantStatus.ACTIVE


def test_after_its_day_a_tenant_goes_with_its_people_and_cannot_come_back(
    world: World, lifecycle: TenantLifecycle
) -> None:
    created(world)
    deleted = lifecycle.delete("acme", 7)
    world.clock.advance(7 * DAY + 60)
    with pytest.raises(Conflict, match="over"):
        lifecycle.resume("acme")
    assert lifecycle.remove_due(deleted) == 1
    assert world.tenants.all() == []
    assert world.users.find_by_email(ADMIN.email) is None
    assert lifecycle.remove_due(deleted) == 0
    assert created(world).status is TenantStatus.ACTIVE, "the id, the prefix and the email are free again"


def test_without_grace_it_still_waits_until_everybody_knows(world: World, lifecycle: TenantLifecycle) -> None:
    created(world)
    deleted = lifecycle.delete("acme", 0)
    assert lifecycle.remove_due(deleted) == 0
    world.clock.advance(10)
    assert lifecycle.remove_due(deleted) == 1


def test_what_cannot_be_removed_now_is_tried_again(world: World) -> None:
    services, failures, gone = world.services, [Retryable("MQTT")], []

    def belonging(tenant_id: str) -> None:
        if failures:
            raise failures.pop()
        gone.append(tenant_id)

    lifecycle = TenantLifecycle(services.tenants, world.tenants, services.users, [belonging], world.clock)
    created(world)
    deleted = lifecycle.delete("acme", 0)
    world.clock.advance(10)
    with pytest.raises(Retryable):
        lifecycle.remove_due(deleted)
    assert status(world) is TenantStatus.DELETING
    assert lifecycle.remove_due(deleted) == 1
    assert gone == ["acme"]


@pytest.mark.parametrize("days", [-1, 366])
def test_a_grace_period_has_bounds(world: World, lifecycle: TenantLifecycle, days: int) -> None:
    created(world)
    with pytest.raises(InvalidInput):
        lifecycle.delete("acme", days)
    assert status(world) is TenantStatus.ACTIVE
