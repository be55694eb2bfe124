"""What goes on for a while and must end: commands, reservations, jobs, lists, deliveries."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from app.domain.command import CommandStatus, is_overdue
from app.domain.consistency import Disagreement
from app.domain.job import JobStatus
from app.domain.reservation import OPEN
from app.domain.webhook import DeliveryStatus
from app.storage import commands, jobs, local_lists, reservations, webhooks
from app.storage.consistency.look import Look, in_parts
from app.storage.mongo import Document

_OPEN: dict[str, Sequence[str]] = {
    commands.NAME: [status.value for status in CommandStatus if not status.is_final],
    reservations.NAME: [status.value for status in OPEN],
    jobs.FIRMWARE_JOBS: [status.value for status in JobStatus if status.is_open],
    jobs.DIAGNOSTICS_JOBS: [status.value for status in JobStatus if status.is_open],
    webhooks.DELIVERIES: [DeliveryStatus.WAITING.value],
}


def open_flags(look: Look) -> Iterator[Disagreement]:
    """`open` says of each whether it is over; indexes and sweeps go by it, people by the status."""
    for name, statuses in _OPEN.items():
        for query in (
            {"open": True, "status": {"$nin": statuses}},
            {"open": {"$ne": True}, "status": {"$in": statuses}},
        ):
            for document in look.read(name, query, ("status", "open")):
                told = f"In {name} it is {document['status']}, and open is {document.get('open')}."
                yield look.says("open_flag_differs", document["_id"], told)


def overdue_commands(look: Look) -> Iterator[Disagreement]:
    """A command ends by its answer, its time-out or its expiry."""
    query = {"open": True, "status": {"$in": _OPEN[commands.NAME]}}
    for document in look.read(commands.NAME, query):
        command = commands.command_of(document)
        waited = look.patience.usual
        if is_overdue(command, look.now - waited, waited.total_seconds()):
            told = f"It is still {command.status}, and should have ended; expiry {command.expires_at}."
            yield look.says("command_stuck", command.id, told)


def overdue_reservations(look: Look) -> Iterator[Disagreement]:
    """A reservation ends at its expiry."""
    over = look.now - look.patience.usual
    yield from _overdue(look, reservations.NAME, "expires_at", over, "reservation_stuck")


def overdue_jobs(look: Look) -> Iterator[Disagreement]:
    """A job of which nothing is heard is given up."""
    over = look.now - look.patience.long
    for name in (jobs.FIRMWARE_JOBS, jobs.DIAGNOSTICS_JOBS):
        yield from _overdue(look, name, "due_at", over, "job_stuck")


def overdue_deliveries(look: Look) -> Iterator[Disagreement]:
    """A delivery that does not get through is given up."""
    over = look.now - 2 * look.patience.long  # the sweep comes once an hour
    yield from _overdue(look, webhooks.DELIVERIES, "give_up_at", over, "delivery_stuck")


def _overdue(look: Look, name: str, field: str, over: datetime, check: str) -> Iterator[Disagreement]:
    query: Document = {"open": True, "status": {"$in": list(_OPEN[name])}, field: {"$lt": over}}
    for document in look.read(name, query, ("status", field)):
        told = f"In {name} it is still {document['status']}, and was due at {document[field]}."
        yield look.says(check, document["_id"], told)


def lists_that_wait(look: Look) -> Iterator[Disagreement]:
    """A local list waits for a command only while that is under way."""
    for part in in_parts(look.read(local_lists.NAME, {"pending": {"$ne": None}}, ("pending",))):
        waits_for = {document["pending"]: document["_id"] for document in part}
        under_way = {"_id": {"$in": sorted(waits_for)}}
        found = {one["_id"]: one for one in look.read(commands.NAME, under_way, ("open", "completed_at"))}
        for command_id, cp_id in waits_for.items():
            command = found.get(command_id)
            if command is None or _ended(command, look.now - look.patience.usual):
                told = f"Its local list waits for the command {command_id}, which is over."
                yield look.says("local_list_stuck", cp_id, told)


def _ended(command: Document, before: datetime) -> bool:
    return not command.get("open") and (command.get("completed_at") or before) <= before
