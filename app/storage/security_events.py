"""Security events in MongoDB: append-only."""

from dataclasses import asdict

from pymongo.errors import DuplicateKeyError

from app.domain.security_event import EventSource, SecurityEvent
from app.services.ports import Page, PageRequest
from app.storage.mongo import Databases, Document, store_errors
from app.storage.paging import read_page

NAME = "security_events"


def _noticed(document: Document) -> SecurityEvent:
    known = {name: value for name, value in document.items() if name != "_id"}
    return SecurityEvent(id=document["_id"], **(known | {"source": EventSource(known["source"])}))


class MongoSecurityEvents:
    """Port `SecurityEventRepository`."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    def insert(self, noticed: SecurityEvent) -> bool:
        """False if it is there."""
        document = asdict(noticed) | {"source": noticed.source.value}
        document["_id"] = document.pop("id")
        try:
            with store_errors():
                self._databases.collection(noticed.tenant_id, NAME).insert_one(document)
        except DuplicateKeyError:
            return False
        return True

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[SecurityEvent]:
        """Newest first."""
        events = self._databases.collection(tenant_id, NAME)
        return read_page(events, page, _noticed, newest_by="received_at")
