"""Contract of `ChargePointRepository`."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from app.domain.charge_point import Availability, ChargePoint, ConnectorRating, Registration
from app.domain.context import ChargePointRef, fence_of
from app.domain.errors import InvalidInput, QuotaExceeded
from app.domain.reconciliation import Signs
from app.services.batch import Batch, BatchNeeds, BootRecord, ConnectorChange
from app.services.ports import OpenedConnection, PageRequest
from tests.builders import NOON, a_connector, a_tenant, at
from tests.contract.stores import Stores


@pytest.fixture
def ref(stores: Stores) -> ChargePointRef:
    """A charge point that is known and nothing else."""
    stores.charge_points.insert(ChargePoint(stores.id, "CP-1", None, created_at=NOON))
    return ChargePointRef(stores.id, "CP-1")


def get(stores: Stores, ref: ChargePointRef) -> ChargePoint:
    found = stores.charge_points.find(ref)
    assert found is not None
    return found


def opening(
    stores: Stores, ref: ChargePointRef, gateway_id: str, connection_id: str, opened_at: datetime
) -> OpenedConnection | None:
    """A connection, as it comes alone."""
    ids = {ref.charge_point_id: connection_id}
    found = stores.charge_points.open_connections(ref.tenant_id, gateway_id, ids, opened_at)
    return found.get(ref.charge_point_id)


def test_what_was_inserted_is_found(stores: Stores, ref: ChargePointRef) -> None:
    assert get(stores, ref) == ChargePoint(stores.id, "CP-1", None, created_at=NOON)


def test_who_is_unknown_is_not_found_and_not_changed(stores: Stores) -> None:
    nobody = ChargePointRef(stores.id, "nobody")
    assert stores.charge_points.find(nobody) is None
    assert opening(stores, nobody, "gw", "c", NOON) is None
    assert stores.charge_points.close_connection(nobody, 1, NOON) is None
    assert stores.charge_points.mark_silent(nobody, 1, silent=True) is None
    stores.charge_points.record_boot(
        nobody,
        Registration.ACCEPTED,
        {"inventory": {}, "heartbeat_interval": 1, "meter_values_interval": 1},
        NOON,
        1,
    )
    stores.charge_points.copy_last_seen(stores.id, {"nobody": NOON})
    assert stores.charge_points.find(nobody) is None


def test_inserting_again_changes_nothing(stores: Stores, ref: ChargePointRef) -> None:
    assert stores.charge_points.insert(ChargePoint(stores.id, "CP-1", None, created_at=at(9))) is False
    assert get(stores, ref).created_at == NOON


@pytest.mark.parametrize("identity", ["a/b+c#d", "RDAM 123", "säule", "$set", "a.b", "x" * 128])
def test_any_identity_is_kept_as_it_is(stores: Stores, identity: str) -> None:
    assert stores.charge_points.insert(ChargePoint(stores.id, identity, None, created_at=NOON)) is True
    assert get(stores, ChargePointRef(stores.id, identity)).id == identity


def test_an_identity_in_another_case_is_found_while_it_is_the_only_one(stores: Stores) -> None:
    """A4."""
    stores.charge_points.insert(ChargePoint(stores.id, "CP-Säule", None))
    found = stores.charge_points.find_in_any_case(ChargePointRef(stores.id, "cp-SÄULE"))
    assert found is not None
    assert found.id == "CP-Säule"
    assert stores.charge_points.find_in_any_case(ChargePointRef(stores.id, "cp-saule")) is None
    assert stores.charge_points.find_in_any_case(ChargePointRef("t-without-any", "cp-säule")) is None
    stores.charge_points.insert(ChargePoint(stores.id, "cp-säule", None))
    assert stores.charge_points.find_in_any_case(ChargePointRef(stores.id, "CP-SÄULE")) is None


def test_charge_points_are_counted_by_tenant(stores: Stores, ref: ChargePointRef) -> None:
    stores.charge_points.insert(ChargePoint(stores.id, "CP-2", None))
    assert stores.charge_points.count(stores.id) == 2
    assert stores.charge_points.count("t-without-any") == 0


# --- connections -------------------------------------------------------------------------------------


def test_each_connection_gets_the_next_epoch(stores: Stores, ref: ChargePointRef) -> None:
    first = opening(stores, ref, "gw-1", "c-1", at(1))
    second = opening(stores, ref, "gw-2", "c-2", at(2))
    assert first is not None
    assert second is not None
    assert first.replaced is None
    assert second.replaced == first.charge_point.connection
    opened = second.charge_point.connection
    assert opened is not None
    assert (opened.gateway_id, opened.connection_id, opened.epoch) == ("gw-2", "c-2", 2)
    assert (opened.opened_at, opened.silent) == (at(2), False)
    assert get(stores, ref) == second.charge_point
    assert second.charge_point.last_seen == at(2)


def test_connections_of_many_are_opened_together(stores: Stores, ref: ChargePointRef) -> None:
    """Each with its own epoch; who is unknown is missing, and does not come to be."""
    stores.charge_points.insert(ChargePoint(stores.id, "CP-2", None, created_at=NOON))
    opening(stores, ref, "gw-1", "c-0", at(1))
    ids = {"CP-1": "c-1", "nobody": "c-9", "CP-2": "c-2"}
    opened = stores.charge_points.open_connections(stores.id, "gw-2", ids, at(2))
    assert {cp_id: one.epoch for cp_id, one in opened.items()} == {"CP-1": 2, "CP-2": 1}
    assert [opened[cp_id].replaced is None for cp_id in ("CP-1", "CP-2")] == [False, True]
    found = stores.charge_points.find_many(stores.id, ids)
    assert {cp_id: known.connection and known.connection.connection_id for cp_id, known in found.items()} == {
        "CP-1": "c-1",
        "CP-2": "c-2",
    }


def test_epochs_rise_across_closed_connections(stores: Stores, ref: ChargePointRef) -> None:
    opening(stores, ref, "gw-1", "c-1", at(1))
    closed = stores.charge_points.close_connection(ref, 1, at(2))
    assert closed is not None
    assert (closed.connection, closed.last_seen) == (None, at(2))
    opened = opening(stores, ref, "gw-1", "c-2", at(3))
    assert opened is not None
    assert opened.charge_point.connection is not None
    assert opened.charge_point.connection.epoch == 2


def test_only_the_connection_of_its_epoch_is_closed_and_only_once(
    stores: Stores, ref: ChargePointRef
) -> None:
    for number in (1, 2):
        opening(stores, ref, "gw-1", f"c-{number}", at(number))
    assert stores.charge_points.close_connection(ref, 1, at(3)) is None
    assert get(stores, ref).connection is not None
    assert stores.charge_points.close_connection(ref, 2, at(4)) is not None
    assert stores.charge_points.close_connection(ref, 2, at(5)) is None
    assert get(stores, ref).last_seen == at(4)


def test_silence_is_marked_once_and_only_on_its_epoch(stores: Stores, ref: ChargePointRef) -> None:
    points = stores.charge_points
    assert points.mark_silent(ref, 0, silent=True) is None
    opening(stores, ref, "gw-1", "c-1", NOON)
    assert points.mark_silent(ref, 9, silent=True) is None
    assert points.mark_silent(ref, 1, silent=False) is None
    marked = points.mark_silent(ref, 1, silent=True)
    assert marked is not None
    assert not marked.is_live
    assert points.mark_silent(ref, 1, silent=True) is None
    heard = points.mark_silent(ref, 1, silent=False)
    assert heard is not None
    assert heard.is_live


def test_the_connected_ones_are_listed_by_gateway(stores: Stores) -> None:
    for name, gateway_id in (("CP-1", "gw-1"), ("CP-2", "gw-2"), ("CP-3", None)):
        stores.charge_points.insert(ChargePoint(stores.id, name, None))
        if gateway_id:
            opening(stores, ChargePointRef(stores.id, name), gateway_id, name, NOON)
    found = dict(stores.charge_points.connections(stores.id))
    assert found.keys() == {"CP-1", "CP-2"}
    assert (found["CP-1"].gateway_id, found["CP-1"].epoch) == ("gw-1", 1)
    assert dict(stores.charge_points.connections(stores.id, "gw-2")) == {"CP-2": found["CP-2"]}
    assert list(stores.charge_points.connections(stores.id, "gw-3")) == []
    assert list(stores.charge_points.connections("t-without-any")) == []


def test_charge_points_show_whether_they_live_and_which_connectors_are_free(stores: Stores) -> None:
    for name in ("CP-1", "CP-2"):
        stores.charge_points.insert(ChargePoint(stores.id, name, None))
    opening(stores, ChargePointRef(stores.id, "CP-1"), "gw-1", "c-1", NOON)
    connectors = (a_connector(1, "Available", last_update=at(5)), a_connector(2, "Charging"))
    batch = Batch(stores.tenant, 1)
    batch.connector_changes.append(ConnectorChange(0, ChargePointRef(stores.id, "CP-1"), connectors, 1))
    assert stores.batches.flush(batch) == {}
    found = stores.charge_points.signs(stores.id, ["CP-1", "CP-2", "nobody"])
    assert found == {"CP-1": Signs(True, NOON, {1: at(5)}), "CP-2": Signs(False, None, {})}


@pytest.mark.integration
def test_of_connections_that_open_together_one_is_the_newest(real: Stores) -> None:
    """Each learns its own epoch, or that it is not the newest; the last one stays."""
    ref = ChargePointRef(real.id, "CP-1")
    real.charge_points.insert(ChargePoint(real.id, "CP-1", None))
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda n: opening(real, ref, "gw", f"c-{n}", NOON), range(16)))
    mine = [
        result.charge_point.connection.epoch
        for number, result in enumerate(opened)
        if result
        and result.charge_point.connection
        and result.charge_point.connection.connection_id == f"c-{number}"
    ]
    assert len(set(mine)) == len(mine)
    final = get(real, ref).connection
    assert final is not None
    assert final.epoch == 16
    assert 16 in mine


# --- what charge points tell -------------------------------------------------------------------------


def test_a_boot_is_kept(stores: Stores, ref: ChargePointRef) -> None:
    boot = {"inventory": {"charge_point_model": "M"}, "heartbeat_interval": 10, "meter_values_interval": 20}
    stores.charge_points.record_boot(ref, Registration.PENDING, boot, at(5), 1)
    booted = get(stores, ref)
    assert booted.registration is Registration.PENDING
    assert booted.inventory == {"charge_point_model": "M"}
    assert booted.configuration == {"heartbeat_interval": 10, "meter_values_interval": 20}
    assert (booted.last_boot, booted.last_seen, booted.created_at) == (at(5), at(5), NOON)


def test_a_boot_leaves_the_connection_alone(stores: Stores, ref: ChargePointRef) -> None:
    opening(stores, ref, "gw-1", "c-1", NOON)
    boot = {"inventory": {}, "heartbeat_interval": 10, "meter_values_interval": 20}
    stores.charge_points.record_boot(ref, Registration.ACCEPTED, boot, at(5), 1)
    assert get(stores, ref).is_live


def test_a_late_copy_of_an_older_boot_changes_nothing(stores: Stores, ref: ChargePointRef) -> None:
    """G9: boots come again and again; the newest is what counts, and twice the same is the same."""
    old, new = (
        {"inventory": {"charge_point_model": model}, "heartbeat_interval": 10, "meter_values_interval": 20}
        for model in ("old", "new")
    )
    points = stores.charge_points
    assert points.record_boot(ref, Registration.PENDING, old, at(1), fence_of(1, 1)) is True
    assert points.record_boot(ref, Registration.ACCEPTED, new, at(2), fence_of(1, 2)) is True
    booted = get(stores, ref)
    assert points.record_boot(ref, Registration.PENDING, old, at(1), fence_of(1, 1)) is False
    assert get(stores, ref) == booted
    assert points.record_boot(ref, Registration.ACCEPTED, new, at(2), fence_of(1, 2)) is True
    assert get(stores, ref) == booted


def test_boots_of_a_batch_are_kept_together_and_a_late_copy_changes_nothing(
    stores: Stores, ref: ChargePointRef
) -> None:
    """After an outage thousands boot."""
    stores.charge_points.insert(ChargePoint(stores.id, "CP-2", None, created_at=NOON))
    boot = {
        "inventory": {"charge_point_model": "M"},
        "heartbeat_interval": 10,
        "meter_values_interval": 20,
    }

    def flush(model: str, second: int) -> dict[int, Exception]:
        batch = stores.batches.load(a_tenant(stores.id), BatchNeeds())
        told = boot | {"inventory": {"charge_point_model": model}}
        for index, name in enumerate(("CP-1", "CP-2", "nobody")):
            whose = ChargePointRef(stores.id, name)
            record = BootRecord(index, whose, Registration.ACCEPTED, told, at(second), second)
            batch.boots.append(record)
        return stores.batches.flush(batch)

    assert flush("new", 2) == {}
    assert flush("old", 1) == {}
    found = stores.charge_points.find_many(stores.id, ["CP-1", "CP-2", "nobody"])
    assert {known.inventory["charge_point_model"] for known in found.values()} == {"new"}
    assert [(known.last_boot, known.boot_fence) for known in found.values()] == [(at(2), 2)] * 2


# --- what operators say ------------------------------------------------------------------------------


def test_inner_fields_are_set_one_by_one(stores: Stores, ref: ChargePointRef) -> None:
    stores.charge_points.change(ref, {"settings": {"strict": True}, "wanted_availability": {1: "Operative"}})
    changed = stores.charge_points.change(
        ref,
        {
            "settings": {"time_zone": "Europe/Berlin"},
            "wanted_availability": {0: "Inoperative"},
            "ratings": {2: ConnectorRating("Type2", 22_000)},
            "admission": Registration.PENDING,
        },
    )
    assert changed == get(stores, ref)
    assert changed is not None
    assert (changed.settings.strict, changed.settings.time_zone) == (True, "Europe/Berlin")
    assert changed.wanted_availability == {0: "Inoperative", 1: "Operative"}
    assert changed.ratings == {2: ConnectorRating("Type2", 22_000)}
    assert changed.admission is Registration.PENDING


def test_nobody_is_changed_who_is_not_there(stores: Stores) -> None:
    nobody = ChargePointRef(stores.id, "nobody")
    assert stores.charge_points.change(nobody, {"settings": {"strict": True}}) is None
    assert stores.charge_points.delete(nobody) is False
    assert stores.charge_points.find(nobody) is None


def test_what_was_deleted_is_gone(stores: Stores, ref: ChargePointRef) -> None:
    assert stores.charge_points.delete(ref) is True
    assert stores.charge_points.find(ref) is None
    assert stores.charge_points.insert(ChargePoint(stores.id, "CP-1", None, created_at=at(9))) is True


def test_the_newest_time_of_being_seen_is_kept(stores: Stores, ref: ChargePointRef) -> None:
    for seconds in (5, 19.5, 17):
        stores.charge_points.copy_last_seen(stores.id, {"CP-1": at(seconds), "nobody": at(1)})
    stores.charge_points.copy_last_seen(stores.id, {})
    assert get(stores, ref).last_seen == at(15)


# --- lists -------------------------------------------------------------------------------------------


def test_pages_follow_each_other_in_order_of_id_and_miss_nobody(stores: Stores) -> None:
    names = [f"CP-{number:02}" for number in range(7)]
    for name in reversed(names):
        stores.charge_points.insert(ChargePoint(stores.id, name, None))
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(4):
        page = stores.charge_points.list_page(stores.id, PageRequest(limit=2, cursor=cursor))
        seen += [cp.id for cp in page.items]
        cursor = page.next_cursor
    assert seen == names
    assert cursor is None


def test_a_full_last_page_has_no_next(stores: Stores) -> None:
    for number in range(4):
        stores.charge_points.insert(ChargePoint(stores.id, f"CP-{number}", None))
    first = stores.charge_points.list_page(stores.id, PageRequest(limit=2))
    last = stores.charge_points.list_page(stores.id, PageRequest(limit=2, cursor=first.next_cursor))
    assert last.next_cursor is None


def test_filters_are_exact(stores: Stores, ref: ChargePointRef) -> None:
    boot = {"inventory": {}, "heartbeat_interval": 10, "meter_values_interval": 20}
    stores.charge_points.record_boot(ref, Registration.ACCEPTED, boot, NOON, 1)
    stores.charge_points.insert(ChargePoint(stores.id, "CP-2", None))
    page = PageRequest(filters={"registration": "Accepted"})
    assert [cp.id for cp in stores.charge_points.list_page(stores.id, page).items] == ["CP-1"]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"connected": True}, ["B.1"]),
        ({"connected": False}, ["A.1", "A.2", "AX1"]),
        ({"prefix": "A."}, ["A.1", "A.2"]),
        ({"prefix": "A.", "model": "M"}, ["A.2"]),
        ({"vendor": "V"}, ["A.2"]),
        ({"model": "X"}, []),
        ({"admission": "Pending"}, ["AX1"]),
    ],
)
def test_lists_are_filtered(stores: Stores, filters: dict[str, object], found: list[str]) -> None:
    points = stores.charge_points
    for name in ("A.1", "A.2", "B.1"):
        points.insert(ChargePoint(stores.id, name, None))
    points.insert(ChargePoint(stores.id, "AX1", None, admission=Registration.PENDING))
    boot = {
        "inventory": {"charge_point_model": "M", "charge_point_vendor": "V"},
        "heartbeat_interval": 10,
        "meter_values_interval": 20,
    }
    points.record_boot(ChargePointRef(stores.id, "A.2"), Registration.ACCEPTED, boot, NOON, 1)
    opening(stores, ChargePointRef(stores.id, "B.1"), "gw-1", "c-1", NOON)
    first = points.list_page(stores.id, PageRequest(1, filters=filters))
    rest = (
        points.list_page(stores.id, PageRequest(9, first.next_cursor, filters)) if first.next_cursor else None
    )
    assert [cp.id for page in (first, rest) if page for cp in page.items] == found


@pytest.mark.parametrize(
    "cursor", ["", "x", "e30", "WzFd", "W10", "WyJhIiwxXQ", "é", "bnVsbA", "WyJhIiwiYiJd"]
)
def test_a_cursor_that_no_page_gave_is_refused(stores: Stores, cursor: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        stores.charge_points.list_page(stores.id, PageRequest(cursor=cursor))
    assert list(refused.value.problems) == ["cursor"]


def test_the_same_id_in_another_tenant_is_another_charge_point(stores: Stores, ref: ChargePointRef) -> None:
    assert stores.charge_points.find(ChargePointRef("t-without-any", "CP-1")) is None
    assert stores.charge_points.list_page("t-without-any", PageRequest()).items == ()


def test_many_are_found_by_id(stores: Stores) -> None:
    for name in ("CP-1", "CP-2", "CP-3"):
        stores.charge_points.insert(ChargePoint(stores.id, name, None))
    found = stores.charge_points.find_many(stores.id, {"CP-1", "CP-3", "nobody"})
    assert {name: known.id for name, known in found.items()} == {"CP-1": "CP-1", "CP-3": "CP-3"}
    assert stores.charge_points.find_many("t-without-any", ["CP-1"]) == {}


# --- quota ---------------------------------------------------------------------------------------


def test_there_are_never_more_than_the_tenant_may_have(stores: Stores) -> None:
    def insert(name: str) -> bool:
        return stores.charge_points.insert(ChargePoint(stores.id, name, None), 2)

    assert insert("CP-1") is True
    assert insert("CP-2") is True
    with pytest.raises(QuotaExceeded):
        insert("CP-3")
    assert insert("CP-1") is False, "who is known takes no place"
    assert stores.charge_points.delete(ChargePointRef(stores.id, "CP-1"))
    assert not stores.charge_points.delete(ChargePointRef(stores.id, "CP-1"))
    assert insert("CP-3") is True
    with pytest.raises(QuotaExceeded):
        insert("CP-4")
    assert sorted(stores.charge_points.identities(stores.id)) == ["CP-2", "CP-3"]


def test_a_storm_of_registrations_fills_the_quota_exactly(real: Stores) -> None:
    """Each comes twice, from many threads: no place is lost, and none is given away twice."""

    def register(number: int) -> bool | None:
        try:
            return real.charge_points.insert(ChargePoint(real.id, f"CP-{number % 20}", None), 5)
        except QuotaExceeded:
            return None

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(register, range(40)))
    assert answers.count(True) == 5
    assert len(list(real.charge_points.identities(real.id))) == 5
    for name in list(real.charge_points.identities(real.id)):
        assert real.charge_points.delete(ChargePointRef(real.id, name))
    assert [register(number) for number in range(6)] == [True] * 5 + [None]


CONNECTORS: dict[str, list[tuple[int, str]]] = {
    "Available": [(0, "Available"), (1, "Charging"), (2, "Available")],
    "Faulted": [(1, "Available"), (2, "Faulted")],
    "Occupied": [(1, "Charging"), (2, "Unavailable")],
    "Unavailable": [(1, "Unavailable"), (2, "Unavailable")],
    "controller": [(0, "Unavailable"), (1, "Available")],
    "silent": [],
}


def test_found_by_its_state_as_it_is_shown(stores: Stores) -> None:
    batch = stores.batches.load(stores.tenant, BatchNeeds())
    for name, states in CONNECTORS.items():
        ref = ChargePointRef(stores.id, name)
        stores.charge_points.insert(ChargePoint(stores.id, name, None, created_at=NOON))
        opening(stores, ref, "gw", "c", NOON)
        connectors = tuple(a_connector(number, state) for number, state in states)
        batch.connector_changes.append(ConnectorChange(0, ref, connectors, fence_of(1, 1)))
    assert stores.batches.flush(batch) == {}
    for status in Availability:
        page = stores.charge_points.list_page(stores.id, PageRequest(filters={"status": status.value}))
        shown = [name for name in sorted(CONNECTORS) if get_of(stores, name).availability is status]
        assert [known.id for known in page.items] == shown, status


def get_of(stores: Stores, name: str) -> ChargePoint:
    return get(stores, ChargePointRef(stores.id, name))


def test_searched_in_the_id_in_any_case(stores: Stores) -> None:
    for name in ("DEPOT-1", "x-depot", "other", "a.b"):
        stores.charge_points.insert(ChargePoint(stores.id, name, None, created_at=NOON))

    def found(text: str) -> list[str]:
        page = stores.charge_points.list_page(stores.id, PageRequest(filters={"search": text}))
        return [known.id for known in page.items]

    assert found("Depot") == ["DEPOT-1", "x-depot"]
    assert found(".") == ["a.b"]


def test_changed_only_if_it_is_of_the_revision_that_is_meant(stores: Stores, ref: ChargePointRef) -> None:
    points = stores.charge_points
    assert points.change(ref, {"settings": {"strict": True}}, 1) is None
    changed = points.change(ref, {"settings": {"strict": True}}, 0)
    assert changed is not None
    assert (changed.settings.strict, changed.revision) == (True, 1)
    assert points.change(ref, {"admission": Registration.REJECTED}, 0) is None
    points.change(ref, {"has_profiles": True})
    assert get(stores, ref).revision == 1


def test_lists_backwards(stores: Stores) -> None:
    for name in "abc":
        stores.charge_points.insert(ChargePoint(stores.id, name, None, created_at=NOON))
    first = stores.charge_points.list_page(stores.id, PageRequest(2, backwards=True))
    assert [known.id for known in first.items] == ["c", "b"]
    last = stores.charge_points.list_page(stores.id, PageRequest(2, first.next_cursor, backwards=True))
    assert [known.id for known in last.items] == ["a"]
