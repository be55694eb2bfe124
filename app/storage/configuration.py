"""Configuration mirrors in MongoDB: one document for each charge point."""

from collections.abc import Iterable
from dataclasses import asdict

from pymongo.collection import Collection

from app.domain.configuration import ConfigurationKey, ConfigurationMirror
from app.domain.context import ChargePointRef
from app.storage.mongo import Databases, Document, store_errors

NAME = "configurations"
MAX_KEYS = 2000


class MongoConfigurations:
    """Port `ConfigurationRepository`. Keys stand in a list: their names may hold dots."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    def _collection(self, tenant_id: str) -> Collection[Document]:
        return self._databases.collection(tenant_id, NAME)

    def find(self, ref: ChargePointRef) -> ConfigurationMirror:
        """An empty mirror if there is none."""
        with store_errors():
            document = self._collection(ref.tenant_id).find_one({"_id": ref.charge_point_id}) or {}
        keys = {key["key"].casefold(): ConfigurationKey(**key) for key in document.get("keys", ())}
        return ConfigurationMirror(ref, keys, frozenset(document.get("unknown", ())), document.get("read_at"))

    def put(self, ref: ChargePointRef, keys: Iterable[ConfigurationKey], unknown: Iterable[str]) -> None:
        """The whole mirror anew; of two at once the later wins, and the next reading tells all again."""
        known = self.find(ref)
        given = {key.key.casefold(): key for key in keys}
        merged = dict(list((dict(known.keys) | given).items())[:MAX_KEYS])
        left = sorted(({*known.unknown, *unknown}) - {key.key for key in merged.values()})[:MAX_KEYS]
        read_at = max((key.reported_at for key in given.values()), default=known.read_at)
        document = {
            "tenant_id": ref.tenant_id,
            "keys": [asdict(key) for key in merged.values()],
            "unknown": left,
            "read_at": read_at,
        }
        with store_errors():
            self._collection(ref.tenant_id).replace_one({"_id": ref.charge_point_id}, document, upsert=True)
