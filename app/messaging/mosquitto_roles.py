"""What Mosquitto's dynamic-security plugin is told of who may do what, in its own words."""

from collections.abc import Iterable
from typing import Any

from app.domain.mqtt_access import MqttCredential, MqttRole, readable, writable

Acl = dict[str, Any]
SERVER_ROLE = "ocpp-server"
_TENANTS = "ocpp-tenant."
_READING = ("subscribePattern", "publishClientReceive")
DEFAULT_ACCESS = {
    "publishClientSend": False,
    "publishClientReceive": False,
    "subscribe": False,
    "unsubscribe": True,
}
"""What holds where no role says otherwise: nobody may do anything."""


def role_name(tenant_id: str, role: MqttRole) -> str:
    """Of a tenant's programs of one kind. Ids of tenants hold no dot."""
    return f"{_TENANTS}{tenant_id}.{role.value}"


def is_a_tenants(role: str) -> bool:
    """Whether we have made this role for a tenant."""
    return role.startswith(_TENANTS)


def server_acls() -> list[Acl]:
    """Our own processes read and write all topics of all tenants, and nothing else."""
    shared = _acl("subscribePattern", "$share/+/ocpp/#")  # commands may be dealt out among listeners
    return [*(_acl(kind, "ocpp/#") for kind in ("publishClientSend", *_READING)), shared]


def tenant_acls(tenant_id: str, role: MqttRole) -> list[Acl]:
    """A shared subscription is asked for by its whole name."""
    read = readable(tenant_id)
    return [
        *(_acl(kind, topic) for topic in read for kind in _READING),
        *(_acl("subscribePattern", f"$share/+/{topic}") for topic in read),
        *(_acl("publishClientSend", topic) for topic in writable(tenant_id, role)),
    ]


def roles_of(credentials: Iterable[MqttCredential]) -> dict[str, list[Acl]]:
    """By name, with what they allow: those that these accounts need."""
    kinds = {(credential.tenant_id, credential.role) for credential in credentials}
    return {role_name(*kind): tenant_acls(*kind) for kind in sorted(kinds)}


def are_same(acls: Iterable[Acl], others: Iterable[Acl]) -> bool:
    """In whatever order."""
    return _comparable(acls) == _comparable(others)


def _comparable(acls: Iterable[Acl]) -> set[tuple[str, str, bool]]:
    return {(acl["acltype"], acl["topic"], acl["allow"]) for acl in acls}


def _acl(kind: str, topic: str) -> Acl:
    return {"acltype": kind, "topic": topic, "priority": 0, "allow": True}
