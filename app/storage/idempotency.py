"""Requests under idempotency keys in MongoDB. An index makes the server delete those that have expired."""

from datetime import datetime

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from app.services.idempotency import KeptAnswer, KnownRequest
from app.storage.mongo import Databases, Document, store_errors

NAME = "idempotency_keys"


class MongoIdempotencyKeys:
    """Port `IdempotencyRepository`. `expires_at` also tells one request under a key from a later one."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    def _collection(self, tenant_id: str | None) -> Collection[Document]:
        return (self._databases.platform if tenant_id is None else self._databases.of(tenant_id))[NAME]

    def begin(self, tenant_id: str | None, request: KnownRequest, now: datetime) -> KnownRequest | None:
        """One insert; only where that fails there is more to do."""
        keys, document = self._collection(tenant_id), _document_of(tenant_id, request)
        with store_errors():
            try:
                keys.insert_one(document)
            except DuplicateKeyError:
                expired = {"_id": request.id, "expires_at": {"$lte": now}}
                if keys.replace_one(expired, document).matched_count:
                    return None
                found = keys.find_one({"_id": request.id})
                return _request_of(found) if found else self.begin(tenant_id, request, now)
        return None

    def finish(self, tenant_id: str | None, request: KnownRequest, answered: KnownRequest) -> None:
        """One conditional write."""
        with store_errors():
            self._collection(tenant_id).replace_one(_itself(request), _document_of(tenant_id, answered))

    def forget(self, tenant_id: str | None, request: KnownRequest) -> None:
        """One conditional write."""
        with store_errors():
            self._collection(tenant_id).delete_one(_itself(request))


def _itself(request: KnownRequest) -> Document:
    return {"_id": request.id, "expires_at": request.expires_at}


def _document_of(tenant_id: str | None, request: KnownRequest) -> Document:
    answer = request.answer
    return {
        "_id": request.id,
        "tenant_id": tenant_id,
        "fingerprint": request.fingerprint,
        "expires_at": request.expires_at,
        "status": None if answer is None else answer.status,
        "sealed": None if answer is None else answer.sealed,
    }


def _request_of(document: Document) -> KnownRequest:
    status, sealed = document["status"], document["sealed"]
    answer = None if sealed is None else KeptAnswer(status, sealed)
    return KnownRequest(document["_id"], document["fingerprint"], document["expires_at"], answer)
