"""Commands in MongoDB. Each change of state is written with the event that tells of it."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from pymongo import ASCENDING
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from app.domain.command import Command, CommandStatus
from app.domain.events import Event
from app.services.ports import Page, PageRequest
from app.storage.mongo import Databases, Document, members_of, store_errors
from app.storage.paging import read_page
from app.storage.untold import FIELD, Untold

NAME = "commands"


def _document_of(command: Command) -> Document:
    document = asdict(command)
    document["_id"] = document.pop("id")
    document["status"] = command.status.value
    document["warnings"], document["follow_ups"] = list(command.warnings), list(command.follow_ups)
    document["open"] = not command.status.is_final
    return document


def command_of(document: Document) -> Command:
    """The command a document describes."""
    known = members_of(Command, document)
    known["status"] = CommandStatus(known["status"])
    known["warnings"] = tuple(known["warnings"])
    known["follow_ups"] = tuple(known.get("follow_ups", ()))
    return Command(id=document["_id"], **known)


class MongoCommands:
    """Port `CommandRepository`."""

    def __init__(self, databases: Databases, untold: Untold) -> None:
        self._databases = databases
        self._untold = untold

    def _collection(self, tenant_id: str) -> Collection[Document]:
        return self._databases.collection(tenant_id, NAME)

    def insert(self, command: Command, events: Sequence[Event], order_key: int) -> bool:
        """Command and events in one write."""
        document = _document_of(command)
        document[FIELD] = self._untold.entries(command.tenant_id, events, order_key)
        try:
            with store_errors():
                self._collection(command.tenant_id).insert_one(document)
        except DuplicateKeyError:
            return False
        self._untold.tell(command.tenant_id, NAME, document)
        return True

    def find(self, tenant_id: str, command_id: str) -> Command | None:
        """By id."""
        with store_errors():
            document = self._collection(tenant_id).find_one({"_id": command_id})
        return command_of(document) if document else None

    def list_page(self, tenant_id: str, page: PageRequest) -> Page[Command]:
        """Newest first."""
        return read_page(self._collection(tenant_id), page, command_of, newest_by="created_at")

    def move(
        self, command: Command, came_from: Sequence[CommandStatus], events: Sequence[Event], order_key: int
    ) -> bool:
        """The new state and its events in one write."""
        changed = _document_of(command)
        itself = {"_id": changed.pop("_id")}
        entries = self._untold.entries(command.tenant_id, events, order_key)
        with store_errors():
            written = self._collection(command.tenant_id).update_one(
                itself | {"status": {"$in": [status.value for status in came_from]}},
                {"$set": changed, "$push": {FIELD: {"$each": entries}}},
            )
        if written.matched_count:
            self._untold.tell(command.tenant_id, NAME, itself | {FIELD: entries})
        return written.matched_count > 0

    def note_late_answer(self, tenant_id: str, command_id: str, answer: dict[str, Any]) -> None:
        """Beside the result, which stays."""
        with store_errors():
            self._collection(tenant_id).update_one({"_id": command_id}, {"$set": {"late_answer": answer}})

    def waiting(self, tenant_id: str, charge_point_ids: Iterable[str]) -> list[Command]:
        """Queued, oldest first."""
        whose = {"$in": list(charge_point_ids)}
        query = {"charge_point_id": whose, "status": CommandStatus.QUEUED.value, "open": True}
        with store_errors():
            found = self._collection(tenant_id).find(query).sort("created_at", ASCENDING)
            return [command_of(document) for document in found]

    def list_open(self, tenant_id: str) -> list[Command]:
        """Queued and sent ones."""
        query = {"open": True, "status": {"$in": [CommandStatus.QUEUED.value, CommandStatus.SENT.value]}}
        with store_errors():
            return [command_of(document) for document in self._collection(tenant_id).find(query)]
