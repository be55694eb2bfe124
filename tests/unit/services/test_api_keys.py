"""API keys: made, shown once, checked, rotated, revoked."""

import logging
from datetime import timedelta

import pytest

from app.domain.errors import InvalidInput, NotAuthenticated, NotFound
from app.domain.permissions import Permission
from app.domain.user import Role
from app.services.api_keys import ApiKeyService
from app.services.ports import PageRequest
from tests.fakes.world import World


@pytest.fixture
def keys(world: World) -> ApiKeyService:
    return world.services.api_keys


def refused(keys: ApiKeyService, text: str) -> str:
    with pytest.raises(NotAuthenticated) as refusal:
        keys.authenticate(text)
    return refusal.value.message


def test_a_key_is_known_by_its_text(keys: ApiKeyService, world: World) -> None:
    key, text = keys.create("acme", " billing ", Role.OPERATOR, [Permission.SESSIONS_READ])
    assert (key.tenant_id, key.name, key.role) == ("acme", "billing", Role.OPERATOR)
    assert (key.scopes, key.created_at, key.created_by) == (
        frozenset({Permission.SESSIONS_READ}),
        world.clock.now(),
        "cli",
    )
    assert keys.authenticate(text).id == key.id


def test_two_keys_have_nothing_in_common(keys: ApiKeyService) -> None:
    (one, first), (other, second) = (keys.create("acme", "billing", Role.VIEWER) for _ in range(2))
    assert one.id != other.id
    assert first.rpartition("_")[2] != second.rpartition("_")[2]
    assert len(first) == len("ocpp_") + 16 + 1 + 43  # 256 random bits


def test_its_secret_is_nowhere_to_be_found(
    keys: ApiKeyService, world: World, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        key, text = keys.create("acme", "billing", Role.VIEWER)
        secret = text.removeprefix(f"ocpp_{key.id}_")
        told = f"{key} {world.api_keys.keys} {caplog.text} {capsys.readouterr()}"
    assert secret not in told
    assert key.secret_hash not in told
    assert secret not in key.secret_hash


def test_wrong_unknown_revoked_and_ended_ones_are_refused_alike(keys: ApiKeyService, world: World) -> None:
    _, other = keys.create("acme", "other", Role.VIEWER)
    key, text = keys.create("acme", "billing", Role.VIEWER, expires_at=world.clock.now() + timedelta(hours=1))
    gone, gone_text = keys.create("acme", "gone", Role.VIEWER)
    keys.revoke("acme", gone.id)
    mixed = f"ocpp_{key.id}_{other.rpartition('_')[2]}"
    told = {
        refused(keys, wrong) for wrong in (mixed, text[:-1], text + "x", gone_text, "ocpp_", "", "é" * 99)
    }
    assert keys.authenticate(text).id == key.id
    world.clock.advance(3_600)
    told.add(refused(keys, text))
    assert len(told) == 1


def test_the_use_of_a_key_is_noted_once_a_minute(keys: ApiKeyService, world: World) -> None:
    key, text = keys.create("acme", "billing", Role.VIEWER)
    noted = []
    for _ in range(4):
        keys.authenticate(text)
        noted.append(world.api_keys.keys[key.id].last_used_at)
        world.clock.advance(25)
    assert len(set(noted)) == 2
    refused(keys, text[:-1] + ("x" if text[-1] != "x" else "y"))
    assert world.api_keys.keys[key.id].last_used_at == noted[-1]


def test_another_secret_ends_the_one_before(keys: ApiKeyService) -> None:
    key, text = keys.create("acme", "billing", Role.VIEWER, [Permission.SESSIONS_READ])
    same, other = keys.rotate("acme", key.id)
    assert (same.id, same.scopes, same.created_at) == (key.id, key.scopes, key.created_at)
    assert keys.authenticate(other).id == key.id
    refused(keys, text)


def test_another_tenants_and_the_platforms_keys_are_not_there(keys: ApiKeyService) -> None:
    key, text = keys.create("acme", "billing", Role.VIEWER)
    platforms, _ = keys.create(None, "root", Role.PLATFORM_ADMIN)
    for tenant_id, key_id in (("beta", key.id), (None, key.id), ("acme", platforms.id), ("acme", "nobody")):
        for act in (keys.get, keys.rotate, keys.revoke):
            with pytest.raises(NotFound):
                act(tenant_id, key_id)
    assert keys.authenticate(text).id == key.id
    assert [one.id for one in keys.list_page("acme", PageRequest()).items] == [key.id]
    assert [one.id for one in keys.list_page(None, PageRequest()).items] == [platforms.id]


def test_a_deleted_tenants_keys_go(keys: ApiKeyService) -> None:
    _, text = keys.create("acme", "billing", Role.VIEWER)
    _, platforms = keys.create(None, "root", Role.PLATFORM_ADMIN)
    keys.remove_all("acme")
    refused(keys, text)
    keys.authenticate(platforms)


def test_a_wrong_key_is_not_made(keys: ApiKeyService, world: World) -> None:
    with pytest.raises(InvalidInput):
        keys.create("acme", "billing", Role.VIEWER, [Permission.COMMANDS_SEND])
    assert world.api_keys.keys == {}
