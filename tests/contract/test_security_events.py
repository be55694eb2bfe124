"""Contract of `SecurityEventRepository`."""

from typing import Any

from app.domain.security_event import EventSource, SecurityEvent
from app.services.ports import PageRequest
from tests.builders import NOON, at
from tests.contract.stores import Stores


def an_event(stores: Stores, number: int = 1, **fields: Any) -> SecurityEvent:
    known: dict[str, Any] = {
        "charge_point_id": "CP-1",
        "type": "ResetOrReboot",
        "source": EventSource.CHARGE_POINT,
        "critical": True,
        "timestamp": NOON,
        "received_at": at(number),
    }
    return SecurityEvent(f"security:CP-1:{number}", stores.id, **(known | fields))


def test_an_event_is_kept_once_and_whole(stores: Stores) -> None:
    noticed = an_event(stores, tech_info="details", source=EventSource.CENTRAL_SYSTEM)
    assert stores.security_events.insert(noticed)
    assert not stores.security_events.insert(noticed)
    assert stores.security_events.list_page(stores.id, PageRequest()).items == (noticed,)
    assert stores.security_events.list_page("t-without-any", PageRequest()).items == ()


def test_pages_are_newest_first_and_filtered(stores: Stores) -> None:
    for number in range(1, 6):
        stores.security_events.insert(an_event(stores, number, critical=number != 3))
    stores.security_events.insert(an_event(stores, 6, charge_point_id="CP-2"))
    filters = {"charge_point_id": "CP-1", "critical": True, "source": "charge_point"}
    first = stores.security_events.list_page(stores.id, PageRequest(3, filters=filters))
    assert [one.received_at for one in first.items] == [at(5), at(4), at(2)]
    rest = stores.security_events.list_page(stores.id, PageRequest(3, first.next_cursor, filters))
    assert [one.received_at for one in rest.items] == [at(1)]
