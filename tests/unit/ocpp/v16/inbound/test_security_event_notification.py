"""SecurityEventNotification: always confirmed, any type kept, critical ones told (B54)."""

from typing import Any

import pytest

from app.domain.security_event import CRITICAL
from app.services.ports import PageRequest
from tests.unit.ocpp.conftest import Station


def event(kind: str = "TamperDetectionActivated", **more: Any) -> dict[str, Any]:
    return {"type": kind, "timestamp": "2026-03-01T11:00:00Z", **more}


@pytest.mark.parametrize("kind", sorted(CRITICAL))
def test_a_critical_event_is_published(station: Station, kind: str) -> None:
    assert station.ask("SecurityEventNotification", event(kind, techInfo="door")) == {}
    (told,) = station.events("security_event")
    assert told.body["timestamp"] == "2026-03-01T11:00:00.000Z"
    assert (told.body["data"]["type"], told.body["data"]["tech_info"]) == (kind, "door")


@pytest.mark.parametrize(
    "kind", ["InvalidChargePointCertificate", "InvalidTLSVersion", "OfAVendor", "x" * 60]
)
def test_every_other_type_is_kept(station: Station, kind: str) -> None:
    assert station.ask("SecurityEventNotification", event(kind)) == {}
    assert station.events("security_event") == []
    page = station.world.services.keepers.security_events.list_page("acme", PageRequest())
    assert [one.type for one in page.items] == [kind[:50]]


def test_an_event_from_before_the_connection_keeps_its_time(station: Station) -> None:
    """A04.FR.02: queued while offline."""
    station.ask("SecurityEventNotification", event())
    (kept,) = station.world.services.keepers.security_events.list_page("acme", PageRequest()).items
    assert kept.timestamp < kept.received_at


def test_the_same_call_twice_is_one_event(station: Station) -> None:
    call = station.call("SecurityEventNotification", event())
    station.handle(call)
    station.handle(call)
    assert len({told.body["event_id"] for told in station.events("security_event")}) == 1
    assert len(station.world.security_events.types()) == 1
