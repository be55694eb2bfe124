"""MQTT accounts in MongoDB, in the platform's database: the broker asks for them by their name."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from app.domain.errors import Conflict
from app.domain.mqtt_access import MqttCredential, MqttRole
from app.storage.mongo import Databases, Document, members_of, store_errors

NAME = "mqtt_credentials"


class MongoMqttCredentials:
    """Port `MqttCredentialRepository`. `_id` is the username."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    @property
    def _collection(self) -> Collection[Document]:
        return self._databases.platform[NAME]

    def insert(self, credential: MqttCredential) -> None:
        """Conflict if the tenant has one of this name."""
        try:
            with store_errors():
                self._collection.insert_one({"_id": credential.username} | asdict(credential))
        except DuplicateKeyError as taken:
            raise Conflict(f"There is an MQTT account '{credential.name}' already.") from taken

    def find(self, tenant_id: str, credential_id: str) -> MqttCredential | None:
        """By its id."""
        with store_errors():
            document = self._collection.find_one({"tenant_id": tenant_id, "id": credential_id})
        return _credential_of(document) if document else None

    def find_by_username(self, username: str) -> MqttCredential | None:
        """As the broker knows it."""
        with store_errors():
            document = self._collection.find_one({"_id": username})
        return _credential_of(document) if document else None

    def of_tenant(self, tenant_id: str) -> Sequence[MqttCredential]:
        """In order of name."""
        return self._read({"tenant_id": tenant_id})

    def all(self) -> Sequence[MqttCredential]:
        """In order of username."""
        return self._read({})

    def _read(self, query: Document) -> Sequence[MqttCredential]:
        with store_errors():
            return [_credential_of(document) for document in self._collection.find(query).sort("_id", 1)]

    def replace_password(self, credential: MqttCredential, password_hash: str, at: datetime) -> bool:
        """The only one from now on."""
        changes = {"password_hash": password_hash, "rotated_at": at}
        with store_errors():
            query = {"_id": credential.username, "id": credential.id}
            return self._collection.update_one(query, {"$set": changes}).matched_count > 0

    def remove(self, credential: MqttCredential) -> None:
        """Forget it."""
        with store_errors():
            self._collection.delete_one({"_id": credential.username, "id": credential.id})


def _credential_of(document: Document) -> MqttCredential:
    values = members_of(MqttCredential, document)
    return MqttCredential(**values | {"role": MqttRole(values["role"])})
