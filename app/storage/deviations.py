"""Counts of deviations in MongoDB: one document for each charge point that deviated."""

from pymongo import UpdateOne

from app.domain.context import ChargePointRef
from app.services.batch import Batch
from app.services.deviations import Deviations
from app.storage.mongo import Databases, Document, store_errors

NAME = "deviations"


def deviation_writes(batch: Batch) -> list[UpdateOne]:
    """What a batch adds; seen when its last frame came."""
    if not batch.deviations:
        return []
    at = max(exchange.received_at for exchange in batch.exchanges)
    return [
        UpdateOne(
            {"_id": charge_point_id},
            {
                "$inc": {f"counts.{name}": count for name, count in counts.items()},
                "$set": {"last_at": at, "tenant_id": batch.tenant.id},
                "$setOnInsert": {"since": at},
            },
            upsert=True,
        )
        for charge_point_id, counts in batch.deviations.items()
    ]


class MongoDeviations:
    """Port `DeviationRepository`."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    def find(self, ref: ChargePointRef) -> Deviations:
        """Empty if there are none."""
        with store_errors():
            found: Document = (
                self._databases.collection(ref.tenant_id, NAME).find_one({"_id": ref.charge_point_id}) or {}
            )
        return Deviations(found.get("counts", {}), found.get("since"), found.get("last_at"))

    def clear(self, ref: ChargePointRef) -> None:
        """Forget the counts."""
        with store_errors():
            self._databases.collection(ref.tenant_id, NAME).delete_one({"_id": ref.charge_point_id})
