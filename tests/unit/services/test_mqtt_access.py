"""Accounts of tenants' programs at the broker."""

from collections.abc import Callable

import pytest

from app.domain.errors import Conflict, InvalidInput, NotFound, Retryable
from app.domain.mqtt_access import MqttCredential, MqttRole
from app.services.mqtt_access import MAX_CREDENTIALS, MqttAccessService
from tests.builders import a_tenant, at
from tests.fakes.world import World

ACME, BETA = a_tenant("acme"), a_tenant("beta")


@pytest.fixture
def access(world: World) -> MqttAccessService:
    return world.services.mqtt_access


def create(access: MqttAccessService, name: str = "billing") -> tuple[MqttCredential, str]:
    return access.create(ACME, name, MqttRole.INTEGRATOR, created_by="user-1")


def meanwhile(monkeypatch: pytest.MonkeyPatch, world: World, act: Callable[[], object]) -> None:
    """`act` happens once, while the broker is told of an account."""
    put = world.mqtt_broker.put

    def interrupted(credential: MqttCredential, password: str) -> None:
        monkeypatch.setattr(world.mqtt_broker, "put", put)
        act()
        put(credential, password)

    monkeypatch.setattr(world.mqtt_broker, "put", interrupted)


def test_a_new_account_is_known_here_and_at_the_broker(world: World, access: MqttAccessService) -> None:
    made, password = create(access)
    assert (made.username, made.created_by, made.rotated_at) == ("acme.billing", "user-1", None)
    assert world.mqtt_broker.passwords == {"acme.billing": password}
    assert access.list("acme") == [made]
    assert password not in repr(world.mqtt_credentials.known)
    assert len(password) >= 40


@pytest.mark.parametrize("name", ["", "A", "a.b", "a/b", "x" * 41, "a\x00"])
def test_a_name_that_is_none(world: World, access: MqttAccessService, name: str) -> None:
    with pytest.raises(InvalidInput):
        create(access, name)
    assert world.mqtt_broker.passwords == {}


def test_a_name_that_is_taken_leaves_the_first_as_it_is(world: World, access: MqttAccessService) -> None:
    _, password = create(access)
    with pytest.raises(Conflict):
        create(access)
    assert world.mqtt_broker.passwords == {"acme.billing": password}


def test_a_tenant_has_so_many_and_no_more(access: MqttAccessService) -> None:
    for number in range(MAX_CREDENTIALS):
        create(access, f"p{number}")
    with pytest.raises(Conflict):
        create(access)
    access.create(BETA, "billing", MqttRole.SUBSCRIBER)


def test_while_the_broker_is_away_nothing_changes(world: World, access: MqttAccessService) -> None:
    made, password = create(access)
    world.mqtt_broker.is_away = True
    for attempt in (
        lambda: create(access, "other"),
        lambda: access.rotate("acme", made.id),
        lambda: access.remove("acme", made.id),
        lambda: access.remove_all("acme"),
        access.sync,
    ):
        with pytest.raises(Retryable):
            attempt()
    assert access.list("acme") == [made]
    assert access.authenticate(made.username, password)


def test_another_password_ends_the_former(world: World, access: MqttAccessService) -> None:
    made, password = create(access)
    world.clock.advance(5)
    changed, following = access.rotate("acme", made.id)
    assert changed.rotated_at == at(5)
    assert access.get("acme", made.id) == changed
    assert world.mqtt_broker.passwords == {made.username: following}
    assert [access.authenticate(made.username, one) for one in (password, following)] == [False, True]


def test_another_tenants_account_does_not_exist(world: World, access: MqttAccessService) -> None:
    made, password = create(access)
    for attempt in (access.get, access.rotate, access.remove):
        with pytest.raises(NotFound):
            attempt("beta", made.id)
    access.remove_all("beta")
    assert access.list("beta") == []
    assert world.mqtt_broker.passwords == {made.username: password}


