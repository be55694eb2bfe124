"""Events between the change that they tell of and the broker."""

from collections.abc import Iterator

import orjson

from app.domain.consistency import Disagreement
from app.domain.events import EventChannel
from app.storage import charge_points, commands, outbox, sessions
from app.storage.consistency.look import Look, in_parts
from app.storage.mongo import Document, store_errors
from app.storage.untold import FIELD


def forgotten_events(look: Look) -> Iterator[Disagreement]:
    """An event moves from its document to the outbox at once, or a sweep moves it."""
    before = outbox.first_id_at(look.now - look.patience.usual)
    waiting = {f"{FIELD}._id": {"$gt": "", "$lt": before}}
    for name in (sessions.NAME, commands.NAME):
        for document in look.read(name, waiting, (f"{FIELD}._id",)):
            oldest = min(entry["_id"] for entry in document[FIELD])
            told = f"Its event {oldest} of {name} was not moved to the outbox."
            yield look.says("event_forgotten", document["_id"], told)


def stuck_outbox(look: Look) -> Iterator[Disagreement]:
    """The relay empties the outbox, oldest first."""
    old = {"_id": {"$lt": outbox.first_id_at(look.now - look.patience.long)}}
    with store_errors():
        waiting = look.collection(outbox.NAME).count_documents(old)
        oldest = look.collection(outbox.NAME).find_one(old, {"_id": 1}, sort=[("_id", 1)])
    if waiting and oldest is not None:
        told = f"{waiting} entries are older than {look.patience.long}, as {oldest['_id']}; is the relay up?"
        yield look.says("outbox_stuck", "outbox", told)


def outbox_entries(look: Look) -> Iterator[Disagreement]:
    """Every entry can be read and told, of this tenant and a charge point that is known.

    What was written a moment ago may tell of a charge point that was removed since.
    """
    old = {"_id": {"$lt": outbox.first_id_at(look.now - look.patience.usual)}}
    for part in in_parts(look.read(outbox.NAME, old)):
        of_points = {document["_id"]: _charge_points_of(document) for document in part}
        named = sorted({cp_id for ids in of_points.values() for cp_id in ids or ()})
        unknown = {cp_id for some in in_parts(named) for cp_id in look.unknown(charge_points.NAME, some)}
        for document in part:
            ids = of_points[document["_id"]]
            if ids is None or document["tenant_id"] != look.tenant.id:
                yield look.says("outbox_entry_unreadable", document["_id"], "The relay cannot tell it.")
            elif ids & unknown:
                told = f"It tells of {', '.join(sorted(ids & unknown))}, which is not known."
                yield look.says("event_of_unknown_charge_point", document["_id"], told)


def _charge_points_of(document: Document) -> set[str] | None:
    """None if the entry is none."""
    try:
        events = orjson.loads(document["events"])
        return {charge_point_id for channel, charge_point_id, _ in events if EventChannel(channel)}
    except (KeyError, TypeError, ValueError):
        return None
