"""Tenants in MongoDB. Every change raises one version number, which is all that watchers ask for."""

from dataclasses import replace

from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from app.domain.errors import Conflict
from app.domain.tenant import Tenant, TenantStatus
from app.domain.tenant_configuration import configuration_as_dict, stored_configuration
from app.services.ports import Page, PageRequest
from app.storage.migrations import migrate, prepare_tenant
from app.storage.mongo import Databases, Document, store_errors
from app.storage.paging import read_page

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
        prepare_tenant(self._databases, tenant.id)
        try:
            self._databases.transact(lambda session: self._insert(tenant, session))
        except DuplicateKeyError as taken:
            raise Conflict("The tenant id or the charge point prefix is taken.") from taken

    def list_page(self, page: PageRequest) -> Page[Tenant]:
        """In order of id."""
        return read_page(self._databases.platform[NAME], page, _tenant_of)

    def replace(self, tenant: Tenant) -> bool:
        """All of it, if nobody was faster."""
        try:
            return self._databases.transact(lambda session: self._replace(tenant, session))
        except DuplicateKeyError as taken:
            raise Conflict("The charge point prefix is taken.") from taken

    def remove(self, tenant_id: str) -> None:
        """The database first: a tenant that is still known is tried again."""
        with store_errors():
            self._databases.client.drop_database(self._databases.of(tenant_id).name)
        self._databases.transact(lambda session: self._remove(tenant_id, session))

    def _insert(self, tenant: Tenant, session: ClientSession) -> None:
        self._databases.platform[NAME].insert_one(_document_of(tenant), session=session)
        self._raise_version(session)

    def _replace(self, tenant: Tenant, session: ClientSession) -> bool:
        document = _document_of(replace(tenant, revision=tenant.revision + 1))
        newest = {"_id": tenant.id, "revision": tenant.revision or {"$in": [0, None]}}  # none in old ones
        stored = self._databases.platform[NAME].replace_one(newest, document, session=session)
        if stored.matched_count:
            self._raise_version(session)
        return stored.matched_count > 0

    def _remove(self, tenant_id: str, session: ClientSession) -> None:
        self._databases.platform[NAME].delete_one({"_id": tenant_id}, session=session)
        self._raise_version(session)

    def _raise_version(self, session: ClientSession) -> None:
        self._databases.platform["counters"].update_one(
            _VERSION, {"$inc": {"value": 1}}, upsert=True, session=session
        )

    def prepare(self) -> None:
        """All steps that are missing, and every index."""
        migrate(self._databases)


def _document_of(tenant: Tenant) -> Document:
    document = {
        "_id": tenant.id,
        "name": tenant.name,
        "database_name": tenant.database_name,
        "configuration": configuration_as_dict(tenant.configuration),
        "status": tenant.status.value,
        "created_at": tenant.created_at,
        "delete_at": tenant.delete_at,
        "revision": tenant.revision,
    }
    if tenant.charge_point_prefixes:  # absent, not empty: an empty list would be a unique value
        document["charge_point_prefixes"] = list(tenant.charge_point_prefixes)
    return document


def _tenant_of(document: Document) -> Tenant:
    former = dict(document["configuration"])
    if former.get("accept_unknown_charge_points"):  # its name before there were three answers
        former.setdefault("unknown_charge_points", "accept")
    return Tenant(
        document["_id"],
        document["name"],
        tuple(document.get("charge_point_prefixes", ())),
        stored_configuration(former),
        TenantStatus(document["status"]),
        document["created_at"],
        document.get("delete_at"),
        document.get("revision", 0),
    )
