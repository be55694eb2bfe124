"""Tenants in MongoDB. Every change raises one version number, which is all that watchers ask for."""

from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from app.domain.errors import Conflict
from app.domain.tenant import (
    Tenant,
    TenantConfiguration,
    TenantStatus,
    configuration_as_dict,
    configured,
)
from app.storage.charge_points import fill_id_keys
from app.storage.counters import create_counters
from app.storage.indexes import create_platform_indexes, create_tenant_indexes
from app.storage.mongo import Databases, Document, store_errors

NAME = "tenants"
_VERSION = {"_id": "tenants_version"}


class MongoTenants:
    """Port `TenantRepository`."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    def version(self) -> int:
        """0 before the first change."""
        with store_errors():
            document = self._databases.platform["counters"].find_one(_VERSION)
        return int(document["value"]) if document else 0

    def all(self) -> list[Tenant]:
        """In order of id."""
        with store_errors():
            return [_tenant_of(document) for document in self._databases.platform[NAME].find().sort("_id", 1)]

    def find(self, tenant_id: str) -> Tenant | None:
        """By id."""
        with store_errors():
            document = self._databases.platform[NAME].find_one({"_id": tenant_id})
        return _tenant_of(document) if document else None

    def insert(self, tenant: Tenant) -> None:
        """Its database is ready before anybody can see it."""
        create_tenant_indexes(self._databases, tenant.id)
        create_counters(self._databases, tenant.id)
        try:
            self._databases.transact(lambda session: self._insert(tenant, session))
        except DuplicateKeyError as taken:
            raise Conflict("The tenant id or the charge point prefix is taken.") from taken

    def replace(self, tenant: Tenant) -> None:
        """All of it."""
        self._databases.transact(lambda session: self._replace(tenant, session))

    def _insert(self, tenant: Tenant, session: ClientSession) -> None:
        self._databases.platform[NAME].insert_one(_document_of(tenant), session=session)
        self._raise_version(session)

    def _replace(self, tenant: Tenant, session: ClientSession) -> None:
        document = _document_of(tenant)
        self._databases.platform[NAME].replace_one({"_id": tenant.id}, document, session=session)
        self._raise_version(session)

    def _raise_version(self, session: ClientSession) -> None:
        self._databases.platform["counters"].update_one(
            _VERSION, {"$inc": {"value": 1}}, upsert=True, session=session
        )

    def prepare(self) -> None:
        """Create every index."""
        create_platform_indexes(self._databases)
        for tenant in self.all():
            create_tenant_indexes(self._databases, tenant.id)
            create_counters(self._databases, tenant.id)
            fill_id_keys(self._databases, tenant.id)


def _document_of(tenant: Tenant) -> Document:
    document = {
        "_id": tenant.id,
        "name": tenant.name,
        "database_name": tenant.database_name,
        "configuration": configuration_as_dict(tenant.configuration),
        "status": tenant.status.value,
        "created_at": tenant.created_at,
    }
    if tenant.charge_point_prefixes:  # absent, not empty: an empty list would be a unique value
        document["charge_point_prefixes"] = list(tenant.charge_point_prefixes)
    return document


def _tenant_of(document: Document) -> Tenant:
    """Settings that this version does not know are left alone; missing ones get their default."""
    known = configuration_as_dict(TenantConfiguration())
    former = document["configuration"]
    if former.get("accept_unknown_charge_points"):  # its name before there were three answers
        former.setdefault("unknown_charge_points", "accept")
    stored = {name: value for name, value in former.items() if name in known}
    return Tenant(
        document["_id"],
        document["name"],
        tuple(document.get("charge_point_prefixes", ())),
        configured(TenantConfiguration(), stored),
        TenantStatus(document["status"]),
        document["created_at"],
    )
