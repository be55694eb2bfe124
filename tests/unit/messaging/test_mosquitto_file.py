"""The file that a new Mosquitto starts with. A real one does in `tests/integration/test_mosquitto.py`."""

import json
from typing import Any

from app.domain.mqtt_access import MqttCredential, MqttRole
from app.domain.mqtt_password import hash_password, is_password, parts_of
from app.messaging.mosquitto_file import new_file
from tests.builders import NOON

ADMIN, SERVER = ("admin", "an-admin-secret"), ("ocpp", "a-server-secret")
HASH = hash_password("a-tenant-secret", bytes(12))
READER = MqttCredential("c1", "acme", "reader", MqttRole.SUBSCRIBER, HASH, NOON, "cli")


def written(admin: tuple[str, str] = ADMIN, server: tuple[str, str] = SERVER) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(new_file(admin, server, [READER]))
    return content


def roles_by_name(content: dict[str, Any]) -> dict[str, list[str]]:
    return {
        client["username"]: [role["rolename"] for role in client["roles"]] for client in content["clients"]
    }


def kept(client: dict[str, Any]) -> str:
    return f"$7${client['iterations']}${client['salt']}${client['password']}"


def test_everybody_has_the_role_and_the_password_that_they_have() -> None:
    content = written()
    assert roles_by_name(content) == {
        "admin": ["admin"],
        "ocpp": ["ocpp-server"],
        "acme.reader": ["ocpp-tenant.acme.subscriber"],
    }
    admin, server, reader = content["clients"]
    assert is_password(ADMIN[1], kept(admin))
    assert is_password(SERVER[1], kept(server))
    assert kept(reader) == HASH


def test_every_role_that_somebody_has_is_there() -> None:
    content = written()
    assert {role["rolename"] for role in content["roles"]} == {
        name for names in roles_by_name(content).values() for name in names
    }


def test_a_server_that_is_the_administrator_is_there_once() -> None:
    assert roles_by_name(written(SERVER, SERVER))["ocpp"] == ["admin", "ocpp-server"]


def test_nobody_may_do_what_no_role_allows() -> None:
    assert written()["defaultACLAccess"] == {
        "publishClientSend": False,
        "publishClientReceive": False,
        "subscribe": False,
        "unsubscribe": True,
    }


def test_an_administrator_reads_no_tenants_topics() -> None:
    (admin,) = [role for role in written()["roles"] if role["rolename"] == "admin"]
    assert all(acl["topic"].startswith("$") for acl in admin["acls"])


def test_no_password_is_in_it() -> None:
    text = new_file(ADMIN, SERVER, [READER])
    assert not any(secret in text for secret in (ADMIN[1], SERVER[1], "a-tenant-secret"))


def test_passwords_of_people_are_hashed_with_more_rounds() -> None:
    admin, _, reader = written()["clients"]
    assert admin["iterations"] > parts_of(HASH)[0] == reader["iterations"]
