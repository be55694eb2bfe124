"""Sessions with their readings, both as of one moment, from a system that works."""

import time
from collections.abc import Iterator
from itertools import islice

from bson.raw_bson import RawBSONDocument
from pymongo.database import Database

from app.domain.meter import energy_wh
from app.domain.session import SessionStatus
from app.storage import meter_values, sessions

_TOGETHER = 25  # a session of a day may have thousands of readings
_TRIES = 20
_PAUSE_S = 0.1
Raw = RawBSONDocument


def sessions_with_readings(database: Database[Raw]) -> Iterator[tuple[list[Raw], list[Raw]]]:
    """Some sessions and all of their readings at a time; one that begins meanwhile may be missing."""
    ids = (found["_id"] for found in database[sessions.NAME].find({}, {"_id": 1}).sort("_id", 1))
    while some := list(islice(ids, _TOGETHER)):
        yield _settled(database, some)


def readings_of_nobody(database: Database[Raw]) -> Iterator[Raw]:
    """Those that belong to no session."""
    yield from database[meter_values.NAME].find({"attributed": None})


def _settled(database: Database[Raw], ids: list[str]) -> tuple[list[Raw], list[Raw]]:
    """Read again while a call is half-way through its two writes. What stays so is wrong, and is kept so."""
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(_PAUSE_S)
        before = list(database[sessions.NAME].find({"_id": {"$in": ids}}).sort("_id", 1))
        readings = list(database[meter_values.NAME].find({"owner": {"$in": ids}}))
        after = list(database[sessions.NAME].find({"_id": {"$in": ids}}).sort("_id", 1))
        if [one.raw for one in before] == [one.raw for one in after] and _agree(after, readings):
            break
    return after, readings


def _agree(some: list[Raw], readings: list[Raw]) -> bool:
    """Ended sessions hold the register's readings themselves."""
    kept: dict[str, set[tuple[object, float]]] = {one["_id"]: set() for one in some}
    for reading in readings:
        register = energy_wh(reading["sampled_values"])
        if register is not None and reading["owner"] in kept:
            kept[reading["owner"]].add((reading["timestamp"], register))
    return all(
        one["status"] == SessionStatus.ACTIVE.value
        or {(value["timestamp"], value["value"]) for value in one["meter_values"]} == kept[one["_id"]]
        for one in some
    )
