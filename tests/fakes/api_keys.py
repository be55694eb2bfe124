"""API keys in memory."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from app.domain.api_key import ApiKey
from app.services.ports import Page, PageRequest
from tests.fakes.paging import page_of


class FakeApiKeyRepository:
    """`ApiKeyRepository` in memory."""

    def __init__(self) -> None:
        self.keys: dict[str, ApiKey] = {}

    def insert(self, key: ApiKey) -> None:
        """A new one."""
        self.keys[key.id] = key

    def find(self, key_id: str) -> ApiKey | None:
        """Whosever it is."""
        return self.keys.get(key_id)

    def list_page(self, tenant_id: str | None, page: PageRequest) -> Page[ApiKey]:
        """Newest first."""
        own = [key for key in self.keys.values() if key.tenant_id == tenant_id]
        return page_of(sorted(own, key=lambda key: (key.created_at, key.id), reverse=True), page)

    def replace_secret(self, key_id: str, secret_hash: str) -> None:
        """The only one from now on."""
        self._change(key_id, secret_hash=secret_hash)

    def note_use(self, key_id: str, at: datetime) -> None:
        """When it was used last."""
        self._change(key_id, last_used_at=at)

    def _change(self, key_id: str, **changes: Any) -> None:
        if key_id in self.keys:
            self.keys[key_id] = replace(self.keys[key_id], **changes)

    def remove(self, key_id: str) -> None:
        """Forget it."""
        self.keys.pop(key_id, None)

    def remove_all(self, tenant_id: str) -> None:
        """All of a tenant."""
        self.keys = {key_id: key for key_id, key in self.keys.items() if key.tenant_id != tenant_id}
