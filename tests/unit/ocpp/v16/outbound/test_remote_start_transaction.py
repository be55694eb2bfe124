"""RemoteStartTransaction: Accepted means it will try (C14)."""

from typing import Any

import pytest

from tests.unit.ocpp.v16.outbound.kinds import allowed_while_pending, outcome, payload, wrong

PROFILE = {
    "charging_profile_id": 1,
    "stack_level": 0,
    "charging_profile_purpose": "TxProfile",
    "charging_profile_kind": "Relative",
    "charging_schedule": {
        "charging_rate_unit": "A",
        "charging_schedule_period": [{"start_period": 0, "limit": 16.1, "number_phases": 3}],
    },
}

WIRE = {
    "chargingProfileId": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.1, "numberPhases": 3}],
    },
}


@pytest.mark.parametrize(
    "command_type", ["remote_start", "remote_start_transaction", "RemoteStartTransaction"]
)
def test_it_goes_by_every_name(command_type: str) -> None:
    assert payload(command_type, {"id_tag": "TAG"}) == {"idTag": "TAG"}


@pytest.mark.parametrize(
    ("parameters", "wire"),
    [
        ({"id_tag": "TAG"}, {"idTag": "TAG"}),
        (
            {"id_tag": "TAG", "connector_id": 1, "charging_profile": PROFILE},
            {"idTag": "TAG", "connectorId": 1, "chargingProfile": WIRE},
        ),
    ],
)
def test_parameters_become_the_payload(parameters: dict[str, Any], wire: dict[str, Any]) -> None:
    assert payload("remote_start_transaction", parameters) == wire


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({}, {"parameters.id_tag"}),
        ({"id_tag": "x" * 21}, {"parameters.id_tag"}),
        (
            {"id_tag": "TAG", "connector_id": "1", "colour": "red"},
            {"parameters.connector_id", "parameters.colour"},
        ),
        (
            {"id_tag": "TAG", "charging_profile": PROFILE | {"stack_level": "0"}},
            {"parameters.charging_profile.stack_level"},
        ),
    ],
)
def test_wrong_missing_and_unknown_parameters_are_named(parameters: dict[str, Any], named: set[str]) -> None:
    assert wrong("remote_start_transaction", parameters) == named


@pytest.mark.parametrize("status", ["Accepted"])
def test_yes(status: str) -> None:
    assert outcome("remote_start_transaction", status=status) == "accepted"


@pytest.mark.parametrize("status", ["Rejected", "accepted", "", None, 7])
def test_every_other_word_is_a_no(status: Any) -> None:
    """C4: also words that OCPP does not know."""
    assert outcome("remote_start_transaction", status=status) == "rejected"


def test_an_answer_without_status_is_a_no() -> None:
    assert outcome("remote_start_transaction") == "rejected"


def test_it_is_held_back_while_the_registration_is_pending() -> None:
    """A34."""
    assert not allowed_while_pending("remote_start_transaction")
