"""API keys: made, shown once, checked, rotated, revoked.

The secret has 256 random bits, so nobody guesses it whatever a guess costs: SHA-256 keeps a stolen database
from being a list of keys, and checking one costs nothing. A slow hash is for passwords, which people choose.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from app.domain.api_key import KEY_MARK, ApiKey, check_new_key, parsed_key
from app.domain.errors import NotAuthenticated, NotFound
from app.domain.permissions import Permission
from app.domain.user import Role
from app.services.ports import Clock, Page, PageRequest

log = structlog.stdlib.get_logger(__name__)
_USE_IS_NOTED_EVERY = timedelta(minutes=1)
_REFUSED = "The API key is not valid."
_NOBODY = hashlib.sha256(b"").hexdigest()


class ApiKeyRepository(Protocol):
    """Keys of all tenants and of the platform: who presents one does not say whose it is."""

    def insert(self, key: ApiKey) -> None: ...

    def find(self, key_id: str) -> ApiKey | None:
        """Whosever it is."""
        ...

    def list_page(self, tenant_id: str | None, page: PageRequest) -> Page[ApiKey]:
        """Of one tenant, or the platform's; newest first."""
        ...

    def replace_secret(self, key_id: str, secret_hash: str) -> None: ...

    def note_use(self, key_id: str, at: datetime) -> None: ...

    def remove(self, key_id: str) -> None: ...

    def remove_all(self, tenant_id: str) -> None:
        """All of a tenant."""
        ...


class ApiKeyService:
    """Use cases of keys. `tenant_id` None means the platform's own."""

    def __init__(self, keys: ApiKeyRepository, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    def create(
        self,
        tenant_id: str | None,
        name: str,
        role: Role,
        scopes: Iterable[Permission] | None = None,
        expires_at: datetime | None = None,
        *,
        created_by: str = "cli",
    ) -> tuple[ApiKey, str]:
        """A new key, and its text, which nobody can read later. Raises InvalidInput."""
        now, secret = self._clock.now(), secrets.token_urlsafe(32)
        chosen = None if scopes is None else frozenset(scopes)
        check_new_key(name, role, chosen, tenant_id, expires_at, now)
        key = ApiKey(
            secrets.token_hex(8),
            tenant_id,
            name.strip(),
            role,
            chosen,
            _hash(secret),
            now,
            created_by,
            expires_at,
        )
        self._keys.insert(key)
        log.info("api_key_created", key_id=key.id, owner=tenant_id)
        return key, _text(key, secret)

    def authenticate(self, presented: str) -> ApiKey:
        """The key that this is. Raises NotAuthenticated, alike for unknown, wrong and ended ones."""
        key_id, secret = parsed_key(presented) or ("", "")
        key = self._keys.find(key_id) if key_id else None
        fits = hmac.compare_digest(key.secret_hash if key else _NOBODY, _hash(secret))
        now = self._clock.now()
        if key is None or not fits or key.is_over(now):
            raise NotAuthenticated(_REFUSED)
        if key.last_used_at is None or now - key.last_used_at >= _USE_IS_NOTED_EVERY:
            self._keys.note_use(key.id, now)
        return key

    def get(self, tenant_id: str | None, key_id: str) -> ApiKey:
        """Raises NotFound, also for another tenant's."""
        key = self._keys.find(key_id)
        if key is None or key.tenant_id != tenant_id:
            raise NotFound(f"There is no API key '{key_id}'.")
        return key

    def list_page(self, tenant_id: str | None, page: PageRequest) -> Page[ApiKey]:
        """Newest first."""
        return self._keys.list_page(tenant_id, page)

    def rotate(self, tenant_id: str | None, key_id: str) -> tuple[ApiKey, str]:
        """Another secret for the same key; the old one ends at once. Raises NotFound."""
        key, secret = self.get(tenant_id, key_id), secrets.token_urlsafe(32)
        self._keys.replace_secret(key.id, _hash(secret))
        log.info("api_key_rotated", key_id=key.id, owner=tenant_id)
        return replace(key, secret_hash=_hash(secret)), _text(key, secret)

    def revoke(self, tenant_id: str | None, key_id: str) -> None:
        """It is refused from the next request on. Raises NotFound."""
        self._keys.remove(self.get(tenant_id, key_id).id)
        log.info("api_key_revoked", key_id=key_id, owner=tenant_id)

    def remove_all(self, tenant_id: str) -> None:
        """Those of a tenant that is deleted."""
        self._keys.remove_all(tenant_id)


def _text(key: ApiKey, secret: str) -> str:
    return f"{KEY_MARK}_{key.id}_{secret}"


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
