"""Contract of `ChargePointRepository`."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.domain.charge_point import ChargePoint, Registration
from app.domain.context import ChargePointRef
from app.domain.errors import InvalidInput
from app.services.ports import PageRequest
from tests.builders import NOON, at
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


def test_what_was_inserted_is_found(stores: Stores, ref: ChargePointRef) -> None:
    assert get(stores, ref) == ChargePoint(stores.id, "CP-1", None, created_at=NOON)


def test_who_is_unknown_is_not_found_and_not_changed(stores: Stores) -> None:
    nobody = ChargePointRef(stores.id, "nobody")
    assert stores.charge_points.find(nobody) is None
    assert stores.charge_points.open_connection(nobody, "gw", "c", NOON) is None
    assert stores.charge_points.close_connection(nobody, 1, NOON) is None
    assert stores.charge_points.mark_silent(nobody, 1, silent=True) is None
    stores.charge_points.record_boot(
        nobody,
        Registration.ACCEPTED,
        {"inventory": {}, "heartbeat_interval": 1, "meter_values_interval": 1},
        NOON,
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


def test_charge_points_are_counted_by_tenant(stores: Stores, ref: ChargePointRef) -> None:
    stores.charge_points.insert(ChargePoint(stores.id, "CP-2", None))
    assert stores.charge_points.count(stores.id) == 2
    assert stores.charge_points.count("t-without-any") == 0


# --- connections -------------------------------------------------------------------------------------


def test_each_connection_gets_the_next_epoch(stores: Stores, ref: ChargePointRef) -> None:
    first = stores.charge_points.open_connection(ref, "gw-1", "c-1", at(1))
    second = stores.charge_points.open_connection(ref, "gw-2", "c-2", at(2))
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


def test_epochs_rise_across_closed_connections(stores: Stores, ref: ChargePointRef) -> None:
    stores.charge_points.open_connection(ref, "gw-1", "c-1", at(1))
    closed = stores.charge_points.close_connection(ref, 1, at(2))
    assert closed is not None
    assert (closed.connection, closed.last_seen) == (None, at(2))
    opened = stores.charge_points.open_connection(ref, "gw-1", "c-2", at(3))
    assert opened is not None
    assert opened.charge_point.connection is not None
    assert opened.charge_point.connection.epoch == 2


def test_only_the_connection_of_its_epoch_is_closed_and_only_once(
    stores: Stores, ref: ChargePointRef
) -> None:
    for number in (1, 2):
        stores.charge_points.open_connection(ref, "gw-1", f"c-{number}", at(number))
    assert stores.charge_points.close_connection(ref, 1, at(3)) is None
    assert get(stores, ref).connection is not None
    assert stores.charge_points.close_connection(ref, 2, at(4)) is not None
    assert stores.charge_points.close_connection(ref, 2, at(5)) is None
    assert get(stores, ref).last_seen == at(4)


def test_silence_is_marked_once_and_only_on_its_epoch(stores: Stores, ref: ChargePointRef) -> None:
    points = stores.charge_points
    assert points.mark_silent(ref, 0, silent=True) is None
    points.open_connection(ref, "gw-1", "c-1", NOON)
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
            stores.charge_points.open_connection(ChargePointRef(stores.id, name), gateway_id, name, NOON)
    assert {cp.id for cp in stores.charge_points.connected(stores.id)} == {"CP-1", "CP-2"}
    assert [cp.id for cp in stores.charge_points.connected(stores.id, "gw-2")] == ["CP-2"]
    assert list(stores.charge_points.connected(stores.id, "gw-3")) == []
    assert list(stores.charge_points.connected("t-without-any")) == []


@pytest.mark.integration
def test_of_connections_that_open_together_one_is_the_newest(real: Stores) -> None:
    """Each learns its own epoch, or that it is not the newest; the last one stays."""
    ref = ChargePointRef(real.id, "CP-1")
    real.charge_points.insert(ChargePoint(real.id, "CP-1", None))
    with ThreadPoolExecutor(8) as pool:
        opened = list(
            pool.map(lambda n: real.charge_points.open_connection(ref, "gw", f"c-{n}", NOON), range(16))
        )
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
    stores.charge_points.record_boot(ref, Registration.PENDING, boot, at(5))
    booted = get(stores, ref)
    assert booted.registration is Registration.PENDING
    assert booted.inventory == {"charge_point_model": "M"}
    assert booted.configuration == {"heartbeat_interval": 10, "meter_values_interval": 20}
    assert (booted.last_boot, booted.last_seen, booted.created_at) == (at(5), at(5), NOON)


def test_a_boot_leaves_the_connection_alone(stores: Stores, ref: ChargePointRef) -> None:
    stores.charge_points.open_connection(ref, "gw-1", "c-1", NOON)
    boot = {"inventory": {}, "heartbeat_interval": 10, "meter_values_interval": 20}
    stores.charge_points.record_boot(ref, Registration.ACCEPTED, boot, at(5))
    assert get(stores, ref).is_live


def test_the_newest_time_of_being_seen_is_kept(stores: Stores, ref: ChargePointRef) -> None:
    for seconds in (5, 9, 7):
        stores.charge_points.copy_last_seen(stores.id, {"CP-1": at(seconds), "nobody": at(1)})
    stores.charge_points.copy_last_seen(stores.id, {})
    assert get(stores, ref).last_seen == at(9)


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
    stores.charge_points.record_boot(ref, Registration.ACCEPTED, boot, NOON)
    stores.charge_points.insert(ChargePoint(stores.id, "CP-2", None))
    page = PageRequest(filters={"registration": "Accepted"})
    assert [cp.id for cp in stores.charge_points.list_page(stores.id, page).items] == ["CP-1"]


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
