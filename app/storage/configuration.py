"""Configuration mirrors in MongoDB: one document for each charge point."""

from dataclasses import asdict

from pymongo.collection import Collection

from app.domain.configuration import ConfigurationKey, ConfigurationMirror, Refusal
from app.domain.context import ChargePointRef
from app.storage.mongo import Databases, Document, members_of, store_errors

NAME = "configurations"


class MongoConfigurations:
    """Port `ConfigurationRepository`. Keys stand in lists: their names may hold dots."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    def _collection(self, tenant_id: str) -> Collection[Document]:
        return self._databases.collection(tenant_id, NAME)

    def find(self, ref: ChargePointRef) -> ConfigurationMirror:
        """An empty mirror if there is none."""
        with store_errors():
            document = self._collection(ref.tenant_id).find_one({"_id": ref.charge_point_id}) or {}
        return ConfigurationMirror(
            ref,
            {
                key["key"].casefold(): ConfigurationKey(**members_of(ConfigurationKey, key))
                for key in document.get("keys", ())
            },
            frozenset(document.get("unknown", ())),
            {key: Refusal(**members_of(Refusal, told)) for key, told in document.get("refused", ())},
            document.get("read_at"),
        )

    def save(self, mirror: ConfigurationMirror) -> None:
        """Replaces what is there."""
        ref = mirror.charge_point
        document = {
            "tenant_id": ref.tenant_id,
            "keys": [asdict(key) for key in mirror.keys.values()],
            "unknown": sorted(mirror.unknown),
            "refused": [[key, asdict(refusal)] for key, refusal in mirror.refused.items()],
            "read_at": mirror.read_at,
        }
        with store_errors():
            self._collection(ref.tenant_id).replace_one({"_id": ref.charge_point_id}, document, upsert=True)

    def delete(self, ref: ChargePointRef) -> None:
        """Nothing is left."""
        with store_errors():
            self._collection(ref.tenant_id).delete_one({"_id": ref.charge_point_id})
