"""The platform: tenants, their databases, and the people and keys that say whose they are."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.domain.consistency import Disagreement
from app.domain.tenant import database_name
from app.storage import api_keys, login_sessions, mqtt_credentials, tenants, users
from app.storage.consistency.look import in_parts
from app.storage.indexes import missing_indexes
from app.storage.mongo import PLATFORM_DATABASE, Databases, Document, store_errors

_OURS = database_name("")
_OF_TENANTS = (users.NAME, api_keys.NAME, mqtt_credentials.NAME, login_sessions.NAME)


@dataclass(frozen=True, slots=True)
class PlatformLook:
    """The whole installation as of `now`."""

    databases: Databases
    now: datetime
    note_read: Callable[[int], None]

    def tenant_ids(self) -> list[str]:
        """As stored."""
        with store_errors():
            return sorted(
                found["_id"] for found in self.databases.platform[tenants.NAME].find({}, {"_id": 1})
            )


def databases_of_tenants(look: PlatformLook) -> Iterator[Disagreement]:
    """Each tenant has a database, and each database a tenant."""
    with store_errors():
        there = {name for name in look.databases.client.list_database_names() if name.startswith(_OURS)}
    named = {database_name(tenant_id): tenant_id for tenant_id in look.tenant_ids()}
    for name in sorted(there - named.keys() - {PLATFORM_DATABASE}):
        yield Disagreement("database_without_tenant", None, name, "There is no such tenant.")
    for name in sorted(named.keys() - there):
        yield Disagreement("tenant_without_database", named[name], name, "There is no such database.")


def people_and_keys(look: PlatformLook) -> Iterator[Disagreement]:
    """Users, keys, accounts and logins belong to a tenant that is there, or to the platform."""
    known: Sequence[str | None] = [None, *look.tenant_ids()]
    for name in _OF_TENANTS:
        for document in _read(look, name, {"tenant_id": {"$nin": known}}, "tenant_id"):
            told = f"In {name}, it is of the tenant '{document['tenant_id']}', which is not there."
            yield Disagreement("of_unknown_tenant", document["tenant_id"], str(document["_id"]), told)


def logins(look: PlatformLook) -> Iterator[Disagreement]:
    """Who is logged in is somebody."""
    live = _read(look, login_sessions.NAME, {"ended_at": None}, "user_id", "tenant_id")
    for part in in_parts(live):
        ids = sorted({document["user_id"] for document in part})
        known = {found["_id"] for found in _read(look, users.NAME, {"_id": {"$in": ids}}, "_id")}
        for document in part:
            if document["user_id"] not in known:
                told = f"The user {document['user_id']} is not there."
                yield Disagreement("login_of_nobody", document["tenant_id"], str(document["_id"]), told)


def indexes(look: PlatformLook) -> Iterator[Disagreement]:
    """Without them nothing is unique, and all is slow."""
    for name in missing_indexes(look.databases, look.tenant_ids()):
        yield Disagreement("index_missing", None, name, "It is missing; run `migrate`.")


def _read(look: PlatformLook, name: str, query: Document, *fields: str) -> Iterator[Document]:
    with store_errors():
        for document in look.databases.platform[name].find(query, dict.fromkeys(fields, 1)):
            look.note_read(1)
            yield document
