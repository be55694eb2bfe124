"""Local lists in MongoDB: one document for each charge point."""

from dataclasses import asdict
from typing import Any

from app.domain.context import ChargePointRef
from app.domain.id_tag import AuthorizationStatus
from app.domain.local_list import (
    ListEntry,
    ListPlan,
    ListState,
    ListUpdate,
    LocalList,
    Selection,
    UpdateMode,
    by_key,
)
from app.storage.mongo import Databases, Document, members_of, store_errors

NAME = "local_lists"
_PLAIN = ("version", "pending", "answer", "answered_at", "decided_at")


class MongoLocalLists:
    """Port `LocalListRepository`. Entries stand in a list: id tags may hold dots."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    def find(self, ref: ChargePointRef) -> LocalList:
        """An unknown one if there is none."""
        with store_errors():
            found = self._databases.collection(ref.tenant_id, NAME).find_one({"_id": ref.charge_point_id})
        if found is None:
            return LocalList(ref)
        return LocalList(
            ref,
            state=ListState(found["state"]),
            entries=None if found["entries"] is None else by_key(_entries_of(found["entries"])),
            wanted=_selection_of(found["wanted"]),
            plan=_plan_of(found["plan"]),
            **{name: found[name] for name in _PLAIN},
        )

    def put(self, known: LocalList) -> None:
        """The whole document anew: a charge point has one command under way, and only its news comes here."""
        ref = known.charge_point
        document: Document = {
            "_id": ref.charge_point_id,
            "tenant_id": ref.tenant_id,
            "state": known.state.value,
            "entries": None if known.entries is None else _documents(known.entries.values()),
            "wanted": known.wanted and asdict(known.wanted),
            "plan": known.plan and _plan_document(known.plan),
            **{name: getattr(known, name) for name in _PLAIN},
        }
        with store_errors():
            collection = self._databases.collection(ref.tenant_id, NAME)
            collection.replace_one({"_id": ref.charge_point_id}, document, upsert=True)


def _documents(entries: Any) -> list[Document]:
    return [asdict(entry) | {"status": entry.status.value} for entry in entries]


def _entries_of(documents: list[Document]) -> tuple[ListEntry, ...]:
    return tuple(
        ListEntry(**(members_of(ListEntry, document) | {"status": AuthorizationStatus(document["status"])}))
        for document in documents
    )


def _selection_of(document: Document | None) -> Selection | None:
    if document is None:
        return None
    return Selection(**(members_of(Selection, document) | {"id_tags": tuple(document["id_tags"])}))


def _plan_document(plan: ListPlan) -> Document:
    updates = plan.updates
    return {
        "command_id": plan.command_id,
        "mode": plan.mode.value,
        "entries": _documents(plan.entries),
        "selection": plan.selection and asdict(plan.selection),
        "updates": None if updates is None else [_update_document(update) for update in updates],
        "recovered_from": plan.recovered_from,
    }


def _plan_of(document: Document | None) -> ListPlan | None:
    if document is None:
        return None
    updates = document["updates"]
    return ListPlan(
        document["command_id"],
        UpdateMode(document["mode"]),
        _entries_of(document["entries"]),
        _selection_of(document["selection"]),
        None if updates is None else tuple(_update_of(update) for update in updates),
        document["recovered_from"],
    )


def _update_document(update: ListUpdate) -> Document:
    return {
        "version": update.version,
        "full": update.full,
        "entries": _documents(update.entries),
        "removed": list(update.removed),
    }


def _update_of(document: Document) -> ListUpdate:
    entries = _entries_of(document["entries"])
    return ListUpdate(document["version"], document["full"], entries, tuple(document["removed"]))
