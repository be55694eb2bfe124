"""Authorize: a verdict, always, and nothing else happens (B6-B8)."""

from typing import Any

import pytest

from tests.builders import at
from tests.unit.ocpp.conftest import Station


def register(station: Station, id_tag: str, **fields: Any) -> None:
    station.world.services.id_tags.put("acme", id_tag, **fields)


def test_an_unknown_tag_is_invalid(station: Station) -> None:
    """OCTT TC_023_1."""
    assert station.ask("Authorize", {"idTag": "NOBODY"}) == {"idTagInfo": {"status": "Invalid"}}


def test_an_expired_tag_is_expired(station: Station) -> None:
    """OCTT TC_023_2."""
    register(station, "OLD", expires_at=at(-1))
    assert station.ask("Authorize", {"idTag": "OLD"}) == {
        "idTagInfo": {"status": "Expired", "expiryDate": "2026-03-01T11:59:59.000Z"}
    }


def test_a_blocked_tag_is_blocked(station: Station) -> None:
    """OCTT TC_023_3."""
    register(station, "BAD", blocked=True)
    assert station.ask("Authorize", {"idTag": "BAD"}) == {"idTagInfo": {"status": "Blocked"}}


@pytest.mark.parametrize("presented", ["Tag-1", "TAG-1", " tag-1", "tag-1\u0000", "tag-1\r\n"])
def test_a_known_tag_is_accepted_in_any_case_and_with_control_bytes(station: Station, presented: str) -> None:
    """B1, G22."""
    register(station, "Tag-1")
    assert station.ask("Authorize", {"idTag": presented}) == {"idTagInfo": {"status": "Accepted"}}


def test_group_and_expiry_are_told(station: Station) -> None:
    """B7: needed for stops by another tag of the group and for the charge point's cache."""
    register(station, "TAG", parent_id_tag="GROUP", expires_at=at(3600))
    assert station.ask("Authorize", {"idTag": "TAG"}) == {
        "idTagInfo": {"status": "Accepted", "parentIdTag": "GROUP", "expiryDate": "2026-03-01T13:00:00.000Z"}
    }


def test_a_group_is_no_tag(station: Station) -> None:
    """B3."""
    register(station, "TAG", parent_id_tag="GROUP")
    assert station.ask("Authorize", {"idTag": "GROUP"})["idTagInfo"]["status"] == "Invalid"


def test_a_tenant_may_accept_unknown_tags_but_never_blocked_ones(station: Station) -> None:
    station.configure(accept_unknown_id_tags=True)
    register(station, "BAD", blocked=True)
    assert station.ask("Authorize", {"idTag": "NOBODY"})["idTagInfo"]["status"] == "Accepted"
    assert station.ask("Authorize", {"idTag": "BAD"})["idTagInfo"]["status"] == "Blocked"


def test_a_tag_that_is_charging_is_not_concurrent_to_an_authorize(station: Station) -> None:
    """B2: ConcurrentTx belongs to StartTransaction."""
    register(station, "TAG")
    station.ask(
        "StartTransaction",
        {"connectorId": 1, "idTag": "TAG", "meterStart": 0, "timestamp": "2026-03-01T12:00:00Z"},
    )
    assert station.ask("Authorize", {"idTag": "TAG"})["idTagInfo"]["status"] == "Accepted"
