"""Accounts of tenants' programs at the MQTT broker: made, rotated, removed, and kept in line with it."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import structlog

from app.domain.errors import AppError, Conflict, NotFound
from app.domain.mqtt_access import MqttCredential, MqttRole, check_name, is_clients_name, may
from app.domain.mqtt_password import SALT_BYTES, hash_password, is_password
from app.domain.tenant import Tenant
from app.services.ports import Clock

log = structlog.stdlib.get_logger(__name__)
MAX_CREDENTIALS = 50
_NOBODY = hash_password("", bytes(SALT_BYTES))


class MqttCredentialRepository(Protocol):
    """Accounts of all tenants: the broker asks for them by their name."""

    def insert(self, credential: MqttCredential) -> None:
        """Conflict if the tenant has one of this name."""
        ...

    def find(self, tenant_id: str, credential_id: str) -> MqttCredential | None: ...

    def find_by_username(self, username: str) -> MqttCredential | None: ...

    def of_tenant(self, tenant_id: str) -> Sequence[MqttCredential]:
        """In order of name."""
        ...

    def all(self) -> Sequence[MqttCredential]: ...

    def replace_password(self, credential: MqttCredential, password_hash: str, at: datetime) -> bool:
        """False: there is no such account any more."""
        ...

    def remove(self, credential: MqttCredential) -> None: ...


@dataclass(frozen=True, slots=True)
class Repair:
    """Usernames of accounts that had other rights than they should, and of those that are not there."""

    changed: tuple[str, ...]
    missing: tuple[str, ...]


class BrokerAccounts(Protocol):
    """The broker's own book of accounts. Raises Retryable."""

    def prepare(self) -> None:
        """Nobody may do anything that no role allows, and we may do what we need; safe to repeat."""
        ...

    def put(self, credential: MqttCredential, password: str) -> None:
        """Make the account, or give it another password; whoever is connected with it must come again."""
        ...

    def remove(self, credential: MqttCredential) -> None:
        """Whoever is connected with it is disconnected; safe to repeat."""
        ...

    def remove_username(self, username: str) -> None: ...

    def remove_roles(self, tenant_id: str) -> None:
        """What a tenant's accounts were allowed, once it has none; safe to repeat."""
        ...

    def usernames(self) -> frozenset[str]:
        """Of tenants' programs."""
        ...

    def repair(self, credentials: Sequence[MqttCredential]) -> Repair:
        """Let accounts that are there do what they should, and only that."""
        ...

    def new_file(self, credentials: Sequence[MqttCredential]) -> str:
        """What a new broker starts with to have these accounts, with the passwords they have now."""
        ...


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What was found when broker and database were compared."""

    accounts: int
    strangers_removed: tuple[str, ...]
    repaired: tuple[str, ...]
    missing: tuple[str, ...]


class MqttAccessService:
    """Use cases of accounts. `broker` None: it asks us, over HTTP; `is_kept` False: it asks nobody."""

    def __init__(
        self,
        credentials: MqttCredentialRepository,
        broker: BrokerAccounts | None,
        clock: Clock,
        *,
        is_kept: bool,
    ) -> None:
        self._credentials = credentials
        self._broker = broker
        self._clock = clock
        self.is_kept = is_kept

    def create(
        self, tenant: Tenant, name: str, role: MqttRole, *, created_by: str = "cli"
    ) -> tuple[MqttCredential, str]:
        """A new account and its password, which nobody can read later.

        The database knows of it first; if the broker cannot be told, it forgets it again.
        Raises InvalidInput, Conflict, Retryable.
        """
        self._check_kept()
        check_name(name)
        if len(self._credentials.of_tenant(tenant.id)) >= MAX_CREDENTIALS:
            raise Conflict(f"The tenant has {MAX_CREDENTIALS} accounts; remove one first.")
        password, now = secrets.token_urlsafe(32), self._clock.now()
        made = MqttCredential(secrets.token_hex(8), tenant.id, name, role, _hash(password), now, created_by)
        self._credentials.insert(made)
        try:
            self._tell(made, password)
        except AppError:
            self._credentials.remove(made)
            raise
        if self._credentials.find(tenant.id, made.id) is None:
            self._untell(made)
            raise Conflict("Somebody removed the account while it was made.")
        log.info("mqtt_account_created", username=made.username, role=role.value)
        return made, password

    def list(self, tenant_id: str) -> Sequence[MqttCredential]:
        """In order of name."""
        return self._credentials.of_tenant(tenant_id)

    def get(self, tenant_id: str, credential_id: str) -> MqttCredential:
        """Raises NotFound."""
        found = self._credentials.find(tenant_id, credential_id)
        if found is None:
            raise NotFound(f"There is no MQTT account '{credential_id}'.")
        return found

    def rotate(self, tenant_id: str, credential_id: str) -> tuple[MqttCredential, str]:
        """Another password; whoever came with the old one is disconnected. Raises NotFound, Retryable."""
        known, password = self.get(tenant_id, credential_id), secrets.token_urlsafe(32)
        password_hash, now = _hash(password), self._clock.now()
        self._tell(known, password)
        if not self._credentials.replace_password(known, password_hash, now):
            self._untell(known)  # somebody removed it meanwhile, and we have just made it again
            raise NotFound(f"There is no MQTT account '{credential_id}'.")
        log.info("mqtt_account_rotated", username=known.username)
        return replace(known, password_hash=password_hash, rotated_at=now), password

    def remove(self, tenant_id: str, credential_id: str) -> None:
        """Raises NotFound, Retryable."""
        self._forget(self.get(tenant_id, credential_id))

    def remove_all(self, tenant_id: str) -> None:
        """Those of a tenant that is deleted. Raises Retryable."""
        for credential in self._credentials.of_tenant(tenant_id):
            self._forget(credential)
        if self._broker is not None:
            self._broker.remove_roles(tenant_id)

    def sync(self) -> SyncReport:
        """Bring the broker in line: its rules, nobody whom we do not know, and each with their own rights.

        An account that the broker has lost can only come back with `new_broker_file`, or by rotating it:
        nobody has its password. Raises Retryable.
        """
        there = self._at_broker()
        credentials = self._credentials.all()  # after it: what is there now was known before
        if self._broker is None:
            return SyncReport(len(credentials), (), (), ())
        strangers = sorted(there - {credential.username for credential in credentials})
        for stranger in strangers:
            self._broker.remove_username(stranger)
        repair = self._broker.repair(credentials)
        report = SyncReport(len(credentials), tuple(strangers), repair.changed, repair.missing)
        if strangers or repair.changed or repair.missing:
            log.warning(
                "mqtt_accounts_differed",
                strangers_removed=strangers,
                repaired=repair.changed,
                missing=repair.missing,
            )
        return report

    def new_broker_file(self) -> str:
        """For a broker that is new or has lost its accounts; holds hashes, so it is as secret as they are.

        Raises Conflict (the broker keeps no accounts), Retryable.
        """
        if self._broker is None:
            raise Conflict("The broker of this installation is told no accounts (MQTT_ACCESS).")
        return self._broker.new_file(self._credentials.all())

    def authenticate(self, username: str, password: str, client_id: str = "") -> bool:
        """For a broker that asks us: is this the account's password, and may it call itself that?

        A client id that is somebody else's would end their connection and take their messages over
        (MQTT 3.1.1, 3.1.4-2).
        """
        known = self._credentials.find_by_username(username)
        fits = is_password(password, known.password_hash if known else _NOBODY)
        return fits and known is not None and is_clients_name(known, client_id)

    def allows(self, username: str, action: str, topic: str) -> bool:
        """For a broker that asks us: may this account `publish` there, or `subscribe` to that?"""
        known = self._credentials.find_by_username(username)
        return known is not None and may(known, action, topic)

    def _at_broker(self) -> frozenset[str]:
        if self._broker is None:
            return frozenset()
        self._broker.prepare()
        return self._broker.usernames()

    def _forget(self, credential: MqttCredential) -> None:
        """At the broker first: if it is away, nothing has changed. And last: it may have been rotated."""
        self._untell(credential)
        self._credentials.remove(credential)
        self._untell(credential)
        log.info("mqtt_account_removed", username=credential.username)

    def _tell(self, credential: MqttCredential, password: str) -> None:
        if self._broker is not None:
            self._broker.put(credential, password)

    def _untell(self, credential: MqttCredential) -> None:
        if self._broker is not None:
            self._broker.remove(credential)

    def _check_kept(self) -> None:
        if not self.is_kept:
            raise Conflict("The broker of this installation keeps no accounts (MQTT_ACCESS is none).")


def _hash(password: str) -> str:
    return hash_password(password, secrets.token_bytes(SALT_BYTES))
