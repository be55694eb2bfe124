"""Heartbeat: the time, from no store (B17)."""

from tests.unit.ocpp.conftest import Station


def test_a_heartbeat_is_answered_with_the_present_time(station: Station) -> None:
    station.world.clock.advance(61.5)
    assert station.ask("Heartbeat", {}) == {"currentTime": "2026-03-01T12:01:01.500Z"}


def test_a_heartbeat_leaves_no_event(station: Station) -> None:
    station.ask("Heartbeat", {})
    assert station.events() == []
