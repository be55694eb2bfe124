"""Sessions by themselves, among each other, with their charge points and with their readings."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from app.domain.consistency import Disagreement, breaches_of
from app.domain.id_tag import id_tag_key
from app.domain.meter import MeterReading, energy_wh
from app.domain.reconciliation import next_starts
from app.domain.session import Session, SessionStatus
from app.storage import charge_points, meter_values, sessions
from app.storage.consistency.look import Look, in_parts
from app.storage.mongo import Document, store_errors
from app.storage.session_documents import session_of

_BY_CHARGE_POINT = [("charge_point_id", 1), ("opened_at", -1)]  # as the index has them
_READ_TOGETHER = 25  # a session of a day may have thousands of readings
_START = ("charge_point_id", "connector_id", "id_tag_key", "start_time", "start_meter_value")


def each_session(look: Look) -> Iterator[Disagreement]:
    """Does every session hold together by itself?"""
    for document in look.read(sessions.NAME):
        session = session_of(document)
        yield from breaches_of(session)
        told = _wrongly_derived(document, session, look.tenant.id)
        if told:
            yield look.says("session_fields_differ", session.id, told)


def _wrongly_derived(document: Document, session: Session, tenant_id: str) -> str | None:
    """What stands in a document twice, so that it can be asked for."""
    expected: Mapping[str, Any] = {
        "tenant_id": tenant_id,
        "id_tag_key": None if session.id_tag is None else id_tag_key(session.id_tag),
        "opened_at": session.start_time or session.stop_time,
    }
    if session.start_time is None and session.estimated:
        expected = {name: value for name, value in expected.items() if name != "opened_at"}
    wrong = [name for name, value in expected.items() if document.get(name) != value]
    if document.get("start_key") is None:
        wrong.append("start_key")
    return f"Its {', '.join(wrong)} does not follow from the rest." if wrong else None


def starts_kept_twice(look: Look) -> Iterator[Disagreement]:
    """One StartTransaction, two sessions: the energy would be billed twice."""
    fields = (*_START, "raw_start_time")
    of_start = look.read(sessions.NAME, {"start_time": {"$ne": None}}, fields, _BY_CHARGE_POINT)
    moments = groupby(of_start, key=lambda found: (found["charge_point_id"], found["start_time"]))
    for _, same_moment in moments:
        seen: dict[tuple[Any, ...], str] = {}
        for found in same_moment:
            first = seen.setdefault(tuple(found.get(name) for name in _START), found["_id"])
            if first != found["_id"] and not found.get("raw_start_time"):
                yield look.says("start_kept_twice", found["_id"], f"It began as {first} did, in everything.")


def running_sessions(look: Look) -> Iterator[Disagreement]:
    """Does what runs still run, on a charge point that is known?"""
    query = {"id_tag_key": {"$gte": ""}, "status": SessionStatus.ACTIVE.value}
    active = (session_of(found) for found in look.read(sessions.NAME, query, order=_BY_CHARGE_POINT))
    patience = 2 * look.patience.usual  # the sweep comes once a minute
    of_points = ((cp_id, list(some)) for cp_id, some in groupby(active, key=lambda one: one.charge_point_id))
    for part in in_parts(of_points):
        unknown = look.unknown(charge_points.NAME, (cp_id for cp_id, _ in part))
        for cp_id, running in part:
            for session_id, follower in next_starts(running).items():
                if follower < look.now - patience:
                    told = f"It runs, and another one began on its connector at {follower.isoformat()}."
                    yield look.says("replaced_session_runs", session_id, told)
            if cp_id in unknown:
                for session in running:
                    told = f"It runs on {cp_id}, which is not known."
                    yield look.says("session_of_unknown_charge_point", session.id, told)


def readings_of_ended_sessions(look: Look) -> Iterator[Disagreement]:
    """An ended session holds every reading of the register that was kept for it, and no other."""
    query = {"status": {"$ne": SessionStatus.ACTIVE.value}}
    ended = look.read(sessions.NAME, query, ("meter_values",))
    part: list[Document] = []
    for document in ended:
        part.append(document)
        if len(part) == _READ_TOGETHER:
            yield from _compared(look, part)
            part = []
    yield from _compared(look, part)


def _compared(look: Look, ended: list[Document]) -> Iterator[Disagreement]:
    kept: dict[str, set[tuple[Any, float]]] = {document["_id"]: set() for document in ended}
    query = {"owner": {"$in": sorted(kept)}}
    for document in look.read(meter_values.NAME, query, ("owner", "timestamp", "sampled_values")):
        reading = MeterReading(document["timestamp"], tuple(document["sampled_values"]))
        register = energy_wh(reading.sampled_values)
        if register is not None:
            kept[document["owner"]].add((reading.timestamp, register))
    for document in ended:
        shown = {(value["timestamp"], value["value"]) for value in document.get("meter_values", ())}
        missing, invented = kept[document["_id"]] - shown, shown - kept[document["_id"]]
        if missing or invented:
            told = f"It lacks {len(missing)} of its readings, and has {len(invented)} that nobody kept."
            yield look.says("session_readings_differ", document["_id"], told)


def readings_without_session(look: Look) -> Iterator[Disagreement]:
    """A reading that was given to a session has one."""
    fields = ("owner", "tenant_id")
    attributed = look.read(meter_values.NAME, {"attributed": {"$ne": None}}, fields, [("owner", 1)])
    owners = (owner for owner, _ in groupby(attributed, key=lambda found: str(found["owner"])))
    for part in in_parts(owners):
        for owner in sorted(look.unknown(sessions.NAME, part)):
            yield look.says("readings_without_session", owner, "There are readings of it, and no session.")


def transaction_ids(look: Look) -> Iterator[Disagreement]:
    """The counter is ahead of every transaction id that was given out."""
    given = {"start_time": {"$ne": None}}
    yield from behind(look, sessions.NAME, "transaction_id", given, "transaction_id")


def behind(look: Look, collection: str, field: str, query: Document, counter: str) -> Iterator[Disagreement]:
    """A counter that would give out once more what is taken."""
    with store_errors():
        counted = look.collection("counters").find_one({"_id": counter})
        greatest = look.collection(collection).find_one(query, {field: 1}, sort=[(field, -1)])
    if counted is None:
        yield look.says("counter_missing", counter, "There is no such counter; run `migrate`.")
    elif greatest is not None and greatest[field] > counted["value"]:
        told = f"It is at {counted['value']}, and {greatest['_id']} has {greatest[field]}."
        yield look.says("counter_behind", counter, told)
