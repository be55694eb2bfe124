"""SetChargingProfile: a limit over time (C30)."""

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


@pytest.mark.parametrize("command_type", ["set_charging_profile", "SetChargingProfile"])
def test_it_goes_by_every_name(command_type: str) -> None:
    assert payload(command_type, {"connector_id": 1, "cs_charging_profiles": PROFILE}) == {
        "connectorId": 1,
        "csChargingProfiles": WIRE,
    }


@pytest.mark.parametrize(
    ("parameters", "wire"),
    [({"connector_id": 1, "cs_charging_profiles": PROFILE}, {"connectorId": 1, "csChargingProfiles": WIRE})],
)
def test_parameters_become_the_payload(parameters: dict[str, Any], wire: dict[str, Any]) -> None:
    assert payload("set_charging_profile", parameters) == wire


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"connector_id": 1}, {"parameters.cs_charging_profiles"}),
        (
            {"connector_id": 1, "cs_charging_profiles": PROFILE | {"charging_profile_kind": "Sometimes"}},
            {"parameters.cs_charging_profiles.charging_profile_kind"},
        ),
    ],
)
def test_wrong_missing_and_unknown_parameters_are_named(parameters: dict[str, Any], named: set[str]) -> None:
    assert wrong("set_charging_profile", parameters) == named


@pytest.mark.parametrize("status", ["Accepted"])
def test_yes(status: str) -> None:
    assert outcome("set_charging_profile", status=status) == "accepted"


@pytest.mark.parametrize("status", ["Rejected", "NotSupported", "accepted", "", None, 7])
def test_every_other_word_is_a_no(status: Any) -> None:
    """C4: also words that OCPP does not know."""
    assert outcome("set_charging_profile", status=status) == "rejected"


def test_an_answer_without_status_is_a_no() -> None:
    assert outcome("set_charging_profile") == "rejected"


def test_it_may_be_sent_while_the_registration_is_pending() -> None:
    """A34."""
    assert allowed_while_pending("set_charging_profile")
