"""What every check is given: a tenant, the time, and a way to read that needs little memory."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TypeVar

from pymongo.collection import Collection

from app.domain.consistency import Disagreement, Patience
from app.domain.tenant import Tenant
from app.storage.mongo import Databases, Document, store_errors

T = TypeVar("T")
AT_ONCE = 200
"""How many documents are in memory, and asked for together, at a time."""
Order = Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Look:
    """One tenant as of `now`. `live_gateways` None: Redis does not say who lives.

    `note_read` is told the number of documents that were read, for those who wait.
    """

    databases: Databases
    tenant: Tenant
    now: datetime
    patience: Patience
    live_gateways: frozenset[str] | None
    note_read: Callable[[int], None]

    def collection(self, name: str) -> Collection[Document]:
        """One of the tenant's."""
        return self.databases.collection(self.tenant.id, name)

    def read(
        self,
        name: str,
        query: Document | None = None,
        fields: Sequence[str] | None = None,
        order: Order | None = None,
    ) -> Iterator[Document]:
        """Documents one after the other, a few at a time in memory. Raises Retryable."""
        projection = None if fields is None else dict.fromkeys(fields, 1)
        with store_errors():
            cursor = self.collection(name).find(query or {}, projection).batch_size(AT_ONCE)
            for number, document in enumerate(cursor.sort(order) if order else cursor, 1):
                if number % AT_ONCE == 0:
                    self.note_read(AT_ONCE)
                yield document

    def unknown(self, name: str, wanted: Iterable[str]) -> set[str]:
        """Which of these ids the collection does not have; at most `AT_ONCE` of them."""
        ids = set(wanted)
        with store_errors():
            found = self.collection(name).find({"_id": {"$in": sorted(ids)}}, {"_id": 1})
            return ids - {document["_id"] for document in found}

    def says(self, check: str, subject: object, told: str) -> Disagreement:
        """A finding about this tenant."""
        return Disagreement(check, self.tenant.id, str(subject), told)


def in_parts(items: Iterable[T]) -> Iterator[list[T]]:
    """`AT_ONCE` at a time."""
    rest = iter(items)
    while part := list(islice(rest, AT_ONCE)):
        yield part
