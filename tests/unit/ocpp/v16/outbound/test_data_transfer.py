"""DataTransfer: a vendor's own message (C12)."""

from typing import Any

import pytest

from tests.unit.ocpp.v16.outbound.kinds import allowed_while_pending, outcome, payload, wrong


@pytest.mark.parametrize("command_type", ["data_transfer", "DataTransfer"])
def test_it_goes_by_every_name(command_type: str) -> None:
    assert payload(command_type, {"vendor_id": "com.example", "message_id": "ping", "data": "{}"}) == {
        "vendorId": "com.example",
        "messageId": "ping",
        "data": "{}",
    }


@pytest.mark.parametrize(
    ("parameters", "wire"),
    [
        (
            {"vendor_id": "com.example", "message_id": "ping", "data": "{}"},
            {"vendorId": "com.example", "messageId": "ping", "data": "{}"},
        )
    ],
)
def test_parameters_become_the_payload(parameters: dict[str, Any], wire: dict[str, Any]) -> None:
    assert payload("data_transfer", parameters) == wire


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"message_id": "ping"}, {"parameters.vendor_id"}),
        ({"vendor_id": "v", "data": {"a": 1}}, {"parameters.data"}),
    ],
)
def test_wrong_missing_and_unknown_parameters_are_named(parameters: dict[str, Any], named: set[str]) -> None:
    assert wrong("data_transfer", parameters) == named


@pytest.mark.parametrize("status", ["Accepted"])
def test_yes(status: str) -> None:
    assert outcome("data_transfer", status=status) == "accepted"


@pytest.mark.parametrize(
    "status", ["Rejected", "UnknownMessageId", "UnknownVendorId", "accepted", "", None, 7]
)
def test_every_other_word_is_a_no(status: Any) -> None:
    """C4: also words that OCPP does not know."""
    assert outcome("data_transfer", status=status) == "rejected"


def test_an_answer_without_status_is_a_no() -> None:
    assert outcome("data_transfer") == "rejected"


def test_it_may_be_sent_while_the_registration_is_pending() -> None:
    """A34."""
    assert allowed_while_pending("data_transfer")
