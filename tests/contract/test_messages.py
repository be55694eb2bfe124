"""Contract of `MessageRepository`. Batches write the log."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.context import ChargePointRef
from app.domain.errors import InvalidInput
from app.services.batch import Batch, Exchange
from app.services.messages import Message
from app.services.ports import PageRequest
from tests.contract.stores import Stores

NOW = datetime.now(UTC).replace(microsecond=0)


def log(stores: Stores, number: int, charge_point_id: str = "CP-1", **fields: str) -> None:
    """Message `number`, received so many seconds from now."""
    known = {
        "direction": "in",
        "action": "Heartbeat",
        "unique_id": f"u-{number}",
        "request": f'[2,"u-{number}","Heartbeat",{{}}]',
        "response": f'[3,"u-{number}",{{}}]',
    } | fields
    batch = Batch(stores.tenant)
    batch.exchanges.append(
        Exchange(
            ChargePointRef(stores.id, charge_point_id),
            received_at=NOW + timedelta(seconds=number),
            **known,
        )
    )
    assert stores.batches.flush(batch) == {}


def listed(stores: Stores, **filters: object) -> list[str]:
    page = PageRequest(filters=filters or None)
    return [message.unique_id for message in stores.messages.list_page(stores.id, page).items]


def test_a_message_is_shown_as_it_was_on_the_wire(stores: Stores) -> None:
    log(stores, 1, request='[2, "u-1" ,"Heartbeat",null]')
    (message,) = stores.messages.list_page(stores.id, PageRequest()).items
    assert message == Message(
        message.id,
        stores.id,
        "CP-1",
        "in",
        "Heartbeat",
        "u-1",
        NOW + timedelta(seconds=1),
        '[2, "u-1" ,"Heartbeat",null]',
        '[3,"u-1",{}]',
    )
    assert stores.messages.find(stores.id, message.id) == message


@pytest.mark.parametrize("message_id", ["nobody", "", "0" * 24, "$gt"])
def test_who_is_not_there_is_not_found(stores: Stores, message_id: str) -> None:
    assert stores.messages.find(stores.id, message_id) is None


def test_pages_go_back_in_time_and_miss_nothing(stores: Stores) -> None:
    for number in range(5):
        log(stores, number)
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(3):
        page = stores.messages.list_page(stores.id, PageRequest(2, cursor, {"charge_point_id": "CP-1"}))
        seen += [message.unique_id for message in page.items]
        cursor = page.next_cursor
    assert seen == ["u-4", "u-3", "u-2", "u-1", "u-0"]
    assert cursor is None


def test_filters(stores: Stores) -> None:
    log(stores, 1, response='[4,"u-1","InternalError","",{}]')
    log(stores, 2, action="Authorize")
    log(stores, 3, charge_point_id="CP-2", direction="out", response=' [ 4 ,"u-3","NotSupported","",{}]')
    log(stores, 4, action="(stray)", request="hello [4,", response="not JSON")
    assert listed(stores) == ["u-4", "u-3", "u-2", "u-1"]
    assert listed(stores, charge_point_id="CP-2") == ["u-3"]
    assert listed(stores, direction="out") == ["u-3"]
    assert listed(stores, action="Authorize") == ["u-2"]
    assert listed(stores, unique_id="u-1") == ["u-1"]
    assert listed(stores, errors=True) == ["u-3", "u-1"]
    assert listed(stores, errors=True, charge_point_id="CP-1") == ["u-1"]
    assert listed(stores, errors=False, action="(stray)") == ["u-4"]


def test_a_span_of_time_with_its_begin_and_without_its_end(stores: Stores) -> None:
    for number in range(4):
        log(stores, number)

    def second(number: int) -> datetime:
        return NOW + timedelta(seconds=number)

    assert listed(stores, from_at=second(1), to_at=second(3)) == ["u-2", "u-1"]
    assert listed(stores, from_at=second(2)) == ["u-3", "u-2"]
    assert listed(stores, to_at=second(1)) == ["u-0"]
    page = PageRequest(1, filters={"from_at": second(0), "to_at": second(3)})
    first = stores.messages.list_page(stores.id, page)
    rest = stores.messages.list_page(stores.id, PageRequest(9, first.next_cursor, page.filters))
    assert [message.unique_id for message in (*first.items, *rest.items)] == ["u-2", "u-1", "u-0"]


def test_any_time_may_be_asked_for(stores: Stores) -> None:
    log(stores, 0)
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    assert listed(stores, from_at=first, to_at=last) == ["u-0"]
    assert listed(stores, from_at=last) == []
    assert listed(stores, to_at=first) == []


@pytest.mark.parametrize("cursor", ["", "x", "e30", "WzFd", "WyJhIl0", "bnVsbA"])
def test_a_cursor_that_no_page_gave_is_refused(stores: Stores, cursor: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        stores.messages.list_page(stores.id, PageRequest(cursor=cursor))
    assert list(refused.value.problems) == ["cursor"]


def test_another_tenants_log_is_its_own(stores: Stores) -> None:
    log(stores, 1)
    (message,) = stores.messages.list_page(stores.id, PageRequest()).items
    assert stores.messages.list_page("t-without-any", PageRequest()).items == ()
    assert stores.messages.find("t-without-any", message.id) is None
