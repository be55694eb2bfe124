"""A step, and the way in which steps change many documents."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from pymongo import UpdateOne
from pymongo.collection import Collection
from pymongo.database import Database

from app.storage.mongo import Document

AT_ONCE = 500


class Scope(StrEnum):
    """Which databases a step is for."""

    PLATFORM = "platform"
    TENANT = "tenant"


Advance = Callable[[int], None]
"""Told after each part how many documents it changed. Raises Conflict if this run must not go on."""


@dataclass(frozen=True, slots=True)
class Step:
    """One file of this folder. `pending` counts what `apply` would change; that answers how much it did.

    `always`: it also mends what was lost since, so every run looks whether it is needed.
    """

    version: int
    name: str
    told: str
    scope: Scope
    always: bool
    pending: Callable[[Database[Document]], int]
    apply: Callable[[Database[Document], Advance], int]


def change_all(
    collection: Collection[Document],
    query: Document,
    change: Callable[[Document], Document],
    advance: Advance,
) -> int:
    """Make the change that follows from each document that fits; some at a time, in one write each."""
    writes: list[UpdateOne] = []
    changed = 0

    def flush() -> None:
        nonlocal changed
        if writes:
            collection.bulk_write(writes, ordered=False)
            changed += len(writes)
            advance(len(writes))
            writes.clear()

    for document in collection.find(query).batch_size(AT_ONCE):
        writes.append(UpdateOne({"_id": document["_id"]}, change(document)))
        if len(writes) == AT_ONCE:
            flush()
    flush()
    return changed
