"""DataTransfer: by the tenant's list of vendors, never Accepted by default (B14, vector H14)."""

import pytest

from tests.unit.ocpp.conftest import Station


@pytest.fixture
def known(station: Station) -> Station:
    station.configure(data_transfer_vendors={"com.example": ["ping"], "com.silent": []})
    return station


def test_an_unknown_vendor_is_told_so_without_data(station: Station) -> None:
    """The enum's spelling, not the prose's `UnknownVendor` (0.3)."""
    answer = station.ask("DataTransfer", {"vendorId": "unknown.vendor", "data": "x"})
    assert answer == {"status": "UnknownVendorId"}


@pytest.mark.parametrize("vendor_id", ["com.example", "com.silent"])
def test_an_unknown_message_of_a_known_vendor_is_told_so(known: Station, vendor_id: str) -> None:
    answer = known.ask("DataTransfer", {"vendorId": vendor_id, "messageId": "other"})
    assert answer == {"status": "UnknownMessageId"}


def test_a_listed_message_is_accepted(known: Station) -> None:
    assert known.ask("DataTransfer", {"vendorId": "com.example", "messageId": "ping"}) == {
        "status": "Accepted"
    }
    assert known.ask("DataTransfer", {"vendorId": "com.example"}) == {"status": "Accepted"}


def test_vendors_are_compared_letter_by_letter(known: Station) -> None:
    assert known.ask("DataTransfer", {"vendorId": "COM.EXAMPLE"}) == {"status": "UnknownVendorId"}


def test_large_data_is_no_reason_to_refuse(known: Station) -> None:
    """`data` is a text without limit."""
    told = {"vendorId": "com.example", "messageId": "ping", "data": "x" * 100_000}
    assert known.ask("DataTransfer", told) == {"status": "Accepted"}
    assert told["data"] in known.world.batches.exchanges[-1].request