def test_what_is_removed_while_it_is_rotated_stays_removed(
    world: World, access: MqttAccessService, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _ = create(access)
    meanwhile(monkeypatch, world, lambda: access.remove("acme", made.id))
    with pytest.raises(NotFound):
        access.rotate("acme", made.id)
    assert world.mqtt_broker.passwords == {}


def test_what_is_removed_while_it_is_made_stays_removed(
    world: World, access: MqttAccessService, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile(monkeypatch, world, lambda: access.remove_all("acme"))
    with pytest.raises(Conflict):
        create(access)
    assert world.mqtt_broker.passwords == {}
    assert access.list("acme") == []


def test_what_is_rotated_while_it_is_removed_does_not_come_back(
    world: World, access: MqttAccessService, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _ = create(access)
    remove = world.mqtt_credentials.remove

    def overtaken(credential: MqttCredential) -> None:
        access.rotate("acme", made.id)
        remove(credential)

    monkeypatch.setattr(world.mqtt_credentials, "remove", overtaken)
    access.remove("acme", made.id)
    assert world.mqtt_broker.passwords == {}


def test_all_of_a_tenant_go(world: World, access: MqttAccessService) -> None:
    create(access)
    create(access, "other")
    stays, password = access.create(BETA, "billing", MqttRole.SUBSCRIBER)
    access.remove_all("acme")
    assert access.list("acme") == []
    assert world.mqtt_broker.passwords == {stays.username: password}


def test_the_broker_is_brought_in_line(world: World, access: MqttAccessService) -> None:
    made, _ = create(access)
    lost, _ = create(access, "lost")
    world.mqtt_broker.passwords |= {"gone.stranger": "x"}
    del world.mqtt_broker.passwords[lost.username]
    report = access.sync()
    assert world.mqtt_broker.is_prepared
    assert (report.accounts, report.strangers_removed, report.missing) == (
        2,
        ("gone.stranger",),
        (lost.username,),
    )
    assert set(world.mqtt_broker.passwords) == {made.username}


def test_an_account_that_is_made_meanwhile_is_no_stranger(
    world: World, access: MqttAccessService, monkeypatch: pytest.MonkeyPatch
) -> None:
    usernames = world.mqtt_broker.usernames

    def later() -> frozenset[str]:
        create(access)
        return usernames()

    monkeypatch.setattr(world.mqtt_broker, "usernames", later)
    assert access.sync().strangers_removed == ()
    assert "acme.billing" in world.mqtt_broker.passwords


def test_a_broker_that_asks_is_told(access: MqttAccessService) -> None:
    made, password = create(access)
    assert access.authenticate(made.username, password)
    for username, wrong in (
        (made.username, ""),
        (made.username, password + "x"),
        (made.username, password.upper()),
        ("acme.nobody", password),
        ("", ""),
        ("beta.billing", password),
    ):
        assert not access.authenticate(username, wrong), username
    assert access.allows(made.username, "publish", "ocpp/commands/acme/CP-1")
    assert not access.allows(made.username, "publish", "ocpp/commands/beta/CP-1")
    assert not access.allows("acme.nobody", "subscribe", "ocpp/events/acme/#")


def test_a_broker_that_keeps_no_accounts_gets_none(world: World) -> None:
    none = MqttAccessService(world.mqtt_credentials, None, world.clock, is_kept=False)
    with pytest.raises(Conflict):
        create(none)
    assert world.mqtt_credentials.known == {}


def test_where_the_broker_asks_nobody_needs_to_be_told(world: World) -> None:
    asked = MqttAccessService(world.mqtt_credentials, None, world.clock, is_kept=True)
    made, password = create(asked)
    assert asked.authenticate(made.username, password)
    assert asked.sync().missing == ()
    asked.remove("acme", made.id)
    assert not asked.authenticate(made.username, password)


def test_rights_that_somebody_changed_are_set_right_and_named(
    world: World, access: MqttAccessService
) -> None:
    made, _ = create(access)
    world.mqtt_broker.wrong = {made.username}
    assert access.sync().repaired == (made.username,)
    assert access.sync().repaired == ()


def test_what_a_tenant_was_allowed_goes_with_it(world: World, access: MqttAccessService) -> None:
    made, _ = create(access)
    access.remove("acme", made.id)
    assert world.mqtt_broker.roleless == []
    access.remove_all("acme")
    assert world.mqtt_broker.roleless == ["acme"]


def test_a_new_broker_gets_all_accounts(world: World, access: MqttAccessService) -> None:
    create(access)
    access.create(BETA, "billing", MqttRole.SUBSCRIBER)
    assert access.new_broker_file() == "acme.billing beta.billing"
    asked = MqttAccessService(world.mqtt_credentials, None, world.clock, is_kept=True)
    with pytest.raises(Conflict):
        asked.new_broker_file()


@pytest.mark.parametrize(
    ("client_id", "comes_in"),
    [
        ("", True),
        ("acme.billing", True),
        ("acme.billing/2", True),
        ("acme.bil", False),
        ("beta.billing", False),
    ],
)
def test_a_client_id_is_ones_own(access: MqttAccessService, client_id: str, comes_in: bool) -> None:
    made, password = create(access)
    assert access.authenticate(made.username, password, client_id) == comes_in


def test_the_same_password_would_be_kept_differently(access: MqttAccessService) -> None:
    """As Mosquitto keeps it: a salt of its own for each."""
    made, _ = create(access)
    other, _ = create(access, "other")
    kinds = [one.password_hash.split("$")[1:4] for one in (made, other)]
    assert [kind[:2] for kind in kinds] == [["7", "101"]] * 2
    assert kinds[0][2] != kinds[1][2]
