"""All that a tenant has, without secrets, and nothing of others."""

import pytest

from tests.fakes.world import World, fake_world


@pytest.fixture
def world() -> World:
    return fake_world()


def test_every_document_is_told_by_its_kind(world: World) -> None:
    world.services.tenants.create("acme", "Acme")
    world.tenant_data.stored["acme"] = {"sessions": [{"_id": "session-1"}], "id_tags": [{"_id": "T"}]}
    world.tenant_data.stored["beta"] = {"sessions": [{"_id": "session-2"}]}
    assert list(world.services.tenant_export.records("acme")) == [
        {"kind": "tenant", "_id": "acme", "name": "Acme"},
        {"kind": "id_tags", "_id": "T"},
        {"kind": "sessions", "_id": "session-1"},
    ]


def test_secrets_stay_here(world: World) -> None:
    world.tenant_data.stored["acme"] = {
        "users": [{"_id": "u", "password_hash": "$argon2"}],
        "webhooks": [{"_id": "w", "secret": "s", "old_secret": "o", "url": "https://x"}],
        "charge_points": [
            {"_id": "CP-1", "security": {"profile": 1, "key_hash": "h", "pending_key_hash": "p"}}
        ],
        "commands": [
            {"_id": "c", "payload": {"value": "KEY"}, "untold": [{"body": 1}], "parts": [{"token": 1}]}
        ],
    }
    records = {record["kind"]: record for record in world.services.tenant_export.records("acme")}
    assert records == {
        "users": {"kind": "users", "_id": "u"},
        "webhooks": {"kind": "webhooks", "_id": "w", "url": "https://x"},
        "charge_points": {"kind": "charge_points", "_id": "CP-1", "security": {"profile": 1}},
        "commands": {"kind": "commands", "_id": "c", "parts": [{}]},
    }
