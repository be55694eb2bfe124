"""Who may read and write which MQTT topics: a tenant's programs those of the tenant, and nothing else."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.domain.errors import InvalidInput

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_READ = ("events", "status", "responses")
_WRITTEN = "commands"


class MqttRole(StrEnum):
    """What a program may do; one that only listens should not be able to stop cars."""

    SUBSCRIBER = "subscriber"
    INTEGRATOR = "integrator"


@dataclass(frozen=True, slots=True)
class MqttCredential:
    """How one program of a tenant comes to the broker. The password itself is not kept."""

    id: str
    tenant_id: str
    name: str
    role: MqttRole
    password_hash: str = field(repr=False)
    created_at: datetime
    created_by: str
    rotated_at: datetime | None = None

    @property
    def username(self) -> str:
        """Neither part can hold a dot, so no two tenants have the same."""
        return username_of(self.tenant_id, self.name)


def username_of(tenant_id: str, name: str) -> str:
    """What a program tells the broker."""
    return f"{tenant_id}.{name}"


def check_name(name: str) -> None:
    """Raises InvalidInput."""
    if not NAME.fullmatch(name):
        sentence = "Use 1 to 40 of a-z, 0-9, - and _, starting with a letter or digit."
        raise InvalidInput("The name is not valid.", problems={"name": [sentence]})


def is_clients_name(credential: MqttCredential, client_id: str) -> bool:
    """A client id must begin with the username: none takes another tenant's. Empty: the broker makes one."""
    return client_id == "" or client_id.startswith(credential.username)


def readable(tenant_id: str) -> tuple[str, ...]:
    """Topic filters of all that a tenant's programs may read."""
    return tuple(f"ocpp/{branch}/{tenant_id}/#" for branch in _READ)


def writable(tenant_id: str, role: MqttRole) -> tuple[str, ...]:
    """Topic filters of all that they may write."""
    return (f"ocpp/{_WRITTEN}/{tenant_id}/#",) if role is MqttRole.INTEGRATOR else ()


def may(credential: MqttCredential, action: str, topic: str) -> bool:
    """Whether it may `subscribe` to a filter or `publish` to a topic. A filter must lie within its own."""
    if action == "publish":
        granted = writable(credential.tenant_id, credential.role)
        return not set("+#") & set(topic) and any(_is_within(topic, own) for own in granted)
    if action == "subscribe":
        return any(_is_within(_unshared(topic), own) for own in readable(credential.tenant_id))
    return False


def _is_within(topic: str, own: str) -> bool:
    """`own` ends with `/#`; what stands before it must be literally so."""
    return topic.startswith(own.removesuffix("#")) and len(topic) > len(own) - 1


def _unshared(topic: str) -> str:
    """`$share/<group>/<filter>` is the same filter."""
    parts = topic.split("/", 2)
    return parts[2] if parts[0] == "$share" and len(parts) > 2 else topic
