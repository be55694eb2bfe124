"""MQTT accounts in memory, and a broker that keeps its own."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from app.domain.errors import Conflict, Retryable
from app.domain.mqtt_access import MqttCredential
from app.services.mqtt_access import Repair


class FakeMqttCredentialRepository:
    """`MqttCredentialRepository` in memory."""

    def __init__(self) -> None:
        self.known: dict[str, MqttCredential] = {}

    def insert(self, credential: MqttCredential) -> None:
        """Conflict if the tenant has one of this name."""
        if credential.username in self.known:
            raise Conflict("taken")
        self.known[credential.username] = credential

    def find(self, tenant_id: str, credential_id: str) -> MqttCredential | None:
        """By its id."""
        own = self.of_tenant(tenant_id)
        return next((credential for credential in own if credential.id == credential_id), None)

    def find_by_username(self, username: str) -> MqttCredential | None:
        """As the broker knows it."""
        return self.known.get(username)

    def of_tenant(self, tenant_id: str) -> Sequence[MqttCredential]:
        """In order of name."""
        return [one for one in self.all() if one.tenant_id == tenant_id]

    def all(self) -> Sequence[MqttCredential]:
        """In order of username."""
        return [self.known[username] for username in sorted(self.known)]

    def replace_password(self, credential: MqttCredential, password_hash: str, at: datetime) -> bool:
        """The only one from now on."""
        known = self.find(credential.tenant_id, credential.id)
        if known is None:
            return False
        self.known[known.username] = replace(known, password_hash=password_hash, rotated_at=at)
        return True

    def remove(self, credential: MqttCredential) -> None:
        """Forget it."""
        if self.find(credential.tenant_id, credential.id) is not None:
            del self.known[credential.username]


class FakeBrokerAccounts:
    """`BrokerAccounts` in memory; `is_away`: as if the broker were."""

    def __init__(self) -> None:
        self.passwords: dict[str, str] = {}
        self.wrong: set[str] = set()  # accounts that somebody has given other rights
        self.roleless: list[str] = []  # tenants whose roles were removed
        self.is_prepared = False
        self.is_away = False

    def prepare(self) -> None:
        """Deny by default."""
        self._check()
        self.is_prepared = True

    def put(self, credential: MqttCredential, password: str) -> None:
        """Make it, or give it another password."""
        self._check()
        self.passwords[credential.username] = password

    def remove(self, credential: MqttCredential) -> None:
        """Safe to repeat."""
        self.remove_username(credential.username)

    def remove_username(self, username: str) -> None:
        """By name."""
        self._check()
        self.passwords.pop(username, None)

    def remove_roles(self, tenant_id: str) -> None:
        """Safe to repeat."""
        self._check()
        self.roleless.append(tenant_id)

    def usernames(self) -> frozenset[str]:
        """All."""
        self._check()
        return frozenset(self.passwords)

    def repair(self, credentials: Sequence[MqttCredential]) -> Repair:
        """What a test has said is wrong is so no more."""
        self._check()
        known = [credential.username for credential in credentials]
        changed = tuple(name for name in known if name in self.wrong & self.passwords.keys())
        self.wrong -= set(changed)
        return Repair(changed, tuple(name for name in known if name not in self.passwords))

    def new_file(self, credentials: Sequence[MqttCredential]) -> str:
        """The usernames."""
        return " ".join(credential.username for credential in credentials)

    def _check(self) -> None:
        if self.is_away:
            raise Retryable("MQTT: away")
