"""Every document of a tenant, read as a stream."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.storage import api_keys, tenants, users
from app.storage.mongo import Databases, store_errors

_ON_THE_PLATFORM = (users.NAME, api_keys.NAME)
_NOT_THEIRS = frozenset({"counters", "outbox", "leases", "idempotency_keys"})


class MongoTenantData:
    """Port `TenantData`."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    def documents(self, tenant_id: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Collections in order of name, each in order of `_id`."""
        with store_errors():
            for document in self._databases.platform[tenants.NAME].find({"_id": tenant_id}):
                yield "tenant", document
            for name in _ON_THE_PLATFORM:
                of_them = self._databases.platform[name].find({"tenant_id": tenant_id})
                for document in of_them.sort("_id", 1):
                    yield name, document
            database = self._databases.of(tenant_id)
            for name in sorted(set(database.list_collection_names()) - _NOT_THEIRS):
                for document in database[name].find().sort("_id", 1):
                    yield name, document
