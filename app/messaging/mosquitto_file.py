"""The file of Mosquitto's dynamic-security plugin, for a broker that is new or has lost its own."""

import secrets
from collections.abc import Sequence
from typing import Any

import orjson

from app.domain.mqtt_access import MqttCredential
from app.domain.mqtt_password import SALT_BYTES, hash_password, parts_of
from app.messaging.mosquitto_roles import (
    DEFAULT_ACCESS,
    SERVER_ROLE,
    Acl,
    role_name,
    roles_of,
    server_acls,
)

_ADMIN_ROLE = "admin"
_ROUNDS_OF_A_PERSON = 10_000  # each connection of ours costs the broker these: some milliseconds


def new_file(admin: tuple[str, str], server: tuple[str, str], credentials: Sequence[MqttCredential]) -> str:
    """Everybody who may come in, with names and hashed passwords: the administrator, our own processes, and
    tenants' programs with the passwords they have. `admin` and `server` may be one."""
    own: dict[str, tuple[str, list[str]]] = {}
    for (username, password), role in ((admin, _ADMIN_ROLE), (server, SERVER_ROLE)):
        own.setdefault(username, (password, []))[1].append(role)
    roles = {_ADMIN_ROLE: _admin_acls(), SERVER_ROLE: server_acls()} | roles_of(credentials)
    content = {
        "defaultACLAccess": DEFAULT_ACCESS,
        "clients": [
            *(
                _client(
                    name, hash_password(password, secrets.token_bytes(SALT_BYTES), _ROUNDS_OF_A_PERSON), has
                )
                for name, (password, has) in own.items()
            ),
            *(
                _client(one.username, one.password_hash, [role_name(one.tenant_id, one.role)])
                for one in credentials
            ),
        ],
        "groups": [],
        "roles": [{"rolename": name, "acls": acls} for name, acls in roles.items()],
    }
    return orjson.dumps(content, option=orjson.OPT_INDENT_2).decode()


def _client(username: str, password_hash: str, roles: Sequence[str]) -> dict[str, Any]:
    rounds, salt, digest = parts_of(password_hash)
    password = {"password": digest, "salt": salt, "iterations": rounds}
    return {"username": username, **password, "roles": [{"rolename": role} for role in roles]}


def _admin_acls() -> list[Acl]:
    """What `mosquitto_ctrl dynsec init` gives, without the topics of tenants."""
    return [
        {"acltype": kind, "topic": topic, "priority": 0, "allow": True}
        for kind, topic in (
            ("publishClientSend", "$CONTROL/dynamic-security/#"),
            ("publishClientReceive", "$CONTROL/dynamic-security/#"),
            ("subscribePattern", "$CONTROL/dynamic-security/#"),
            ("publishClientReceive", "$SYS/#"),
            ("subscribePattern", "$SYS/#"),
        )
    ]
