"""Contract of `MeterValueRepository`."""

import pytest

from app.domain.context import ChargePointRef
from app.domain.errors import InvalidInput
from app.domain.meter import Attribution
from app.services.batch import Batch, MeterRecord
from app.services.ports import PageRequest
from tests.builders import NOON, a_reading, at
from tests.contract.stores import Stores

BY_ID, BY_TIME = Attribution.TRANSACTION, Attribution.TIME


def ref(stores: Stores, name: str = "CP-1") -> ChargePointRef:
    return ChargePointRef(stores.id, name)


def keep(
    stores: Stores,
    owner: str,
    seconds: float,
    how: Attribution | None = None,
    connector: int = 1,
    name: str = "CP-1",
) -> str:
    """A reading as a batch brings it; answers its id."""
    digest = f"d-{seconds}"
    record = MeterRecord(
        0, owner, ref(stores, name), connector, 7, a_reading(seconds), digest, at(seconds + 1), how
    )
    batch = Batch(stores.tenant)
    batch.meter_records.append(record)
    assert stores.batches.flush(batch) == {}
    return f"{owner}|{digest}"


def test_a_sessions_readings_come_newest_first_as_they_were_sent(stores: Stores) -> None:
    first = keep(stores, "session-1", 10, BY_ID)
    second = keep(stores, "session-1", 20, BY_TIME)
    keep(stores, "session-10", 15, BY_ID)
    page = stores.meter_values.list_of_session(stores.id, "session-1", PageRequest())
    assert [kept.id for kept in page.items] == [second, first]
    oldest = page.items[1]
    assert oldest.reading == a_reading(10)
    assert (oldest.charge_point, oldest.connector_id, oldest.transaction_id) == (ref(stores), 1, 7)
    assert (oldest.session_id, oldest.attributed, oldest.received_at) == ("session-1", BY_ID, at(11))
    assert page.next_cursor is None


def test_pages_follow_each_other(stores: Stores) -> None:
    for seconds in range(5):
        keep(stores, "session-1", seconds, BY_ID)
    seen: list[float] = []
    cursor: str | None = None
    for _ in range(3):
        page = stores.meter_values.list_of_session(stores.id, "session-1", PageRequest(2, cursor))
        seen += [(kept.reading.timestamp - NOON).total_seconds() for kept in page.items]
        cursor = page.next_cursor
    assert (seen, cursor) == ([4, 3, 2, 1, 0], None)


def test_a_cursor_that_no_page_gave_is_refused(stores: Stores) -> None:
    with pytest.raises(InvalidInput):
        stores.meter_values.list_of_session(stores.id, "session-1", PageRequest(cursor="x"))


def test_readings_without_session_are_found_by_charge_point_and_connector(stores: Stores) -> None:
    main = keep(stores, "CP-1#0", 10, connector=0)
    first = keep(stores, "CP-1#1", 20)
    keep(stores, "session-1", 30, BY_ID)
    keep(stores, "CP-10#1", 40, name="CP-10")
    keep(stores, "CP-1#1#1", 50, name="CP-1#1")

    def found(connector_id: int | None) -> list[str]:
        page = stores.meter_values.list_without_session(ref(stores), connector_id, PageRequest())
        assert all(kept.session_id is None and kept.attributed is None for kept in page.items)
        return [kept.id for kept in page.items]

    assert found(None) == [first, main]
    assert found(0) == [main]
    assert found(1) == [first]
    assert found(2) == []


def test_readings_are_counted_by_how_they_came(stores: Stores) -> None:
    for seconds in range(3):
        keep(stores, "session-1", seconds, BY_ID)
    keep(stores, "session-1", 9, BY_TIME)
    assert stores.meter_values.count_by_attribution(stores.id, "session-1") == {BY_ID: 3, BY_TIME: 1}
    assert stores.meter_values.count_by_attribution(stores.id, "session-2") == {}
    assert stores.meter_values.count_by_attribution("t-without-any", "session-1") == {}


def test_readings_of_several_sessions_come_in_order_of_time(stores: Stores) -> None:
    for owner, seconds in (("session-1", 20), ("session-1", 10), ("session-2", 5), ("session-3", 1)):
        keep(stores, owner, seconds, BY_ID)
    found = stores.meter_values.readings_of(stores.id, ["session-1", "session-2", "session-9"])
    assert found == {"session-1": (a_reading(10), a_reading(20)), "session-2": (a_reading(5),)}
    assert stores.meter_values.readings_of(stores.id, []) == {}
