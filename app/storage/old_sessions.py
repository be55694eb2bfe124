"""Sessions that a tenant does not keep any longer, with their meter values."""

from datetime import datetime

from app.domain.session import SessionStatus
from app.storage import meter_values, sessions
from app.storage.mongo import Databases, Document, store_errors
from app.storage.untold import FIELD

_AT_ONCE = 500
_TOLD: Document = {"$in": [None, []]}


class MongoOldSessions:
    """Port `OldSessions`."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    def prune(self, tenant_id: str, before: datetime) -> int:
        """In pieces, oldest first; readings go before their session, so that none is left without."""
        deleted = 0
        with store_errors():
            began = self._databases.collection(tenant_id, sessions.NAME).find(
                {"opened_at": {"$lt": before}}, {"status": 1, "stop_time": 1, FIELD: 1}
            )
            due: list[str] = []
            for document in began.sort("opened_at", 1):
                if _is_due(document, before):
                    due.append(document["_id"])
                if len(due) == _AT_ONCE:
                    deleted += self._delete(tenant_id, due)
                    due = []
        return deleted + (self._delete(tenant_id, due) if due else 0)

    def _delete(self, tenant_id: str, session_ids: list[str]) -> int:
        with store_errors():
            readings = self._databases.collection(tenant_id, meter_values.NAME)
            readings.delete_many({"owner": {"$in": session_ids}})
            deleted = self._databases.collection(tenant_id, sessions.NAME).delete_many(
                {"_id": {"$in": session_ids}, FIELD: _TOLD}
            )
        return deleted.deleted_count


def _is_due(document: Document, before: datetime) -> bool:
    """Ended long enough ago, and told to everybody. What runs is never old."""
    ended = document.get("stop_time")
    is_active = document["status"] == SessionStatus.ACTIVE.value
    return not is_active and not document.get(FIELD) and (ended is None or ended < before)
