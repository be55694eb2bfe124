"""ClearChargingProfile: Unknown means that nothing matched (C31)."""

from typing import Any

import pytest

from tests.unit.ocpp.v16.outbound.kinds import allowed_while_pending, outcome, payload, wrong


@pytest.mark.parametrize("command_type", ["clear_charging_profile", "ClearChargingProfile"])
def test_it_goes_by_every_name(command_type: str) -> None:
    assert payload(command_type, {}) == {}


@pytest.mark.parametrize(
    ("parameters", "wire"),
    [
        ({}, {}),
        ({"id": 7}, {"id": 7}),
        (
            {"connector_id": 1, "charging_profile_purpose": "TxProfile", "stack_level": 2},
            {"connectorId": 1, "chargingProfilePurpose": "TxProfile", "stackLevel": 2},
        ),
    ],
)
def test_parameters_become_the_payload(parameters: dict[str, Any], wire: dict[str, Any]) -> None:
    assert payload("clear_charging_profile", parameters) == wire


@pytest.mark.parametrize(
    ("parameters", "named"),
    [({"charging_profile_purpose": "Mine"}, {"parameters.charging_profile_purpose"})],
)
def test_wrong_missing_and_unknown_parameters_are_named(parameters: dict[str, Any], named: set[str]) -> None:
    assert wrong("clear_charging_profile", parameters) == named


@pytest.mark.parametrize("status", ["Accepted"])
def test_yes(status: str) -> None:
    assert outcome("clear_charging_profile", status=status) == "accepted"


@pytest.mark.parametrize("status", ["Unknown", "accepted", "", None, 7])
def test_every_other_word_is_a_no(status: Any) -> None:
    """C4: also words that OCPP does not know."""
    assert outcome("clear_charging_profile", status=status) == "rejected"


def test_an_answer_without_status_is_a_no() -> None:
    assert outcome("clear_charging_profile") == "rejected"


def test_it_may_be_sent_while_the_registration_is_pending() -> None:
    """A34."""
    assert allowed_while_pending("clear_charging_profile")
