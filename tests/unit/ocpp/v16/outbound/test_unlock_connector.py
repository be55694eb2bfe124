"""UnlockConnector: only Unlocked is a yes (C17)."""

from typing import Any

import pytest

from tests.unit.ocpp.v16.outbound.kinds import allowed_while_pending, outcome, payload, wrong


@pytest.mark.parametrize("command_type", ["unlock_connector", "UnlockConnector"])
def test_it_goes_by_every_name(command_type: str) -> None:
    assert payload(command_type, {"connector_id": 1}) == {"connectorId": 1}


@pytest.mark.parametrize(
    ("parameters", "wire"),
    [({"connector_id": 1}, {"connectorId": 1})],
)
def test_parameters_become_the_payload(parameters: dict[str, Any], wire: dict[str, Any]) -> None:
    assert payload("unlock_connector", parameters) == wire


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({}, {"parameters.connector_id"}),
        ({"connector_id": "1"}, {"parameters.connector_id"}),
        ({"connector_id": 0}, {"parameters.connector_id"}),
        ({"connector_id": 2**31}, {"parameters.connector_id"}),
    ],
)
def test_wrong_missing_and_unknown_parameters_are_named(parameters: dict[str, Any], named: set[str]) -> None:
    assert wrong("unlock_connector", parameters) == named


@pytest.mark.parametrize("status", ["Unlocked"])
def test_yes(status: str) -> None:
    assert outcome("unlock_connector", status=status) == "accepted"


@pytest.mark.parametrize("status", ["UnlockFailed", "NotSupported", "Accepted", "accepted", "", None, 7])
def test_every_other_word_is_a_no(status: Any) -> None:
    """C4: also words that OCPP does not know."""
    assert outcome("unlock_connector", status=status) == "rejected"


def test_an_answer_without_status_is_a_no() -> None:
    assert outcome("unlock_connector") == "rejected"


def test_it_may_be_sent_while_the_registration_is_pending() -> None:
    """A34."""
    assert allowed_while_pending("unlock_connector")
