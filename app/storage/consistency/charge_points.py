"""Charge points, and what is kept for each of them elsewhere."""

from collections.abc import Iterator

from app.domain.consistency import Disagreement
from app.domain.reservation import OPEN
from app.storage import charge_points, charging_profiles, configuration, local_lists, reservations
from app.storage.consistency.look import Look, in_parts
from app.storage.counters import CHARGING_PROFILE_ID, NAME, RESERVATION_ID, TRANSACTION_ID
from app.storage.mongo import Document, store_errors


def folded_identities(look: Look) -> Iterator[Disagreement]:
    """`id_key` is the identity, folded."""
    for document in look.read(charge_points.NAME, fields=("id_key", "tenant_id")):
        if document.get("id_key") != document["_id"].casefold():
            yield look.says("id_key_differs", document["_id"], f"Its id_key is {document.get('id_key')}.")


def connections(look: Look) -> Iterator[Disagreement]:
    """Who is connected is so at a gateway that lives."""
    if look.live_gateways is None:
        told = "Redis does not say which gateways live; connections were not looked at."
        yield look.says("gateways_unknown", "redis", told)
        return
    query = {"connection": {"$ne": None}}
    for document in look.read(charge_points.NAME, query, ("connection", "epoch")):
        connection = document["connection"]
        is_old = connection["opened_at"] < look.now - look.patience.usual
        if is_old and connection["gateway_id"] not in look.live_gateways:
            told = f"It is connected to the gateway {connection['gateway_id']}, which is not alive."
            yield look.says("connected_to_dead_gateway", document["_id"], told)


def quota(look: Look) -> Iterator[Disagreement]:
    """A tenant has as many charge points as are counted."""
    with store_errors():
        counted = look.collection(NAME).find_one({"_id": charge_points.NAME})
        there = look.collection(charge_points.NAME).count_documents({})
    if counted is None or counted["value"] != there:
        told = f"{counted and counted['value']} are counted, and {there} are there."
        yield look.says("quota_miscounted", charge_points.NAME, told)


def counters(look: Look) -> Iterator[Disagreement]:
    """All that numbers come from are there."""
    for name in (TRANSACTION_ID, RESERVATION_ID, CHARGING_PROFILE_ID):
        if not look.unknown(NAME, [name]):
            continue
        yield look.says("counter_missing", name, "There is no such counter; run `migrate`.")


def belongings(look: Look) -> Iterator[Disagreement]:
    """What a charge point is believed to hold goes with it."""
    held: tuple[tuple[str, Document, str], ...] = (
        (configuration.NAME, {}, "_id"),
        (local_lists.NAME, {"entries": {"$nin": [None, []]}}, "_id"),
        (charging_profiles.NAME, {}, "charge_point_id"),
    )
    for name, query, field in held:
        for part in in_parts(look.read(name, query, (field,))):
            for cp_id in sorted(look.unknown(charge_points.NAME, (document[field] for document in part))):
                told = f"{name} has something of it, and it is not known."
                yield look.says("belongings_of_unknown_charge_point", cp_id, told)


def reservation_flags(look: Look) -> Iterator[Disagreement]:
    """Starts look for reservations only where the charge point says that it has some."""
    settled = look.now - look.patience.usual
    query = {
        "open": True,
        "status": {"$in": [status.value for status in OPEN]},
        "changed_at": {"$lt": settled},
    }
    for part in in_parts(look.read(reservations.NAME, query, ("charge_point_id",))):
        ids = sorted({document["charge_point_id"] for document in part})
        flagged = look.read(
            charge_points.NAME, {"_id": {"$in": ids}, "has_reservations": {"$ne": True}}, ("_id",)
        )
        for document in flagged:
            told = "It has an open reservation, and says that it has none."
            yield look.says("reservation_overlooked", document["_id"], told)
